/** Every command as a process of its own, with the permissions that it says it needs. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { errorSchema } from "../../src/cli/schema/error.ts";
import { statusSchema } from "../../src/cli/schema/status.ts";
import { call } from "../e2e/call.ts";
import { program, Sandbox } from "../e2e/harness.ts";

const PLAN = {
  name: "a program",
  gates: [{ name: "test", command: "test -f a.txt && echo tested" }],
  tasks: [{ id: "a", run: "echo making; echo a > a.txt", write_set: ["a.txt"] }],
};

Deno.test("the commands that look at a run work without the permissions that they give up", async () => {
  await using sandbox = await Sandbox.withRepository();
  await sandbox.plan(PLAN);
  const run = await sandbox.omk(["run"]);
  assertEquals(run.code, 0, run.stdout + run.stderr);
  const ok = async (...words: string[]) => {
    const { code, stdout, stderr } = await sandbox.omk(words, { ownProcess: true });
    assertEquals([code, stderr], [0, ""], words.join(" "));
    return stdout;
  };
  assertEquals(statusSchema.parse(JSON.parse(await ok("status", "--json"))).standing, "ready");
  assertStringIncludes(await ok("list"), "ready   1/1");
  assertStringIncludes(await ok("show", "a"), "merged as");
  assertEquals(await ok("logs", "a"), "making\n");
  assertEquals(await ok("logs", "--gate", "test"), "tested\n");
  assertMatch(await ok("events", "--kind", "run_finished"), /status=ready/);
  assertMatch(await ok("log", "tail", "-n", "1"), /run_finished/);
  assertMatch(await ok("log", "verify"), /: verified, /);
  assertMatch(await ok("log", "stats"), /^ {2}run_finished +1$/m);
  assertMatch(await ok("index"), /^Read \d+ events of 1 run in /);
  assertMatch(await ok("events", "--all", "--kind", "run_finished"), /status=ready/);
  assertEquals(await ok("query", "SELECT count(*) AS n FROM events WHERE kind = 'run_started'"), "n\n1\n");
  assertMatch(await ok("proof"), /: ready\n/);
  assertEquals(JSON.parse(await ok("proof", "--json")).status, "ready");
  assertMatch(await ok("proof", "--format", "md"), /^# Run /);
  const verified = JSON.parse(await ok("verify", "--json"));
  assertEquals([verified.ok, verified.status, verified.first_failure], [true, "ready", null]);
  assertMatch(await ok("clean", "--dry-run"), /Nothing to remove/);
  assertMatch(await ok("doctor"), /^ *ok +git +version/m);
  assertMatch(await ok("schema"), /^events /m);
  assertMatch(await ok("init", "--print"), /"tasks": \[/);

  // A change of what was recorded is named.
  const [runId = ""] = (await sandbox.omk(["list", "--json"]).then(({ stdout }) => JSON.parse(stdout))).runs
    .map((each: { run_id: string }) => each.run_id);
  const directory = `${sandbox.project}/.git/omk/runs/${runId}`;
  await Deno.writeTextFile(`${directory}/tasks/a/1/output.log`, "making it up\n");
  const changed = await sandbox.omk(["verify"]);
  assertEquals(changed.code, 1);
  assertMatch(changed.stdout, /fails +artifacts +/);
  assertStringIncludes(changed.stderr, "The first thing that does not hold is artifacts: ");
});

Deno.test("omk answers --help, --version and mistakes", async () => {
  await using sandbox = await Sandbox.create();
  const help = await sandbox.omk(["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  const bare = await sandbox.omk([]);
  assertEquals([bare.code, bare.stdout], [2, ""]);
  assertEquals(bare.stderr, help.stdout);
  for (const words of [["status", "--help"], ["help", "status"], ["status", "x", "y", "z", "-h"]]) {
    assertMatch((await sandbox.omk(words)).stdout, /^omk status - say how a run stands\n/);
  }
  assertMatch((await sandbox.omk(["log", "--help"])).stdout, /log verify +check a log file/);
  assertMatch((await sandbox.omk(["log", "tail", "--help"])).stdout, /^omk log tail - /);
  assertMatch((await sandbox.omk(["--version"])).stdout, /^omk \d+\.\d+\.\d+/);
  assertEquals(JSON.parse((await sandbox.omk(["--version", "--json"])).stdout).runtime.length > 0, true);
  const unknown = await sandbox.omk(["statsu"]);
  assertEquals(unknown.code, 2);
  assertEquals(
    unknown.stderr,
    'error: Unknown command "statsu": did you mean status?; omk --help lists the commands\n',
  );
  assertMatch(
    (await sandbox.omk(["log"])).stderr,
    /^error: omk log needs to know what to do; use omk log append, .* or omk log \w+\n$/,
  );
  assertEquals((await sandbox.omk(["--colour"])).code, 2);
});

Deno.test("omk tells machines of errors as JSON on stderr, and colours only when told to", async () => {
  await using sandbox = await Sandbox.create();
  const failed = await sandbox.omk(["--json", "status"]);
  assertEquals([failed.code, failed.stdout], [2, ""]);
  const { error } = errorSchema.parse(JSON.parse(failed.stderr));
  assertEquals([error.code, error.exit_code], ["UsageError", 2]);
  const colored = await sandbox.omk(["--color", "always", "status"], { env: { NO_COLOR: "1" } });
  assert(colored.stderr.startsWith("\x1b[31merror:\x1b[39m "), colored.stderr);
  assert((await sandbox.omk(["status"])).stderr.startsWith("error: "));
});

Deno.test("omk ends quietly where nobody reads on", async () => {
  await using sandbox = await Sandbox.create();
  const { command, args } = program();
  const script = '{ "$@"; echo "code $?" >&2; } | head -n 1';
  const words = ["-c", script, "sh", command, ...args, "schema", "--all"];
  const { stdout, stderr } = await call("sh", words, { cwd: sandbox.project, env: sandbox.env });
  assertEquals([stdout, stderr], ["{\n", "code 0\n"]);
});
