/** Report files that a gate writes: found before they are cleaned away, and counted. */

import { hasWildcard, splitSegments } from "../plan/glob.ts";
import { matchesAny } from "../plan/path_set.ts";
import type { JunitReport, TestCounts } from "./junit.ts";
import type { ReportedTest } from "./tests/lost_tests.ts";

/** A larger report is not read. */
const REPORT_BYTES = 32 * 1024 * 1024;

/** A pattern that matches more files than this is not followed further. */
const FILES_LOOKED_AT = 20_000;

/** What the reports of a gate tell. */
export interface ReportedFindings {
  /** The sum of all JUnit reports; null where there is none. */
  readonly counts: TestCounts | null;
  /** The tests that they list. */
  readonly tests: readonly ReportedTest[];
  /** The texts of all SARIF logs. */
  readonly sarif: readonly string[];
}

/**
 * The reports of one run of a gate. Make it before the gate runs: what was there before and did not change since is
 * of an earlier run, and does not count.
 */
export class GateReports {
  readonly #root: string;
  readonly #patterns: readonly string[];
  readonly #before: ReadonlyMap<string, string>;

  private constructor(root: string, patterns: readonly string[], before: ReadonlyMap<string, string>) {
    this.#root = root;
    this.#patterns = patterns;
    this.#before = before;
  }

  /** Notes which reports are there already. `patterns` are files, directories or globs relative to `root`. */
  static async watch(root: string, patterns: readonly string[]): Promise<GateReports> {
    return new GateReports(root, patterns, await findReports(root, patterns));
  }

  /** What the reports that are new tell; those that cannot be read, or are of another format, tell nothing. */
  async read(): Promise<ReportedFindings> {
    const junit: JunitReport[] = [];
    const sarif: string[] = [];
    for (const [path, version] of await findReports(this.#root, this.#patterns)) {
      if (this.#before.get(path) === version) continue;
      const text = await readReport(`${this.#root}/${path}`);
      if (text === null) continue;
      // The parsers are loaded where a gate writes reports at all.
      const isJson = /^\s*\{/.test(text);
      if (isJson && (await import("../sarif.ts")).parseSarif(text) !== null) sarif.push(text);
      const found = isJson ? null : (await import("./junit.ts")).readJunit(text);
      if (found !== null) junit.push(found);
    }
    return {
      counts: sumCounts(junit.map(({ counts }) => counts)),
      tests: junit.flatMap(({ tests }) => tests),
      sarif,
    };
  }
}

function sumCounts(counts: readonly TestCounts[]): TestCounts | null {
  if (counts.length === 0) return null;
  return counts.reduce((sum, each) => ({
    tests: sum.tests + each.tests,
    failures: sum.failures + each.failures,
    skipped: sum.skipped + each.skipped,
  }));
}

/** Path of each report, with what changes when it is written again. */
async function findReports(root: string, patterns: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const pattern of patterns) {
    const set = [pattern];
    let looked = 0;
    for await (const path of filesBelow(root, literalPrefix(pattern))) {
      if (++looked > FILES_LOOKED_AT) break;
      if (matchesAny(set, path)) found.set(path, await versionOf(`${root}/${path}`));
    }
  }
  return found;
}

/** The segments of a pattern before the first with a wildcard. */
function literalPrefix(pattern: string): string {
  const segments = splitSegments(pattern);
  const wild = segments.findIndex(hasWildcard);
  return (wild < 0 ? segments : segments.slice(0, wild)).join("/");
}

/** The regular files at or below a path, relative to the root; symbolic links are not followed. */
async function* filesBelow(root: string, path: string): AsyncGenerator<string> {
  const info = await unlessUnreadable(() => Deno.lstat(path === "" ? root : `${root}/${path}`));
  if (info?.isFile) yield path;
  if (!info?.isDirectory) return;
  const entries = await unlessUnreadable(() => Array.fromAsync(Deno.readDir(`${root}/${path}`))) ?? [];
  for (const entry of entries) {
    const below = path === "" ? entry.name : `${path}/${entry.name}`;
    if (entry.isFile) yield below;
    else if (entry.isDirectory) yield* filesBelow(root, below);
  }
}

async function versionOf(path: string): Promise<string> {
  const info = await unlessUnreadable(() => Deno.lstat(path));
  return `${info?.ino} ${info?.size} ${info?.mtime?.getTime()} ${info?.ctime?.getTime()}`;
}

async function readReport(path: string): Promise<string | null> {
  const info = await unlessUnreadable(() => Deno.lstat(path));
  if (info === null || info.size > REPORT_BYTES) return null;
  return await unlessUnreadable(() => Deno.readTextFile(path));
}

/** A report is information beside the verdict: one that is gone, or that nobody may read, is as good as none. */
async function unlessUnreadable<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    const isUnreadable = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory ||
      error instanceof Deno.errors.PermissionDenied;
    if (isUnreadable) return null;
    throw error;
  }
}
