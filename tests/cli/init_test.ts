import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { initCommand } from "../../src/cli/commands/init.ts";
import { firstPlanText } from "../../src/cli/first_plan.ts";
import { detectSetup } from "../../src/run/worktree_setup.ts";
import { OmkError, UsageError } from "../../src/errors.ts";
import { loadPlan } from "../../src/plan/load.ts";
import type { GateSpec } from "../../src/plan/spec.ts";
import { callCommand, PlainPlace } from "./fixture.ts";

const GATE: GateSpec = {
  name: "test",
  command: "npm test",
  required: true,
  timeout_secs: 600,
  scope: "run",
  retries: 0,
  allow_fail: false,
  skip: false,
  output_fails: false,
  reports: [],
};

async function load(text: string) {
  return await loadPlan({ text, path: "omk.jsonc", env: {}, redact: (each) => each });
}

Deno.test("firstPlanText() loads as a plan, with and without gates, set-up and repository", async () => {
  const setup = { lockFile: "package-lock.json", command: "npm ci", keep: ["node_modules"] };
  const gates = [GATE, { ...GATE, name: "format", command: ["gofmt", "-l", "."], output_fails: true }];
  for (const inRepository of [true, false]) {
    for (const some of [[], gates]) {
      for (const each of [null, setup, { ...setup, keep: [] }]) {
        const text = firstPlanText({ name: 'a "name"', inRepository, gates: some, setup: each });
        const loaded = await load(text);
        assert(loaded.ok, text);
        const { plan } = loaded;
        assertEquals(plan.name, 'a "name"');
        assertEquals(
          plan.tasks.map((task) => task.isolation),
          Array(2).fill(inRepository ? "worktree" : "none"),
        );
        assertEquals(plan.gates?.map((gate) => gate.command) ?? [], some.map((gate) => gate.command));
        assertEquals(plan.worktree.setup, inRepository && each !== null ? "npm ci" : null);
      }
    }
  }
});

Deno.test("omk init writes a plan once, and replaces it only when told to", async () => {
  await using place = await PlainPlace.make();
  const path = `${place.cwd}/omk.jsonc`;
  const { stdout } = await callCommand(initCommand, [], place);
  assertStringIncludes(stdout, `Wrote ${path}\n`);
  assertStringIncludes(stdout, "next: omk run\n");
  await Deno.writeTextFile(path, "mine");
  await assertRejects(() => callCommand(initCommand, [], place), OmkError, "there is one already");
  assertEquals(await Deno.readTextFile(path), "mine");
  const forced = await callCommand(initCommand, ["--force", "--json"], place);
  assertEquals(JSON.parse(forced.stdout).path, path);
  assert((await load(await Deno.readTextFile(path))).ok);
});

Deno.test("omk init writes into the root of the checkout, with the checks of the project", async () => {
  await using place = await PlainPlace.make();
  await new Deno.Command("git", { args: ["init", "-q", place.cwd] }).output();
  await Deno.mkdir(`${place.cwd}/sub`);
  await Deno.mkdir(`${place.root}/bin`);
  await Deno.writeTextFile(`${place.root}/bin/npm`, "#!/bin/sh\n", { mode: 0o755 });
  await Deno.writeTextFile(`${place.cwd}/package.json`, JSON.stringify({ scripts: { test: "x" } }));
  await Deno.writeTextFile(`${place.cwd}/package-lock.json`, "{}");
  const env = { ...place.env, PATH: `${place.root}/bin` };
  const { stdout } = await callCommand(initCommand, ["--json"], { cwd: `${place.cwd}/sub`, env });
  const { path, next } = JSON.parse(stdout);
  assertEquals(path, `${place.cwd}/omk.jsonc`);
  assertEquals(next, ["omk run"]);
  const loaded = await load(await Deno.readTextFile(path));
  assert(loaded.ok);
  assertEquals(loaded.plan.gates?.map((gate) => gate.name), ["test"]);
  assertEquals(loaded.plan.worktree.setup, "npm ci");
  assertEquals(loaded.plan.worktree.keep, ["node_modules"]);
});

Deno.test("omk init --print writes nothing, and refuses a repository without a checkout", async () => {
  await using place = await PlainPlace.make();
  const { stdout } = await callCommand(initCommand, ["--print"], place);
  assert((await load(stdout)).ok);
  assertEquals((await Array.fromAsync(Deno.readDir(place.cwd))).length, 0);
  await new Deno.Command("git", { args: ["init", "-q", "--bare", place.cwd] }).output();
  await assertRejects(() => callCommand(initCommand, [], place), UsageError, "bare repository");
});

Deno.test("detectSetup() takes the first lock file whose program is there", async () => {
  const has = (names: readonly string[]) => (name: string) => Promise.resolve(names.includes(name));
  assertEquals(
    (await detectSetup(has(["package-lock.json", "uv.lock"]), has(["uv"])))?.command,
    "uv sync --frozen",
  );
  assertEquals(await detectSetup(has(["package-lock.json"]), has([])), null);
  assertEquals(await detectSetup(has([]), has(["npm"])), null);
});
