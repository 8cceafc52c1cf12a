/**
 * The walk over a slot that finds what git does not track: files to pin, by-products to clean, and what can be
 * neither pinned nor cleaned without loss.
 */

import { sha256OfFile } from "../digest.ts";
import { decode, splitNul } from "./command.ts";
import { mayBeLossy } from "./files.ts";
import type { Hub } from "./hub.ts";
import { ignorePattern, IgnoreRules } from "./ignore_rules.ts";
import type { ByProduct, ObjectId, Unpinned } from "./port.ts";
import { inSlot } from "./slot_index.ts";
import type { ProvidedFile, SlotPaths } from "./slot_record.ts";
import type { TreeListing } from "./tree_listing.ts";

/** What is walked, and what is passed over. */
export interface WalkRequest {
  readonly paths: SlotPaths;
  /** An index that holds the base. */
  readonly index: string;
  /** The tree that tells what is tracked and what is ignored. */
  readonly base: ObjectId;
  /** Paths that survive between tasks: not looked at. */
  readonly keep: readonly string[];
  /** Files that omk put there: passed over as long as they are unchanged. */
  readonly provided: readonly ProvidedFile[];
}

/** What a walk found; all paths relative to the root, in the order of the walk. */
export interface WalkResult {
  /** Untracked files and symbolic links that the base's rules do not ignore. */
  readonly files: readonly string[];
  readonly byProducts: readonly ByProduct[];
  /** There are more by-products than were counted. */
  readonly capped: boolean;
  readonly unpinned: readonly Unpinned[];
}

/** A path that is not tracked. */
interface Candidate {
  readonly path: string;
  readonly type: "file" | "directory" | "other";
}

/** By-products are counted up to this many; a build directory can have millions of files. */
const BY_PRODUCTS_COUNTED = 20_000;

/** So many ignored directories are named to git on its command line; it looks into the others in vain. */
const EXCLUSIONS_PASSED = 500;

/** After this many synchronous calls others get their turn: it is a few milliseconds. */
const CALLS_PER_TURN = 512;

/** Walks a slot level by level, so that git is asked about ignored paths once per level. */
export async function walkUntracked(hub: Hub, request: WalkRequest): Promise<WalkResult> {
  const rules = await IgnoreRules.of(hub, request.base, `${request.paths.worktree}.rules`);
  try {
    return await new Walk(hub, request, await hub.listings.of(request.base), rules).run();
  } finally {
    await rules.close();
  }
}

class Walk {
  readonly #hub: Hub;
  readonly #request: WalkRequest;
  readonly #tracked: TreeListing;
  readonly #rules: IgnoreRules;
  readonly #keep: ReadonlySet<string>;
  readonly #provided: ReadonlyMap<string, string>;
  readonly #files: string[] = [];
  readonly #unpinned: Unpinned[] = [];
  readonly #ignored: Candidate[] = [];
  #calls = 0;

  constructor(hub: Hub, request: WalkRequest, tracked: TreeListing, rules: IgnoreRules) {
    this.#hub = hub;
    this.#request = request;
    this.#tracked = tracked;
    this.#rules = rules;
    this.#keep = new Set(request.keep.map((path) => path.replace(/\/+$/, "")));
    this.#provided = new Map(request.provided.map(({ path, sha256 }) => [path, sha256]));
  }

  async run(): Promise<WalkResult> {
    for (let level: string[] = [""]; level.length > 0;) level = await this.#walkLevel(level);
    await this.#findUnnameable();
    return { files: this.#files, unpinned: this.#unpinned, ...(await this.#countByProducts()) };
  }

  /** Reads the directories of one level, and resolves with those of the next. */
  async #walkLevel(directories: readonly string[]): Promise<string[]> {
    const next: string[] = [];
    const candidates: Candidate[] = [];
    for (const directory of directories) {
      await this.#yieldNowAndThen();
      for (const entry of this.#entries(directory)) {
        const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
        if (mayBeLossy(entry.name) && !this.#canName(path)) continue;
        if (entry.isDirectory && this.#tracked.directories.has(path)) next.push(path);
        else if (await this.#isUntracked(directory, path, entry)) {
          candidates.push({ path, type: typeOf(entry) });
        }
      }
    }
    const ignored = await this.#rules.ignored(
      candidates.map(({ path, type }) => ({ path, isDirectory: type === "directory" })),
    );
    for (const candidate of candidates) {
      const { path, type } = candidate;
      if (ignored.has(path)) this.#ignored.push(candidate);
      else if (type === "directory") next.push(path);
      else if (type === "file") this.#files.push(path);
      else this.#leave(path, "not_regular");
    }
    return next;
  }

  /** Whether an entry is one to decide about; git's own entries and submodules are dealt with here. */
  async #isUntracked(directory: string, path: string, entry: Deno.DirEntry): Promise<boolean> {
    // The root's own entry is omk's. Git refuses to store any other, in whatever case it is written.
    if (path === ".git") return false;
    if (entry.name.toLowerCase() === ".git") {
      this.#leave(directory === "" ? path : directory, "nested_repository");
      return false;
    }
    if (this.#keep.has(path)) return false;
    if (this.#tracked.gitlinks.has(path)) {
      const empty = entry.isDirectory && this.#entries(path).length === 0;
      if (!empty) this.#leave(path, "submodule");
      return false;
    }
    if (!entry.isDirectory && this.#tracked.files.has(path)) return false;
    return !(await this.#isProvided(path, entry));
  }

  async #isProvided(path: string, entry: Deno.DirEntry): Promise<boolean> {
    const digest = this.#provided.get(path);
    if (digest === undefined || !entry.isFile) return false;
    try {
      return (await sha256OfFile(`${this.#request.paths.worktree}/${path}`)).sha256 === digest;
    } catch (error) {
      if (error instanceof Deno.errors.PermissionDenied) return false;
      throw error;
    }
  }

  #entries(directory: string): Deno.DirEntry[] {
    const path = directory === ""
      ? this.#request.paths.worktree
      : `${this.#request.paths.worktree}/${directory}`;
    try {
      return [...Deno.readDirSync(path)];
    } catch (error) {
      if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
      this.#leave(directory, "unreadable");
      return [];
    }
  }

  /**
   * Finds the files whose names are not UTF-8. The platform gives such names mutilated, or leaves them out of
   * directories altogether, so git is asked.
   */
  async #findUnnameable(): Promise<void> {
    const { paths, index, keep } = this.#request;
    const passedOver = this.#ignored.filter(({ type }) => type === "directory").map(({ path }) => path);
    const exclusions = [...keep, ...passedOver.slice(0, EXCLUSIONS_PASSED)].map((path) =>
      `--exclude=${ignorePattern(path)}`
    );
    const { stdout } = await this.#hub.git(
      ["ls-files", "-z", "--others", ...exclusions],
      inSlot(paths, index),
    );
    if (isUtf8(stdout)) return;
    const names = [
      ...new Set(splitNul(decode(stdout)).filter((path) => mayBeLossy(path) && !this.#canName(path))),
    ];
    const ignored = await this.#rules.ignored(names.map((path) => ({ path, isDirectory: false })));
    for (const path of names) if (!ignored.has(path)) this.#leave(path, "unreadable");
  }

  /** Whether the text of a path leads to the file, and not to a name that merely reads the same. */
  #canName(path: string): boolean {
    try {
      Deno.lstatSync(`${this.#request.paths.worktree}/${path}`);
      return true;
    } catch {
      return false;
    }
  }

  #leave(path: string, reason: Unpinned["reason"]): void {
    this.#unpinned.push({ path, reason });
  }

  async #countByProducts(): Promise<{ byProducts: ByProduct[]; capped: boolean }> {
    const counts = new Map<string, { files: number; bytes: number }>();
    const pending = this.#ignored.toReversed();
    let counted = 0;
    while (counted < BY_PRODUCTS_COUNTED) {
      const item = pending.pop();
      if (item === undefined) break;
      await this.#yieldNowAndThen();
      const top = item.path.split("/", 1)[0] ?? item.path;
      const count = counts.get(top) ?? { files: 0, bytes: 0 };
      counts.set(top, count);
      const path = `${this.#request.paths.worktree}/${item.path}`;
      try {
        if (item.type === "directory") {
          for (const entry of Deno.readDirSync(path)) {
            const inside = `${item.path}/${entry.name}`;
            if (!this.#keep.has(inside)) pending.push({ path: inside, type: typeOf(entry) });
          }
        } else {
          counted++;
          count.files++;
          count.bytes += Deno.lstatSync(path).size;
        }
      } catch {
        // Only a figure for the report: what cannot be read is counted without its bytes.
      }
    }
    const byProducts = [...counts].map(([top, count]) => ({ top, ...count }));
    return { byProducts: byProducts.sort((a, b) => a.top < b.top ? -1 : 1), capped: pending.length > 0 };
  }

  async #yieldNowAndThen(): Promise<void> {
    if (++this.#calls % CALLS_PER_TURN === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

function typeOf(entry: Deno.DirEntry): Candidate["type"] {
  if (entry.isDirectory) return "directory";
  return entry.isFile || entry.isSymlink ? "file" : "other";
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
