/**
 * Path sets: which files a task reads and writes, and when two tasks get in each other's way (P5).
 *
 * An entry is a path or a glob in the normal form of `path_entry.ts`. It stands for
 * - the path itself and, unless its last segment ends in a file suffix (`api.ts`) or is a pattern, all below it;
 * - where it holds wildcards, every path that it matches.
 * A directory whose name looks like that of a file is therefore written with a slash at its end.
 */

import { compileGlob, hasWildcard, splitSegments } from "./glob.ts";
import type { TaskSpec } from "./spec.ts";

/** How paths are compared. */
export interface PathOptions {
  /** Whether the file system tells upper from lower case. Default: true. */
  readonly caseSensitive?: boolean | undefined;
}

/** What comparing needs of an entry. */
export interface PathEntry {
  /** The entry as it is compared: in lower case where case does not count. */
  readonly text: string;
  /** The segments up to the first with a wildcard. */
  readonly prefix: readonly string[];
  /** Whether no segment has a wildcard. */
  readonly isLiteral: boolean;
  /** The literal file suffix that the entry ends in, without its dot; null where it has none. */
  readonly suffix: string | null;
  /** Whether the paths below a matching one belong to the entry. */
  readonly includesBelow: boolean;
}

/** The part of a task that says what it touches. */
export type DeclaredSets = Pick<TaskSpec, "read_set" | "write_set">;

/** Takes an entry apart. */
export function readPathEntry(entry: string, options: PathOptions = {}): PathEntry {
  const text = options.caseSensitive === false ? entry.toLowerCase() : entry;
  const segments = splitSegments(text);
  const firstWildcard = segments.findIndex(hasWildcard);
  const last = segments.at(-1) ?? "";
  const suffix = fileSuffix(last);
  return {
    text,
    prefix: firstWildcard < 0 ? segments : segments.slice(0, firstWildcard),
    isLiteral: firstWildcard < 0,
    suffix,
    includesBelow: suffix === null && !isPattern(last),
  };
}

/**
 * Whether two entries overlap: the literal prefix of one equals or is an ancestor of the other's, unless both end
 * in a literal file suffix and these differ. A path that is an ancestor of the other entry is a
 * directory, whatever it ends in.
 */
export function entriesOverlap(a: PathEntry, b: PathEntry): boolean {
  return prefixesNest(a.prefix, b.prefix) && !suffixesExclude(a, b);
}

/** Whether the suffixes of two entries whose prefixes nest keep them apart. */
export function suffixesExclude(a: PathEntry, b: PathEntry): boolean {
  if (a.suffix === null || b.suffix === null || a.suffix === b.suffix) return false;
  return !isAncestorPath(a, b) && !isAncestorPath(b, a);
}

/** What entries have in common that overlap whatever they are: the literal prefix and the suffix. */
function overlapKey(entry: PathEntry): string {
  return `${entry.prefix.join("/")}\0${entry.suffix ?? ""}`;
}

/** Whether two tasks may not run at once: one writes what the other reads or writes. */
export function conflicts(a: DeclaredSets, b: DeclaredSets, options: PathOptions = {}): boolean {
  return setsOverlap(a.write_set, b.write_set, options) || setsOverlap(a.write_set, b.read_set, options) ||
    setsOverlap(a.read_set, b.write_set, options);
}

/** Whether a path, relative to the root, belongs to a set. */
export function matchesAny(set: readonly string[], path: string, options: PathOptions = {}): boolean {
  const text = path.normalize("NFC");
  const compared = options.caseSensitive === false ? text.toLowerCase() : text;
  return matchersOf(set, options).some((matches) => matches(compared));
}

/** The entries of a set, taken apart; null stands for an absent set. Remembered per array. */
export function entriesOf(set: readonly string[] | null, options: PathOptions = {}): readonly PathEntry[] {
  if (set === null || set.length === 0) return NO_ENTRIES;
  return remembered(
    options.caseSensitive === false ? FOLDED_ENTRIES : ENTRIES,
    set,
    (each) => readPathEntry(each, options),
  );
}

/** For each entry of a set, a key: entries with one key overlap. Remembered per array. */
export function overlapKeysOf(set: readonly string[], options: PathOptions = {}): readonly string[] {
  return set.length === 0 ? NO_KEYS : remembered(KEYS, entriesOf(set, options), overlapKey);
}

type Matcher = (path: string) => boolean;

// Most sets are empty: a million of them in a weak map would cost every collection of garbage.
const NO_ENTRIES: readonly PathEntry[] = [];
const NO_KEYS: readonly string[] = [];

// Sets are asked about again and again, and never change: what they are taken apart into lives as long as they.
const ENTRIES = new WeakMap<readonly string[], readonly PathEntry[]>();
const FOLDED_ENTRIES = new WeakMap<readonly string[], readonly PathEntry[]>();
const KEYS = new WeakMap<readonly PathEntry[], readonly string[]>();
const MATCHERS = new WeakMap<readonly PathEntry[], readonly Matcher[]>();

function matchersOf(set: readonly string[], options: PathOptions): readonly Matcher[] {
  return remembered(MATCHERS, entriesOf(set, options), matcherOf);
}

function remembered<I, O>(
  memory: WeakMap<readonly I[], readonly O[]>,
  items: readonly I[],
  make: (item: I) => O,
) {
  let made = memory.get(items);
  if (made === undefined) {
    made = items.map(make);
    memory.set(items, made);
  }
  return made;
}

function matcherOf(entry: PathEntry): Matcher {
  if (!entry.isLiteral) return compileGlob(entry.text, { orBelow: entry.includesBelow });
  if (!entry.includesBelow) return (path) => path === entry.text;
  const below = `${entry.text}/`;
  return (path) => path === entry.text || path.startsWith(below);
}

function setsOverlap(
  a: readonly string[] | null,
  b: readonly string[] | null,
  options: PathOptions,
): boolean {
  const others = entriesOf(b, options);
  return others.length > 0 &&
    entriesOf(a, options).some((entry) => others.some((other) => entriesOverlap(entry, other)));
}

function prefixesNest(a: readonly string[], b: readonly string[]): boolean {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    if (a[at] !== b[at]) return false;
  }
  return true;
}

/** Whether `a` is a plain path at or above the prefix of `b`, which nests with it. */
function isAncestorPath(a: PathEntry, b: PathEntry): boolean {
  return a.isLiteral && a.prefix.length <= b.prefix.length;
}

function isPattern(segment: string): boolean {
  return /[*?]/.test(segment);
}

/**
 * The suffix after the last dot of a last segment, where it is literal. Without `*` or `?` the segment may as well
 * name a directory (`v1.0`, `My.Project`): only what looks like a suffix of files counts.
 */
function fileSuffix(segment: string): string | null {
  const dot = segment.lastIndexOf(".");
  const suffix = segment.slice(dot + 1);
  if (dot <= 0 || suffix === "" || /[*?[\]{}]/.test(suffix)) return null;
  return isPattern(segment) || /^[a-z][a-z0-9]{0,7}$/.test(suffix) ? suffix : null;
}
