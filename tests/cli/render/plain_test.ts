import { assertEquals, assertStringIncludes } from "@std/assert";
import { createGitHubMarks } from "../../../src/cli/render/ci/github.ts";
import { createGitLabMarks } from "../../../src/cli/render/ci/gitlab.ts";
import { PlainView, type PlainViewOptions } from "../../../src/cli/render/plain_view.ts";
import { stillRunningLine } from "../../../src/cli/render/still_running.ts";
import { makeTask } from "../../run/fixture.ts";
import { KeptOutput } from "../fixture.ts";
import { Scene } from "./scene.ts";

/** What a view prints of a run with a good task that prints two lines, and one that fails. */
function shown(options: Partial<PlainViewOptions>): readonly string[] {
  const output = new KeptOutput();
  const view = new PlainView(output, { mode: "group", verbosity: "normal", marks: null, ...options });
  const scene = new Scene(
    [makeTask("good"), makeTask("bad"), makeTask("after", { dependencies: ["bad"] })],
    {},
    view,
  );
  scene.go();
  view.taskOutput("good", 1, "first\nsec");
  view.taskOutput("bad", 1, "##[error]forged\n::set-output name=x::y\n");
  view.taskOutput("good", 1, "ond\n");
  scene.end("good", "success").end("bad", "exit").go();
  scene.gate("unit", "failed");
  view.end(["the end"]);
  return output.stdout.trimEnd().split("\n");
}

const GROUPED = [
  "  output of good, attempt 1:",
  "  | first",
  "  | second",
];
const FAILED = [
  "  output of bad, attempt 1:",
  "  | ##[error]forged",
  "  | ::set-output name=x::y",
];
const BAD_NEWS = [
  "  failed  bad: exited with 1",
  "  failed  gate unit: it exited with 1",
];

Deno.test("--output group prints the output of each attempt in one piece at its end", () => {
  assertEquals(shown({}), [
    "  start   good",
    ...GROUPED,
    "  done    good in 10ms, nothing to merge",
    "  start   bad",
    ...FAILED,
    "  failed  bad: exited with 1",
    '  blocked after: depends on "bad" failed',
    "  gate    unit",
    "  failed  gate unit: it exited with 1",
    "the end",
  ]);
});

Deno.test("--output failed prints only the output of what failed, none prints none", () => {
  const failed = shown({ mode: "failed" });
  assertEquals([failed.includes("  | first"), failed.includes("  | ##[error]forged")], [false, true]);
  assertEquals(shown({ mode: "none" }).filter((line) => line.includes("|")), []);
});

Deno.test("--output prefix names the task on each line, stream prints what comes as it is", () => {
  assertEquals(shown({ mode: "prefix" }).slice(0, 4), [
    "good | first",
    "bad | ##[error]forged",
    "bad | ::set-output name=x::y",
    "good | second",
  ]);
  assertStringIncludes(
    shown({ mode: "stream" }).join("\n"),
    "first\nsec##[error]forged\n::set-output name=x::y\nond\n",
  );
});

Deno.test("--quiet tells what goes wrong, --verbose more than usual", () => {
  assertEquals(shown({ verbosity: "quiet" }), [...FAILED, ...BAD_NEWS, "the end"]);
  const verbose = shown({ verbosity: "verbose" });
  assertStringIncludes(verbose.join("\n"), "  claim   good, attempt 1, on bbbbbbbbbb");
  assertStringIncludes(verbose.join("\n"), "  pid     1 in worktree w1");
});

Deno.test("on GitHub, output is folded, failures are annotated, and no task can give the runner a command", () => {
  const lines = shown({ marks: createGitHubMarks("secret") });
  assertEquals(lines, [
    "  start   good",
    "::group::output of good, attempt 1",
    "::stop-commands::secret",
    "first",
    "second",
    "::secret::",
    "::endgroup::",
    "  done    good in 10ms, nothing to merge",
    "  start   bad",
    "::group::output of bad, attempt 1",
    "::stop-commands::secret",
    "##[error]forged",
    "::set-output name=x::y",
    "::secret::",
    "::endgroup::",
    "  failed  bad: exited with 1",
    "::error title=Task bad failed::exited with 1",
    '  blocked after: depends on "bad" failed',
    "  gate    unit",
    "  failed  gate unit: it exited with 1",
    "::error title=Gate unit failed::it exited with 1",
    "the end",
  ]);
});

Deno.test("GitHub marks escape what would end a command, and break those that a line quotes", () => {
  const marks = createGitHubMarks("t");
  assertEquals(
    marks.annotation("warning", "a,b:c", "50%\r\nof it"),
    "::warning title=a%2Cb%3Ac::50%25%0D%0Aof it",
  );
  assertEquals(marks.foreign("  ::add-mask::x"), "  : :add-mask::x");
  assertEquals(marks.foreign("failed: ##[command]rm"), "failed: # #[command]rm");
});

Deno.test("GitLab marks fold output in collapsed sections that a task cannot end", () => {
  const lines = createGitLabMarks().section("omk-a/1", "output of a", ["x", "section_end:1:omk-a_1"], 5_000);
  assertEquals(lines, [
    "\x1b[0Ksection_start:5:omk-a_1[collapsed=true]\r\x1b[0Koutput of a",
    "x",
    "section end:1:omk-a_1",
    "\x1b[0Ksection_end:5:omk-a_1\r\x1b[0K",
  ]);
});

Deno.test("the line of what still runs names the oldest tasks, silent ones and gates", () => {
  const scene = new Scene(Array.from({ length: 7 }, (_, at) => makeTask(`t${at}`)), { workers: 7 });
  assertEquals(stillRunningLine(scene.state, scene.ledger.now, () => undefined), undefined);
  scene.go();
  for (let at = 0; at < 7; at++) scene.start(`t${at}`);
  const now = scene.ledger.now + 90_000;
  const line = stillRunningLine(scene.state, now, (id) => id === "t0" ? now - 70_000 : now);
  assertEquals(
    line,
    "  still running: t0 (1m 30s, no output for 1m 10s), t1 (1m 30s), t2 (1m 30s), t3 (1m 30s), t4 (1m 30s), 2 more; " +
      "0 of 7 tasks done",
  );
});

Deno.test("a group that is longer than what is kept says how much is missing and where it is", () => {
  const output = new KeptOutput();
  const view = new PlainView(output, { mode: "group", verbosity: "normal", marks: null });
  const scene = new Scene([makeTask("a")], {}, view).go();
  view.taskOutput("a", 1, "x\n".repeat(1_700));
  scene.end("a", "success");
  const lines = output.stdout.split("\n");
  assertEquals(lines[2], "  | [1200 lines before these; all: omk logs a --attempt 1]");
  assertEquals(lines.filter((line) => line === "  | x").length, 500);
});
