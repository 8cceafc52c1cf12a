/**
 * What the tracked files of a repository say about the entries of a plan: symbolic links that entries go through are
 * resolved, and a plain path that is a directory is written as one, whatever its name looks like.
 */

import { hasWildcard, splitSegments } from "./glob.ts";
import { readPathEntry } from "./path_set.ts";

/** A tracked path, relative to the root. */
export interface TrackedPath {
  readonly path: string;
  /** The text of a symbolic link; absent for anything else. */
  readonly linkTarget?: string | undefined;
}

/** How many links a path may go through; Linux has the same limit. */
const MOST_LINKS = 40;

/** An entry with its links resolved, or the link that leads nowhere inside the repository. */
export type Resolution =
  | { readonly ok: true; readonly entries: readonly string[] }
  | { readonly ok: false; readonly link: string };

/** See the module. */
export class TrackedTree {
  readonly #caseSensitive: boolean;
  readonly #directories = new Set<string>();
  readonly #links = new Map<string, string>();

  /** Takes all tracked paths; none where nothing is known about them. */
  constructor(paths: Iterable<TrackedPath>, options: { readonly caseSensitive?: boolean | undefined } = {}) {
    this.#caseSensitive = options.caseSensitive ?? true;
    for (const { path, linkTarget } of paths) {
      if (linkTarget !== undefined) this.#links.set(this.#key(path), linkTarget);
      for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
        const directory = this.#key(path.slice(0, slash));
        if (this.#directories.has(directory)) break;
        this.#directories.add(directory);
      }
    }
  }

  /** The symbolic links, by path. */
  links(): readonly { readonly path: string; readonly target: string }[] {
    return [...this.#links].map(([path, target]) => ({ path, target })).sort((a, b) =>
      a.path < b.path ? -1 : 1
    );
  }

  /**
   * The entries that stand for an entry in normal form: where its literal part goes through a symbolic link, the
   * place that the link leads to; where it is a link, both the link and that place.
   */
  resolve(entry: string): Resolution {
    if (this.#links.size === 0) return { ok: true, entries: [this.#asDirectory(entry)] };
    const entries: string[] = [];
    let segments = splitSegments(entry);
    for (let links = 0; links <= MOST_LINKS; links++) {
      const length = this.#linkIn(segments);
      if (length === undefined) {
        return { ok: true, entries: [...entries, this.#asDirectory(segments.join("/"))] };
      }
      const link = segments.slice(0, length).join("/");
      const target = targetOf(segments.slice(0, length - 1), this.#links.get(this.#key(link)) ?? "");
      const isLinkItself = length === segments.length;
      if (isLinkItself) entries.push(link);
      if (target === undefined) return isLinkItself ? { ok: true, entries } : { ok: false, link };
      segments = [...target, ...segments.slice(length)];
      if (segments.length === 0) segments = ["**"];
    }
    return { ok: false, link: entry };
  }

  /** How many segments of the literal part name a link; undefined where no part of it is one. */
  #linkIn(segments: readonly string[]): number | undefined {
    for (let length = 1; length <= segments.length; length++) {
      if (hasWildcard(segments[length - 1] ?? "")) return undefined;
      if (this.#links.has(this.#key(segments.slice(0, length).join("/")))) return length;
    }
    return undefined;
  }

  #asDirectory(entry: string): string {
    if (this.#directories.size === 0) return entry;
    const { isLiteral, includesBelow } = readPathEntry(entry);
    return isLiteral && !includesBelow && this.#directories.has(this.#key(entry)) ? `${entry}/**` : entry;
  }

  #key(path: string): string {
    const text = path.normalize("NFC");
    return this.#caseSensitive ? text : text.toLowerCase();
  }
}

/** The segments that a link in `folder` leads to; undefined where that is outside of the repository. */
function targetOf(folder: readonly string[], text: string): string[] | undefined {
  if (text.startsWith("/")) return undefined;
  const target = [...folder];
  for (const segment of text.normalize("NFC").split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") target.push(segment);
    else if (target.pop() === undefined) return undefined;
  }
  return target;
}
