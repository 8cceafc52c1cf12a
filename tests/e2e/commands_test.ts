/** The command line as a whole: help, JSON, mistakes, and what the reading commands say of a finished run. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../src/cli/registry.ts";
import { Sandbox } from "./harness.ts";
import { read } from "./reading.ts";
import { assertUntouched, userState } from "./user_state.ts";

const NAMES = COMMANDS.map((command) => command.name);
/** Commands that look at a run, or at all of them, and change nothing. */
const READING = [
  "status",
  "list",
  "show",
  "logs",
  "events",
  "proof",
  "verify",
  "log tail",
  "log stats",
  "log verify",
  "doctor",
  "clean",
];

/** One run with two tasks, a failure that was retried, and two gates. */
async function finishedRun(): Promise<Sandbox> {
  const sandbox = await Sandbox.withPlan({
    version: 1,
    name: "an example",
    gates: [{ name: "look", command: "echo looking; test -e new.txt" }, {
      name: "style",
      command: "true",
      required: false,
    }],
    tasks: [
      { id: "write", run: "echo writing; echo new > new.txt" },
      {
        id: "flaky",
        run: "echo try $OMK_ATTEMPT; test $OMK_ATTEMPT -gt 1",
        retry_policy: { max_attempts: 1, backoff_seconds: 0 },
      },
    ],
  });
  await sandbox.omkEnds(0, ["run"]);
  return sandbox;
}

let shared: Promise<Sandbox> | undefined;

/** A finished run for the tests that change nothing of it; made for the first of them. */
function runToLookAt(): Promise<Sandbox> {
  return shared ??= finishedRun();
}

Deno.test.afterAll(async () => {
  await (await shared)?.[Symbol.asyncDispose]();
});

/** Each line of stdout as JSON. */
function jsonLines(stdout: string): unknown[] {
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("omk has a --help that names each command, a command has one with usage and examples, and omk help says the same", async () => {
  await using sandbox = await Sandbox.create();
  const all = await sandbox.omkEnds(0, ["--help"]);
  for (const name of NAMES) assertMatch(all.stdout, new RegExp(`^ {2}${name} `, "m"));
  // What each of the others prints is held by a snapshot.
  for (const name of ["run", "log tail"]) {
    const { stdout, stderr } = await sandbox.omkEnds(0, [...name.split(" "), "--help"]);
    assertMatch(stdout, new RegExp(`^omk ${name} - .*\\n\\nUsage:\\n {2}omk ${name}`));
    assertMatch(stdout, new RegExp(`\\nExamples:\\n[^]*omk ${name}`));
    assertMatch(stdout, /\n {6}--json /);
    assertEquals(stderr, "");
  }
  assertEquals(
    (await sandbox.omkEnds(0, ["help", "run"])).stdout,
    (await sandbox.omkEnds(0, ["run", "-h"])).stdout,
  );
  assertEquals((await sandbox.omkEnds(0, ["help"])).stdout, all.stdout);
  const bare = await sandbox.omkEnds(2, []);
  assertEquals([bare.stdout, bare.stderr], ["", all.stdout]);
});

Deno.test("omk --version names the version, and with --json the build", async () => {
  await using sandbox = await Sandbox.create();
  assertMatch((await sandbox.omkEnds(0, ["--version"])).stdout, /^omk \d+\.\d+\.\d+\n$/);
  const build = await sandbox.omkJson(["--version"]);
  assertEquals(typeof build.version, "string");
  assert(["source", "official", "fallback"].includes(build.runtime), JSON.stringify(build));
});

Deno.test("an unknown command or option is an error with exit code 2 and a guess", async () => {
  await using sandbox = await Sandbox.create();
  const cases: readonly (readonly [args: readonly string[], expected: RegExp])[] = [
    [["stauts"], /^error: Unknown command "stauts": did you mean status\?; omk --help lists the commands\n$/],
    [["frobnicate"], /^error: Unknown command "frobnicate"; omk --help/],
    [["log"], /^error: omk log needs to know what to do; use omk log append, .* or omk log \w+\n$/],
    [["run", "--worker", "2"], /^error: Unknown option "--worker" of omk run: did you mean --workers\?/],
    [["run", "--workers"], /^error: Option --workers needs a value/],
    [["run", "--workers", "many"], /^error: Option --workers needs a whole number: "many" is none/],
    [["run", "--workers", "0"], /^error: Option --workers must be a whole number from 1 to 1024/],
    [
      ["run", "--on-failure", "stop"],
      /^error: Option --on-failure has an unknown value: "stop" is none of continue, no-new, kill/,
    ],
    [["run", "a", "b"], /^error: omk run does not take "b"/],
  ];
  for (const [args, expected] of cases) {
    const { code, stdout, stderr } = await read(sandbox, args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, expected);
  }
  for (const [word, expected] of [["frobnicate", "command"], ["--frob", "option"]] as const) {
    const { stdout, stderr } = await sandbox.omkEnds(2, [word]);
    assertEquals(stdout, "");
    assertMatch(
      stderr,
      new RegExp(`^error: Unknown ${expected} "${word}".*; omk --help lists the commands\\n$`),
    );
  }
  const { stderr } = await sandbox.omkEnds(2, ["stauts", "--json"]);
  assertEquals(JSON.parse(stderr).error.exit_code, 2);
});

Deno.test("commands in a directory without runs say so and what to do, and make nothing", async () => {
  await using sandbox = await Sandbox.withRepository();
  const before = await userState(sandbox);
  const { stdout, stderr } = await sandbox.omkEnds(2, ["status"]);
  assertEquals(stdout, "");
  assertMatch(stderr, /^error: Cannot find any run .*; start one with omk run\n$/);
  for (const name of [...READING, "merge", "cancel", "resume"]) {
    const words = name.split(" ");
    const { code, stderr } = await read(sandbox, words);
    if (["list", "doctor", "clean"].includes(name)) assertEquals(code, 0, `omk ${name}: ${stderr}`);
    else {
      assertEquals(code, 2, name);
      assertMatch(stderr, /^error: Cannot find any run .*; start one with omk run\n$/);
    }
  }
  await assertUntouched(sandbox, before);
  assertEquals(await Deno.stat(`${sandbox.project}/.git/omk`).then(() => true, () => false), false);
});

Deno.test("P13: each reading command prints text, and valid JSON with --json, and changes nothing", async () => {
  const sandbox = await runToLookAt();
  const before = await userState(sandbox);
  const log = await Deno.readTextFile(`${await sandbox.runDirectory()}/events.jsonl`);
  for (const name of READING) {
    const { stdout } = await sandbox.omkEnds(0, name.split(" "));
    assert(stdout.length > 0, `omk ${name} printed nothing`);
    // deno-lint-ignore no-control-regex
    assertEquals(/\x1b/.test(stdout), false, `omk ${name} colours a pipe`);
    const documents = jsonLines((await read(sandbox, [...name.split(" "), "--json"])).stdout);
    const isStream = ["logs", "events", "log tail"].includes(name);
    assert(isStream || documents.length === 1, `omk ${name} --json printed ${documents.length} documents`);
  }
  assertEquals(await Deno.readTextFile(`${await sandbox.runDirectory()}/events.jsonl`), log);
  await assertUntouched(sandbox, before);
});

Deno.test("omk status, show, list and logs tell of each task what happened to it", async () => {
  const sandbox = await runToLookAt();
  const id = await sandbox.runId();
  const status = await read(sandbox, ["status"]);
  assertMatch(status.stdout, new RegExp(`^run ${id} "an example": ready`));
  assertMatch(status.stdout, /look\b.*passed/);
  const shown = await read(sandbox, ["show"]);
  assertMatch(shown.stdout, /flaky/);
  const task = await read(sandbox, ["show", id, "flaky"]);
  assertMatch(task.stdout, /exited with 1/);
  const list = await read(sandbox, ["list"]);
  assertMatch(list.stdout, new RegExp(`^${id} +ready +2/2 .*an example$`, "m"));
  const logs = await read(sandbox, ["logs"]);
  for (const text of ["writing", "try 2", "looking"]) assertStringIncludes(logs.stdout, text);
  assertEquals(logs.stdout.includes("try 1"), false);
  assertEquals((await read(sandbox, ["logs", "flaky", "--attempt", "1"])).stdout, "try 1\n");
  assertEquals((await read(sandbox, ["logs", "--gate", "look"])).stdout, "looking\n");
  const wrong = await sandbox.omkEnds(2, ["logs", "flakey"]);
  assertMatch(wrong.stderr, /has no task "flakey": did you mean flaky\?/);
});

Deno.test("P1: omk events --json prints the lines of the log byte for byte, and filters them", async () => {
  const sandbox = await runToLookAt();
  const log = await Deno.readTextFile(`${await sandbox.runDirectory()}/events.jsonl`);
  const events = await sandbox.omkEnds(0, ["events", "--json"]);
  assertEquals(jsonLines(events.stdout).length, log.trimEnd().split("\n").length);
  const claimed = jsonLines(
    (await sandbox.omkEnds(0, ["events", "--json", "--kind", "task_claimed", "--task", "flaky"])).stdout,
  );
  assertEquals(claimed.map((event) => Object(event).payload.attempt), [1, 2]);
  const last = jsonLines((await sandbox.omkEnds(0, ["log", "tail", "-n", "1", "--json"])).stdout);
  assertEquals(Object(last[0]).kind, "run_finished");
});

Deno.test("omk events --follow shows what is appended, and ends with the run", async () => {
  await using sandbox = await Sandbox.withRepository();
  const go = `${sandbox.root}/go`;
  await sandbox.plan({
    version: 1,
    gates: [],
    tasks: [{ id: "one", run: `echo hello; while ! test -e ${go}; do sleep 0.05; done` }],
  });
  const omk = sandbox.start(["run", "--output", "prefix"]);
  await omk.printed("one | hello");
  const follower = sandbox.start(["events", "--follow"]);
  await follower.printed("task_started");
  await Deno.writeTextFile(go, "");
  const { code, stdout } = await follower.ended;
  assertEquals(code, 0);
  assertMatch(stdout, /run_finished/);
  assertEquals((await omk.ended).code, 0);
});

Deno.test("omk init writes a plan that runs as it is, and leaves an existing one alone", async () => {
  await using sandbox = await Sandbox.withRepository({
    "README.md": "# test\n",
    "Makefile": "test:\n\ttrue\n",
  });
  const { stdout } = await sandbox.omkEnds(0, ["init"]);
  assertMatch(stdout, /omk\.jsonc/);
  const written = await sandbox.read("omk.jsonc");
  const again = await sandbox.omk(["init"]);
  assert(again.code !== 0);
  assertMatch(again.stderr, /omk\.jsonc.*--force/);
  assertEquals(await sandbox.read("omk.jsonc"), written);
  await sandbox.commit("plan");
  await sandbox.omkEnds(0, ["run", "--dry-run"]);
  await sandbox.omkEnds(0, ["run"]);
});

Deno.test("omk schema prints JSON Schemas, and a run's own documents are valid JSON of these versions", async () => {
  const sandbox = await runToLookAt();
  const { stdout } = await sandbox.omkEnds(0, ["schema"]);
  for (const name of ["plan", "proof", "failure", "events", "status"]) {
    assertMatch(stdout, new RegExp(`^${name} `, "m"));
    const schema = JSON.parse((await sandbox.omkEnds(0, ["schema", name])).stdout);
    assertMatch(schema.$schema, /json-schema\.org/);
  }
  const proof = await sandbox.omkJson(["proof"]);
  assertEquals([proof.status, proof.version], ["ready", 1]);
  const { stderr } = await sandbox.omkEnds(2, ["schema", "prof"]);
  assertMatch(stderr, /proof/);
});

Deno.test("P6: omk clean removes a delivered run with its refs, and keeps one whose result is on no branch", async () => {
  await using sandbox = await finishedRun();
  const delivered = await sandbox.runId();
  await sandbox.omkEnds(0, ["merge"]);
  await sandbox.plan({ version: 1, gates: [], tasks: [{ id: "write", run: "echo other > other.txt" }] });
  await sandbox.omkEnds(0, ["run"]);
  const kept = await sandbox.runId();
  const dry = await sandbox.omkEnds(0, ["clean", "--keep", "0d"]);
  assertStringIncludes(dry.stdout, delivered);
  assertEquals((await sandbox.omkJson(["list"])).runs.length, 2);
  await sandbox.omkEnds(0, ["clean", "--keep", "0d", "--yes"]);
  assertEquals((await sandbox.omkJson(["list"])).runs.map((run: { run_id: string }) => run.run_id), [kept]);
  const refs = await sandbox.git("for-each-ref", "refs/omk", "--format=%(refname)");
  assertEquals(refs.includes(delivered), false);
  assertEquals(refs.includes(kept), true);
  await sandbox.git("fsck", "--full", "--strict", "--no-dangling");
});
