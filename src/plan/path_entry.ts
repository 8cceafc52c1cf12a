/** The normal form of the paths of a plan: NFC, `/`, relative to the root, no `.`, no empty segment, no final `/`. */

import { globProblem, splitSegments } from "./glob.ts";

/** The longest path that a plan may hold, in UTF-16 units; Linux takes 4095 bytes. */
const LONGEST_PATH = 4095;

/** A path in normal form, or what is wrong with it: the end of a sentence that begins with the path. */
export type PathResult =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly problem: string; readonly hint?: string };

/**
 * The normal form of an entry of a path set. A slash at the end says that the entry is a directory, and becomes
 * `/**`; the root itself is `**`.
 */
export function normalizeEntry(text: string): PathResult {
  const refused = refusal(text);
  if (refused !== undefined) return refused;
  const segments: string[] = [];
  for (const segment of splitSegments(text.normalize("NFC"))) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "**" || segments.at(-1) !== "**") segments.push(segment);
  }
  const isDirectory = text.endsWith("/") && segments.at(-1) !== "**";
  if (segments.length === 0 || isDirectory) segments.push("**");
  return { ok: true, path: segments.join("/") };
}

/** The normal form of a path that is no glob. The root is "", and is refused unless `allowRoot` is set. */
export function normalizePath(text: string, options: { readonly allowRoot?: boolean } = {}): PathResult {
  const refused = refusal(text);
  if (refused !== undefined) return refused;
  if (/[*?]/.test(text)) return { ok: false, problem: "has a wildcard, and must be a plain path" };
  const segments = text.normalize("NFC").split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.some((segment) => segment.toLowerCase() === ".git")) {
    return { ok: false, problem: "lies in a .git directory, which is no part of the tree" };
  }
  if (segments.length === 0 && options.allowRoot !== true) {
    return { ok: false, problem: "is the root itself, and must lie below it" };
  }
  return { ok: true, path: segments.join("/") };
}

/** What no path of a plan may be. */
function refusal(text: string): PathResult | undefined {
  const relative = "write it relative to the root of the repository";
  if (text === "") return { ok: false, problem: "is empty" };
  if (text.length > LONGEST_PATH) return { ok: false, problem: `is longer than ${LONGEST_PATH} characters` };
  if (text.includes("\0")) return { ok: false, problem: "holds a NUL character" };
  if (/^[A-Za-z]:/.test(text)) return { ok: false, problem: "begins with a drive letter", hint: relative };
  if (text.includes("\\")) {
    return { ok: false, problem: "holds a backslash", hint: 'separate folders by "/"' };
  }
  if (text.startsWith("/")) return { ok: false, problem: "is absolute", hint: relative };
  if (/^~(?:\/|$)/.test(text)) return { ok: false, problem: "lies in a home directory", hint: relative };
  if (/(?:^|[/{,])\.\.(?:$|[/},])/.test(text)) {
    return { ok: false, problem: 'leads out of a folder by ".."', hint: relative };
  }
  if (text.startsWith("!")) {
    return {
      ok: false,
      problem: 'begins with "!"',
      hint: "a path set only adds paths: list what belongs to it",
    };
  }
  const problem = globProblem(text);
  return problem === undefined ? undefined : { ok: false, problem };
}
