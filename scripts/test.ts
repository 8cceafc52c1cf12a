/**
 * Runs the tests and ends with one line of real counts. Exit code 0 only if every test that was asked for ran
 * and passed, or was skipped for a reason that `tests/allowed_skips.txt` gives.
 */

import { parseArgs } from "@std/cli/parse-args";
import { dirname, fromFileUrl, join, relative, resolve } from "@std/path";
import { formatCounts, parseAllowedSkips, parseJunit, tally } from "./junit.ts";
import { BUNDLE_VARIABLE, SourceBundle } from "./source_bundle.ts";
import { groupModules } from "./test_groups.ts";

const HELP = `Runs the tests.

Usage: deno task test [options] [file or folder...]

  --suite NAME        all (default: everything but faults, agents and bench), unit (without e2e too), or a
                      folder of tests/: e2e, faults, log, ...; may be repeated
  --filter TEXT       Only tests whose name contains TEXT, or matches /TEXT/
  --summary FILE      Also write the counts to FILE: "<passed> <failed> <skipped>"
  --timeout-secs N    Give up after N seconds (default: 600)

Environment:
  OMK_BIN             The executable that the e2e tests run; without it they run omk from source
  DENO_JOBS           How many groups of test files run at the same time (default: two per core, real faults one per core)`;

const ROOT = dirname(dirname(fromFileUrl(import.meta.url)));

/** Folders that a broad suite leaves out: they are slow, need agents that are installed, or are no tests at all. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  all: ["faults", "bench", "agents"],
  unit: ["faults", "bench", "agents", "e2e"],
};

/** Variables by which git would take the tests' own repositories for the one that a hook runs in. */
const GIT_LOCATION = [
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_OBJECT_DIRECTORY",
  "GIT_COMMON_DIR",
  "GIT_PREFIX",
];

/** Which tests to run, and how. */
interface Selection {
  readonly files: readonly string[];
  readonly filter: string | undefined;
  readonly timeoutSecs: number;
}

/** The project paths of the test files under a file or folder, sorted. */
async function testFiles(path: string, leftOut: readonly string[] = []): Promise<string[]> {
  if ((await Deno.stat(path)).isFile) return [relative(ROOT, path)];
  const found: string[] = [];
  for await (const entry of Deno.readDir(path)) {
    if (entry.isDirectory && !leftOut.includes(entry.name)) {
      found.push(...await testFiles(join(path, entry.name)));
    }
    if (entry.isFile && entry.name.endsWith("_test.ts")) found.push(relative(ROOT, join(path, entry.name)));
  }
  return found.sort();
}

/** The test files of a suite. */
function suiteFiles(suite: string): Promise<string[]> {
  const tests = join(ROOT, "tests");
  const leftOut = LEFT_OUT[suite];
  return leftOut === undefined ? testFiles(join(tests, suite)) : testFiles(tests, leftOut);
}

/** The environment of the tests: leak checks on (they are off by default), git not led astray. */
function testEnvironment(files: readonly string[]): Record<string, string> {
  const inherited = Object.entries(Deno.env.toObject()).filter(([name]) => !GIT_LOCATION.includes(name));
  return {
    DENO_JOBS: String(defaultJobs(files)),
    ...Object.fromEntries(inherited),
    DENO_TEST_SANITIZE_OPS: "1",
    DENO_TEST_SANITIZE_RESOURCES: "1",
  };
}

/** Most tests wait for processes that they have started; faults keep all cores busy by themselves. */
function defaultJobs(files: readonly string[]): number {
  const cores = navigator.hardwareConcurrency;
  return files.some((file) => file.startsWith("tests/faults/")) ? cores : 2 * cores;
}

/**
 * Files that run by themselves: their tests change the environment of their process, which test files that run at once
 * share, or measure time.
 */
const SERIAL = /_serial_test\.ts$/;

/** What one or several runs of `deno test` gave. */
interface TestRun {
  readonly succeeded: boolean;
  /** JUnit reports, one for each run that made one. */
  readonly reports: readonly string[];
}

/** Tests that start omk. */
const STARTS_OMK = /^tests\/(cli|e2e|faults)\//;

/** The source for tests that start it, bundled; nothing where none does, or an executable is under test. */
async function bundleIfNeeded(files: readonly string[]): Promise<SourceBundle | undefined> {
  if (Deno.env.get("OMK_BIN") || !files.some((file) => STARTS_OMK.test(file))) return undefined;
  try {
    return await SourceBundle.make(ROOT);
  } catch (error) {
    console.error(`warning: The tests start omk from its modules, which takes longer: ${error}`);
    return undefined;
  }
}

/** Runs the selection: what can run at once first, then the rest, file by file. */
async function runSelection(selection: Selection): Promise<TestRun> {
  await using bundle = await bundleIfNeeded(selection.files);
  const groups = [
    { files: selection.files.filter((file) => !SERIAL.test(file)), parallel: true },
    { files: selection.files.filter((file) => SERIAL.test(file)), parallel: false },
  ];
  let succeeded = true;
  const reports: string[] = [];
  for (const { files, parallel } of groups) {
    if (files.length === 0) continue;
    const run = await runDenoTest({ ...selection, files }, parallel, bundle);
    // Without any test left by the filter, the runner says that it failed; the counts of all tell.
    succeeded &&= run.succeeded || (selection.filter !== undefined && run.report === "");
    reports.push(run.report);
  }
  return { succeeded, reports };
}

/** Runs `deno test` on the selection and returns whether it ended well, and its report. */
async function runDenoTest(
  selection: Selection,
  parallel: boolean,
  bundle: SourceBundle | undefined,
): Promise<{ succeeded: boolean; report: string }> {
  const folder = await Deno.makeTempDir({ prefix: "omk-tests-" });
  try {
    const junit = join(folder, "junit.xml");
    const modules = await groupModules(ROOT, folder, selection.files);
    const filter = selection.filter === undefined ? [] : ["--filter", selection.filter];
    const { success, signal } = await new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "--no-check",
        "-A",
        `--config=${join(ROOT, "deno.json")}`,
        ...(parallel ? ["--parallel"] : []),
        `--junit-path=${junit}`,
        ...filter,
        ...modules,
      ],
      cwd: ROOT,
      env: {
        ...testEnvironment(selection.files),
        ...(bundle === undefined ? {} : { [BUNDLE_VARIABLE]: bundle.folder }),
      },
      clearEnv: true,
      stdin: "null",
      stdout: "inherit",
      stderr: "inherit",
      signal: AbortSignal.timeout(selection.timeoutSecs * 1000),
    }).output();
    if (signal !== null) console.error(`error: The test process was ended by ${signal}`);
    return { succeeded: success, report: await readIfPresent(junit) ?? "" };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Runs the selection, prints what is wrong and the counts, and returns the exit code. */
async function test(selection: Selection, summary: string | undefined): Promise<number> {
  const allowedSkips = parseAllowedSkips(await Deno.readTextFile(join(ROOT, "tests/allowed_skips.txt")));
  const { succeeded, reports } = await runSelection(selection);
  const { counts, problems } = tally({
    files: selection.files,
    filtered: selection.filter !== undefined,
    succeeded,
    cases: reports.flatMap(parseJunit),
    allowedSkips,
  });
  for (const problem of problems) console.error(`error: ${problem}`);
  if (summary !== undefined) {
    await Deno.writeTextFile(summary, `${counts.passed} ${counts.failed} ${counts.skipped}\n`);
  }
  console.log(formatCounts(counts));
  return counts.failed === 0 && problems.length === 0 ? 0 : 1;
}

function usageError(message: string): never {
  console.error(`error: ${message}; see --help`);
  Deno.exit(2);
}

if (import.meta.main) {
  const args = parseArgs(Deno.args, {
    boolean: ["help"],
    string: ["suite", "filter", "summary", "timeout-secs", "_"],
    collect: ["suite"],
    default: { "timeout-secs": "600" },
    unknown(arg) {
      if (arg.startsWith("-")) usageError(`Unknown option "${arg}"`);
    },
  });
  if (args.help) {
    console.log(HELP);
    Deno.exit(0);
  }
  const timeoutSecs = Number(args["timeout-secs"]);
  if (!Number.isInteger(timeoutSecs) || timeoutSecs < 1) {
    usageError(`Not a number of seconds: "${args["timeout-secs"]}"`);
  }
  const suites = args.suite.length === 0 && args._.length === 0 ? ["all"] : args.suite;
  try {
    const found = await Promise.all([
      ...suites.map(suiteFiles),
      ...args._.map((path) => testFiles(resolve(path))),
    ]);
    const files = [...new Set(found.flat())];
    Deno.exit(await test({ files, filter: args.filter, timeoutSecs }, args.summary));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) usageError(`Cannot find the tests: ${error.message}`);
    throw error;
  }
}
