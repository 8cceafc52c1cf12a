/** Real test counts: reads the JUnit report of `deno test` and judges what is missing from it. */

/** How one test, or one step of a test, ended. */
export type TestState = "passed" | "failed" | "skipped" | "not_run";

/** One `<testcase>` of the report. */
export interface TestCase {
  /** The file, as the report names it: `./tests/log/event_test.ts`. */
  readonly file: string;
  readonly name: string;
  readonly state: TestState;
}

/** The counts of one or more runs. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What {@linkcode tally} found. */
export interface Tally {
  readonly counts: Counts;
  /** Sentences that say what went wrong besides tests that failed by themselves. */
  readonly problems: readonly string[];
}

/** Reads the report. A test that was selected away, or that a crash prevented, is `not_run`: it has no time. */
export function parseJunit(xml: string): TestCase[] {
  const cases: TestCase[] = [];
  for (
    const [, attributes = "", body = ""] of xml.matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)
  ) {
    const state = /<(?:failure|error)\b/.test(body)
      ? "failed"
      : !/\btime="/.test(attributes)
      ? "not_run"
      : /<skipped\b/.test(body)
      ? "skipped"
      : "passed";
    cases.push({ file: attribute(attributes, "classname"), name: attribute(attributes, "name"), state });
  }
  return cases;
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return value.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll(
    "&apos;",
    "'",
  )
    .replaceAll("&amp;", "&");
}

/** What a test run was asked for, and what came of it. */
export interface TestRun {
  /** Project paths of the test files: `tests/log/event_test.ts`. */
  readonly files: readonly string[];
  /** Whether only a part of each file was selected. */
  readonly filtered: boolean;
  /** Whether `deno test` ended well. */
  readonly succeeded: boolean;
  readonly cases: readonly TestCase[];
  /** Names of tests that may be skipped. */
  readonly allowedSkips: ReadonlySet<string>;
}

/**
 * Counts the tests of a run. A file that gave no result counts as one failure (it crashed, could not be loaded
 * or holds no test), as does a test that was wanted but did not run, and a run that failed for a reason that no
 * test shows.
 */
export function tally(run: TestRun): Tally {
  const problems: string[] = [];
  const count = (state: TestState) => run.cases.filter((test) => test.state === state).length;
  let failed = count("failed");

  const reported = new Set(run.cases.map((test) => test.file.replace(/^\.\//, "")));
  for (const file of run.files) {
    if (reported.has(file)) continue;
    failed++;
    problems.push(`No result from ${file}: it crashed, could not be loaded, or holds no test`);
  }
  for (const test of run.cases) {
    if (test.state === "not_run" && !run.filtered) {
      failed++;
      problems.push(`Did not run: "${test.name}" in ${test.file}`);
    }
    if (test.state === "skipped" && !run.allowedSkips.has(test.name)) {
      problems.push(
        `Skipped without a reason: "${test.name}" in ${test.file}; name it in tests/allowed_skips.txt`,
      );
    }
  }
  if (!run.succeeded && failed === 0) {
    failed++;
    problems.push("The test run failed, but no test did: see the output above");
  }
  const counts = { passed: count("passed"), failed, skipped: count("skipped") };
  if (counts.passed + counts.failed === 0) problems.push("No test ran");
  return { counts, problems };
}

/** Reads the list of tests that may be skipped: one `test name # reason` per line, `#` lines are comments. */
export function parseAllowedSkips(text: string): Set<string> {
  const names = new Set<string>();
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const at = line.lastIndexOf(" # ");
    if (at < 0) throw new Error(`Cannot read the allowed skip "${line}": write "test name # reason"`);
    names.add(line.slice(0, at).trim());
  }
  return names;
}

/** The one line that every test command ends with. */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `tests: ${passed} passed, ${failed} failed, ${skipped} skipped`;
}
