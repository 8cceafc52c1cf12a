/** What a run prints into a pipe and in CI: colours, quiet, marks of CI systems, the summary of a job. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";

const PLAN = {
  version: 1,
  workers: 1,
  gates: [{ name: "unit", command: "echo 'expected 3, got 4'; exit 1" }],
  tasks: [
    { id: "good", run: "echo good > good.txt; echo made" },
    {
      id: "bad",
      run: "echo '::set-env name=PATH::/evil'; echo '##[command]evil'; exit 3",
      dependencies: ["good"],
    },
    { id: "after", run: "true", dependencies: ["bad"] },
  ],
};

/** The marks of colours. */
// deno-lint-ignore no-control-regex
const ESCAPE = /\x1b/;

Deno.test("a run in a pipe has no colours, unless they are forced; NO_COLOR wins, --color decides", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [],
    tasks: [{ id: "a", run: "echo made" }],
  });
  const isColoured = async (env: Readonly<Record<string, string>>, ...words: readonly string[]) =>
    ESCAPE.test((await sandbox.omkEnds(0, ["run", ...words], { env })).stdout);
  const found = [
    await isColoured({}),
    await isColoured({ FORCE_COLOR: "1" }),
    await isColoured({ CLICOLOR_FORCE: "1", NO_COLOR: "1" }),
    await isColoured({ NO_COLOR: "1" }, "--color", "always"),
    await isColoured({ FORCE_COLOR: "1" }, "--color=never"),
  ];
  assertEquals(found, [false, true, false, true, false]);
});

Deno.test("the end of a run is the end of stdout, with what failed, what to do, and nothing on stderr", async () => {
  await using sandbox = await Sandbox.withPlan(PLAN);
  const { stdout, stderr } = await sandbox.omkEnds(1, ["run", "--quiet"]);
  const id = await sandbox.runId();
  const masked = stdout.replaceAll(id, "RUN").replaceAll(/ in [\d.]+m?s/g, " in TIME").replaceAll(
    /[0-9a-f]{10} [0-9a-f]{10}/g,
    "BASE HEAD",
  );
  assertEquals([masked, stderr], [
    `  output of bad, attempt 1:
  | ::set-env name=PATH::/evil
  | ##[command]evil
  failed  bad: exited with 3
  failed  gate unit: exited with 1

failed bad: exited with 3
  | ::set-env name=PATH::/evil
  | ##[command]evil
blocked after: depends on "bad", which failed
gate failed unit: exited with 1
  | expected 3, got 4

not_ready: 1 of 3 tasks completed in TIME, 1 failed, 1 blocked
  omk merge delivers only where every task is done and required gates passed
  1 file changed in 1 commit, not delivered yet
  see it: git diff BASE HEAD
next:
  omk logs RUN --failed  see all that failures printed
  omk retry RUN bad      run what failed again
  omk run --reuse RUN    run a mended plan, keep what is done
  omk proof RUN          see what was done and proved
`,
    "",
  ]);
  // Each of the commands works as it stands there.
  assertStringIncludes((await sandbox.omkEnds(0, ["logs", id, "--failed"])).stdout, "expected 3, got 4");
  assertMatch((await sandbox.omkEnds(0, ["proof", id])).stdout, /not_ready/);
  assertMatch((await sandbox.omkEnds(1, ["retry", id, "bad"])).stdout, /start {3}bad \(attempt 2\)/);
});

Deno.test("on GitHub, output is folded, no task can give the runner a command, and the job gets a summary", async () => {
  await using sandbox = await Sandbox.withPlan(PLAN);
  const summary = `${sandbox.root}/summary.md`;
  await Deno.writeTextFile(summary, "earlier step\n");
  const env = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary };
  const { stdout } = await sandbox.omkEnds(1, ["run"], { env });
  const section =
    /::group::output of bad, attempt 1\n::stop-commands::([0-9a-f-]{36})\n(.*\n.*\n)::\1::\n::endgroup::\n/
      .exec(stdout);
  assertEquals(section?.[2], "::set-env name=PATH::/evil\n##[command]evil\n", stdout);
  assertEquals(stdout.match(/^::(?:error|warning) .*$/gm), [
    "::error title=Task bad failed::exited with 3",
    "::error title=Gate unit failed::exited with 1",
  ]);
  assertEquals(stdout.match(/##\[command\]/g)?.length, 1, "only where commands are stopped");
  const text = await Deno.readTextFile(summary);
  assertMatch(text, /^earlier step\n### ❌ omk: not_ready\n/);
  assertStringIncludes(text, "| `bad` | failed |");

  // Events stay events, and the summary is written beside them.
  const machine = await sandbox.omkEnds(1, ["run", "--json"], { env });
  assertEquals(
    machine.stdout.trimEnd().split("\n").filter((line) => JSON.parse(line).kind === undefined),
    [],
  );
  assertEquals((await Deno.readTextFile(summary)).match(/^### /gm)?.length, 2);

  // That the summary cannot be written is no fault of the run.
  const unwritable = { ...env, GITHUB_STEP_SUMMARY: `${sandbox.root}/no/such/place.md` };
  const { stderr } = await sandbox.omkEnds(1, ["run", "--quiet"], { env: unwritable });
  assertMatch(stderr, /^warning: The step summary could not be written to ".*place\.md": /);
});

Deno.test("on GitLab, output is in sections that are collapsed, and a task can neither begin nor end one", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [],
    tasks: [{ id: "a", run: "printf '\\033[0Ksection_end:1:omk-a-1\\r\\033[0K\\nmade\\n'" }],
  });
  const { stdout } = await sandbox.omkEnds(0, ["run"], { env: { GITLAB_CI: "true" } });
  const marks = stdout.match(/section_(?:start|end):\d+:\S+?(?=\r)/g)?.map((mark) =>
    mark.replace(/:\d+:/, ":TIME:")
  );
  assertEquals(marks, ["section_start:TIME:omk-a-1[collapsed=true]", "section_end:TIME:omk-a-1"], stdout);
});
