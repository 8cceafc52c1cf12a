/** Whether all paths of an entry belong to a set: what a task may hand on to another. */

import { splitSegments } from "./glob.ts";
import { matchesAny, type PathEntry, type PathOptions, readPathEntry } from "./path_set.ts";

/**
 * Whether a set holds every path of an entry; both are in normal form. Where that cannot be told (one pattern inside
 * another), the answer is no.
 */
export function covers(set: readonly string[], entry: string, options: PathOptions = {}): boolean {
  const inner = readPathEntry(entry, options);
  const isFile = inner.isLiteral && !inner.includesBelow;
  if (isFile && matchesAny(set, entry, options)) return true;
  return set.some((each) => holds(readPathEntry(each, options), inner));
}

function holds(outer: PathEntry, inner: PathEntry): boolean {
  if (outer.text === inner.text) return true;
  const isUnder = outer.prefix.every((segment, at) => segment === inner.prefix[at]);
  if (!isUnder) return false;
  if (outer.isLiteral) return outer.includesBelow;
  // `src/**` holds what is below `src`, but not `src` itself, which a plain entry also stands for.
  const segments = splitSegments(outer.text);
  const isAllBelow = segments.length === outer.prefix.length + 1 && segments.at(-1) === "**";
  return isAllBelow && (!inner.isLiteral || inner.prefix.length > outer.prefix.length);
}
