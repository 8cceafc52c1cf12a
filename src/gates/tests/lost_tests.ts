/**
 * Tests that a change has lost: deleted, or no longer run. Told by the reports of the gates that ran them before and
 * after, and by the patch where no report speaks of them. A test that only moved is not lost. Pure.
 */

import type { LostTest } from "../../log/kinds.ts";
import { findTests, testLanguageOf } from "./languages.ts";
import { type PatchedFile, patchedFiles } from "./patch_files.ts";

/** One test in a report. */
export interface ReportedTest {
  /** Class, file or suite; empty where the report names none. */
  readonly suite: string;
  readonly name: string;
  readonly skipped: boolean;
}

/** What one gate reported of the base and of the result. */
export interface GateReportPair {
  readonly gate: string;
  readonly base: readonly ReportedTest[];
  readonly head: readonly ReportedTest[];
}

/** The lost tests, those of reports first, in the order of the gates and of the patch. */
export function lostTests(
  { patch, reports }: {
    /** Canonical patch from the base to the result. */
    readonly patch: string;
    readonly reports: readonly GateReportPair[];
  },
): readonly LostTest[] {
  const reported = reports.flatMap(lostInReports);
  const told = new Set(reported.map(({ test }) => test));
  const run = new Set(reports.flatMap(({ head }) => head.filter(({ skipped }) => !skipped)).map(plainName));
  const written = lostInPatch(patchedFiles(patch)).filter(({ test }) => !told.has(test) && !run.has(test));
  return [...reported, ...written];
}

function lostInReports({ gate, base, head }: GateReportPair): readonly LostTest[] {
  const before = base.filter(({ skipped }) => !skipped);
  const ran = head.filter(({ skipped }) => !skipped);
  const missing = without(before, ran, fullName);
  // A test whose file or class has another name now is the same test.
  const lost = without(missing, without(ran, before, fullName), plainName);
  const idle = new Set(head.filter(({ skipped }) => skipped).map(plainName));
  return lost.map((each) => ({
    test: plainName(each),
    change: idle.has(plainName(each)) ? "skipped" : "deleted",
    path: null,
    gate,
  }));
}

function lostInPatch(files: readonly PatchedFile[]): readonly LostTest[] {
  const before: { readonly test: string; readonly path: string }[] = [];
  const after: { readonly test: string; readonly path: string }[] = [];
  const skipped: LostTest[] = [];
  const emptied: LostTest[] = [];
  for (const { path, isDeleted, hunks } of files) {
    const language = testLanguageOf(path);
    if (language === undefined) continue;
    const sides = hunks.map((hunk) => ({
      before: findTests(language, hunk.before),
      after: findTests(language, hunk.after),
    }));
    const was = sides.flatMap((side) => side.before.declared);
    before.push(...was.map((test) => ({ test, path })));
    after.push(...sides.flatMap((side) => side.after.declared).map((test) => ({ test, path })));
    const marks = without(
      sides.flatMap((side) => side.after.skipped),
      sides.flatMap((side) => side.before.skipped),
      (mark) => mark,
    );
    skipped.push(...marks.map((test) => ({ test, change: "skipped", path, gate: null } as const)));
    if (isDeleted && was.length === 0 && isNamedAsTest(path)) {
      emptied.push({ test: path, change: "deleted", path, gate: null });
    }
  }
  const lost = without(before, after, ({ test }) => test);
  return [
    ...lost.map(({ test, path }) => ({ test, change: "deleted", path, gate: null } as const)),
    ...emptied,
    ...skipped,
  ];
}

/** A file in a directory of tests may be a fixture; one that is named as a test is none. */
function isNamedAsTest(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return /(?:^|[._-])(?:test|spec)s?(?:[._-]|$)|(?:Test|Spec)s?\./.test(name);
}

function fullName({ suite, name }: ReportedTest): string {
  return `${suite}\n${name}`;
}

function plainName({ name }: ReportedTest): string {
  return name;
}

/** The items of one list without those of another, each of which stands for one of its key. */
function without<T>(items: readonly T[], others: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const counts = new Map<string, number>();
  for (const other of others) counts.set(keyOf(other), (counts.get(keyOf(other)) ?? 0) + 1);
  return items.filter((item) => {
    const count = counts.get(keyOf(item)) ?? 0;
    if (count > 0) counts.set(keyOf(item), count - 1);
    return count === 0;
  });
}
