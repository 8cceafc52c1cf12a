import { assertEquals, assertThrows } from "@std/assert";
import { formatCounts, parseAllowedSkips, parseJunit, tally, type TestRun } from "../../scripts/junit.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="6" failures="1" errors="1" time="0.1">
    <testsuite name="./tests/a_test.ts" tests="5" disabled="2" errors="1" failures="1">
        <testcase name="good &amp; &quot;quoted&quot; &lt;x&gt;" classname="./tests/a_test.ts" time="0.001" line="1" col="6">
        </testcase>
        <testcase name="bad" classname="./tests/a_test.ts" time="0.014" line="2" col="6">
            <failure message="Uncaught Error: &lt;skipped/&gt;">Error: &lt;skipped/&gt;</failure>
        </testcase>
        <testcase name="cancelled" classname="./tests/a_test.ts" time="0.000" line="3" col="6">
            <error message="Cancelled"/>
        </testcase>
        <testcase name="left out" classname="./tests/a_test.ts" time="0.000" line="4" col="6">
            <skipped/>
        </testcase>
        <testcase name="never started" classname="./tests/a_test.ts" line="5" col="6">
            <skipped/>
        </testcase>
    </testsuite>
    <testsuite name="./tests/b_test.ts" tests="1" disabled="0" errors="0" failures="0">
        <testcase name="good" classname="./tests/b_test.ts" time="0.001" line="1" col="6"/>
    </testsuite>
</testsuites>`;

const RUN: TestRun = {
  files: ["tests/b_test.ts"],
  filtered: false,
  succeeded: true,
  cases: [{ file: "./tests/b_test.ts", name: "good", state: "passed" }],
  allowedSkips: new Set(),
};

Deno.test("parseJunit() reads names and states of a report of deno test", () => {
  assertEquals(parseJunit(REPORT), [
    { file: "./tests/a_test.ts", name: 'good & "quoted" <x>', state: "passed" },
    { file: "./tests/a_test.ts", name: "bad", state: "failed" },
    { file: "./tests/a_test.ts", name: "cancelled", state: "failed" },
    { file: "./tests/a_test.ts", name: "left out", state: "skipped" },
    { file: "./tests/a_test.ts", name: "never started", state: "not_run" },
    { file: "./tests/b_test.ts", name: "good", state: "passed" },
  ]);
  assertEquals(parseJunit(""), []);
});

Deno.test("tally() counts a passing run", () => {
  assertEquals(tally(RUN), { counts: { passed: 1, failed: 0, skipped: 0 }, problems: [] });
});

Deno.test("tally() counts a file without a result as one failure", () => {
  const { counts, problems } = tally({
    ...RUN,
    files: ["tests/a_test.ts", "tests/b_test.ts"],
    succeeded: false,
  });
  assertEquals(counts, { passed: 1, failed: 1, skipped: 0 });
  assertEquals(problems, [
    "No result from tests/a_test.ts: it crashed, could not be loaded, or holds no test",
  ]);
});

Deno.test("tally() counts a test that did not run as a failure, unless a filter left it out", () => {
  const cases = [...RUN.cases, { file: "./tests/b_test.ts", name: "late", state: "not_run" as const }];
  assertEquals(tally({ ...RUN, cases }).counts, { passed: 1, failed: 1, skipped: 0 });
  assertEquals(tally({ ...RUN, cases, filtered: true }), {
    counts: { passed: 1, failed: 0, skipped: 0 },
    problems: [],
  });
});

Deno.test("tally() counts a failed run as a failure even if no test shows it", () => {
  assertEquals(tally({ ...RUN, succeeded: false }).counts, { passed: 1, failed: 1, skipped: 0 });
});

Deno.test("tally() reports skips without a reason, and runs without a test", () => {
  const cases = [...RUN.cases, { file: "./tests/b_test.ts", name: "left out", state: "skipped" as const }];
  const refused = tally({ ...RUN, cases });
  assertEquals(refused.counts, { passed: 1, failed: 0, skipped: 1 });
  assertEquals(refused.problems.length, 1);
  assertEquals(tally({ ...RUN, cases, allowedSkips: new Set(["left out"]) }).problems, []);
  assertEquals(tally({ ...RUN, files: [], cases: [] }).problems, ["No test ran"]);
});

Deno.test("parseAllowedSkips() takes names with reasons and refuses names without", () => {
  assertEquals(
    parseAllowedSkips("# comment\n\nP6: pins # 1 of 2 # needs root\nother # no bubblewrap\n"),
    new Set(["P6: pins # 1 of 2", "other"]),
  );
  assertThrows(() => parseAllowedSkips("no reason"), Error, `write "test name # reason"`);
});

Deno.test("formatCounts() gives the line that test commands end with", () => {
  assertEquals(formatCounts({ passed: 12, failed: 0, skipped: 1 }), "tests: 12 passed, 0 failed, 1 skipped");
});
