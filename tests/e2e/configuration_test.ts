/** What the configuration says really happens, by each of the places that can say it. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";

const PLAN = {
  version: 1,
  workers: 2,
  gates: [],
  tasks: [{ id: "write", run: "echo told; env | grep -c '^OMK_[WOC]' ; echo new > new.txt" }],
};

/** Writes the user's configuration. */
async function configure(sandbox: Sandbox, text: string): Promise<void> {
  await Deno.mkdir(`${sandbox.root}/home/.config/omk`, { recursive: true });
  await Deno.writeTextFile(`${sandbox.root}/home/.config/omk/config.jsonc`, text);
}

/** The settings that the newest run began with, and where its worktrees lie. */
async function started(sandbox: Sandbox): Promise<Readonly<Record<string, unknown>>> {
  const [first] = (await Deno.readTextFile(`${await sandbox.runDirectory()}/events.jsonl`)).split("\n");
  const { payload } = JSON.parse(first ?? "");
  const { workers, on_failure, durability } = payload.settings;
  return { workers, on_failure, durability, worktrees: payload.worktree_directory };
}

Deno.test("every setting of the user's file takes effect, under the plan, the environment and the options", async () => {
  await using sandbox = await Sandbox.withPlan(PLAN);
  await sandbox.write({ "dirty.txt": "" });
  await configure(
    sandbox,
    `{
      // The plan says 2 workers, and nothing of the rest.
      "workers": 7, "on_failure": "kill", "durability": "none", "base": "HEAD",
      "worktree_dir": "~/trees", "output": "prefix", "verbosity": "verbose", "color": "always", "keep": "0",
    }`,
  );
  const first = await sandbox.omkEnds(0, ["run"]);
  assertEquals(first.stderr, "");
  const home = `${sandbox.root}/home`;
  assertEquals(await started(sandbox), {
    workers: 2,
    on_failure: "kill",
    durability: "none",
    worktrees: `${home}/trees`,
  });
  assertStringIncludes(first.stdout, "\x1b[");
  // deno-lint-ignore no-control-regex
  const plain = first.stdout.replaceAll(/\x1b\[\d+m/g, "");
  assertMatch(plain, /^\s*write\S* .*told$/m);
  assertMatch(plain, /^\s*write\S* .*0$/m);
  assertMatch((await sandbox.sh(`ls ${home}/trees/*`)).stdout, /^w1$/m);

  const env = {
    OMK_WORKERS: "3",
    OMK_ON_FAILURE: "no-new",
    OMK_DURABILITY: "strict",
    OMK_WORKTREE_DIR: `${sandbox.root}/variable`,
    OMK_OUTPUT: "none",
    OMK_VERBOSITY: "quiet",
    OMK_COLOR: "never",
    OMK_BASE: "dirty",
  };
  const second = await sandbox.omkEnds(0, ["run"], { env });
  assertEquals(await started(sandbox), {
    workers: 3,
    on_failure: "no-new",
    durability: "strict",
    worktrees: `${sandbox.root}/variable`,
  });
  assertEquals(second.stdout.includes("told") || second.stdout.includes("\x1b["), false);
  assertStringIncludes(
    await sandbox.git("ls-tree", "--name-only", `refs/omk/${await sandbox.runId()}/base`),
    "dirty.txt",
  );

  const options = [
    "--workers",
    "4",
    "--on-failure",
    "continue",
    "--worktree-dir",
    "../option",
    "--base",
    "HEAD",
  ];
  await sandbox.omkEnds(0, ["run", ...options, "--output", "group", "--color", "always", "--verbose"], {
    env,
  });
  assertEquals(await started(sandbox), {
    workers: 4,
    on_failure: "continue",
    durability: "strict",
    worktrees: `${sandbox.project}/../option`,
  });
  const { runs } = await sandbox.omkJson(["clean", "--discard", "--dry-run"]);
  assertEquals(runs.length, 3);
  const kept = await sandbox.omkJson(["clean", "--discard", "--dry-run"], { env: { OMK_KEEP: "1d" } });
  assertEquals(kept.runs, []);
});

Deno.test("P10: a bad configuration stops with every mistake, and only help, version and doctor go on", async () => {
  await using sandbox = await Sandbox.withPlan(PLAN);
  await configure(sandbox, '{\n  "workrs": 8,\n  "color": 1\n}\n');
  const { stderr, stdout } = await sandbox.omkEnds(2, ["run"]);
  assertEquals(stdout, "");
  assertMatch(stderr, /config\.jsonc:2:3: unknown setting "workrs"/);
  assertMatch(stderr, /config\.jsonc:3:12: "color" must be one of auto, always, never, not 1/);
  await sandbox.omkEnds(2, ["list"]);
  await sandbox.omkEnds(0, ["--version"]);
  await sandbox.omkEnds(0, ["run", "--help"]);
  const doctor = await sandbox.omkEnds(1, ["doctor"]);
  assertStringIncludes(doctor.stdout, 'unknown setting "workrs"');
  assert(!(await sandbox.sh("ls .git/omk")).stdout.includes("runs"));
});

Deno.test("P10: a variable with a value that is none stops, an unknown one is a warning", async () => {
  await using sandbox = await Sandbox.withPlan(PLAN);
  const bad = await sandbox.omkEnds(2, ["run"], { env: { OMK_WORKERS: "many" } });
  assertMatch(
    bad.stderr,
    /^error: Variable OMK_WORKERS must be a whole number from 1 to 1024: "many" is none/,
  );
  const unknown = await sandbox.omk(["list"], { env: { OMK_WORKER: "3" } });
  assertMatch(
    unknown.stderr,
    /^warning: Unknown variable OMK_WORKER: it changes nothing; did you mean OMK_WORKERS\?\n/,
  );
  assertEquals(unknown.code, 0);
});
