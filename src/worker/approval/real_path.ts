/** Where a path leads that an agent names: links and `..` are followed as the system would follow them. */

import { isSystemError } from "../../errors.ts";

/** A path as it was said, and where it leads. */
export interface SeenPath {
  readonly given: string;
  /** Absolute, without links and `..`; null where it cannot be told. */
  readonly real: string | null;
  /** Relative to the worktree, "" for its root; null where it leads out of it. */
  readonly inside: string | null;
}

/** Whether a path leads to files of the worktree: what is git's own in it is none. */
export function isInTree({ inside }: SeenPath): boolean {
  return inside !== null && !inside.split("/").some((segment) => segment.toLowerCase() === ".git");
}

/** The system refuses longer chains of links (Linux: 40). */
const MOST_LINKS = 40;

/**
 * Follows a path. What does not exist yet is where it would be made. A place that cannot be looked at leads nowhere,
 * which no rule allows.
 */
export async function seePath(
  given: string,
  place: { readonly root: string; readonly cwd: string },
): Promise<SeenPath> {
  const text = withoutScheme(given);
  // What a shell would make of it is not the agent's home to tell.
  if (text === "" || text.startsWith("~") || text.includes("\0")) return { given, real: null, inside: null };
  try {
    const root = await Deno.realPath(place.root);
    const real = await follow(text.startsWith("/") ? text : `${place.cwd}/${text}`);
    return { given, real, inside: insideOf(root, real) };
  } catch (error) {
    if (!isSystemError(error) && !(error instanceof RangeError)) throw error;
    return { given, real: null, inside: null };
  }
}

/** What a `file:` URI names; any other text as it is. */
function withoutScheme(text: string): string {
  if (!/^file:\/\//i.test(text)) return text;
  try {
    return decodeURIComponent(new URL(text).pathname);
  } catch {
    return "";
  }
}

async function follow(path: string): Promise<string> {
  const pending = path.split("/").reverse();
  let current = "";
  let links = 0;
  while (pending.length > 0) {
    const segment = pending.pop() ?? "";
    if (segment === "" || segment === ".") continue;
    if (segment === "..") {
      current = current.slice(0, Math.max(0, current.lastIndexOf("/")));
      continue;
    }
    const next = `${current}/${segment}`;
    const target = await linkTarget(next);
    if (target === null) {
      current = next;
      continue;
    }
    links++;
    if (links > MOST_LINKS) throw new RangeError(`Too many links on the way to ${path}`);
    if (target.startsWith("/")) current = "";
    pending.push(...target.split("/").reverse());
  }
  return current === "" ? "/" : current;
}

/** What a symbolic link says; null where there is no link. */
async function linkTarget(path: string): Promise<string | null> {
  try {
    const info = await Deno.lstat(path);
    return info.isSymlink ? await Deno.readLink(path) : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}

function insideOf(root: string, real: string): string | null {
  if (real === root) return "";
  if (!real.startsWith(root === "/" ? "/" : `${root}/`)) return null;
  return real.slice(root === "/" ? 1 : root.length + 1);
}
