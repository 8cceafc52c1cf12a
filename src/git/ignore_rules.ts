/**
 * The ignore rules of a base tree, and of nothing else: not those that an attempt has changed or added, not the
 * user's local excludes. Only what they ignore may be cleaned without being pinned (P6).
 */

import { decode, joinNul, splitNul } from "./command.ts";
import { removeTree } from "./files.ts";
import type { Hub } from "./hub.ts";
import type { ObjectId } from "./port.ts";
import type { TreeFile } from "./tree_listing.ts";

/** A path of a slot that is asked about. */
export interface AskedPath {
  /** Relative to the root. */
  readonly path: string;
  readonly isDirectory: boolean;
}

/**
 * Asks git about paths in a directory that holds the base's `.gitignore` files alone. The directories that are
 * asked about are made there too, because a pattern such as `build/` matches directories only; it serves one
 * walk, so that no directory of another one is in the way of a file.
 */
export class IgnoreRules {
  readonly #hub: Hub;
  readonly #files: readonly TreeFile[];
  readonly #directory: string;
  #ready = false;

  private constructor(hub: Hub, files: readonly TreeFile[], directory: string) {
    this.#hub = hub;
    this.#files = files;
    this.#directory = directory;
  }

  /** Rules of a base; `directory` is made when it is needed, and removed by `close`. */
  static async of(hub: Hub, base: ObjectId, directory: string): Promise<IgnoreRules> {
    return new IgnoreRules(hub, (await hub.listings.of(base)).ignoreFiles, directory);
  }

  /** Which of the paths are ignored, themselves or with a directory above them. */
  async ignored(asked: readonly AskedPath[]): Promise<ReadonlySet<string>> {
    if (asked.length === 0 || this.#files.length === 0) return new Set();
    if (!this.#ready) await this.#lay();
    for (const { path, isDirectory } of asked) {
      if (isDirectory) await Deno.mkdir(`${this.#directory}/${path}`, { recursive: true });
    }
    // Without "./" a name that starts with a colon would be pathspec magic.
    const { stdout } = await this.#hub.git(["check-ignore", "--no-index", "--stdin", "-z"], {
      cwd: this.#directory,
      env: { GIT_WORK_TREE: this.#directory },
      stdin: joinNul(asked.map(({ path }) => `./${path}`)),
      okCodes: [0, 1],
    });
    return new Set(splitNul(decode(stdout)).map((path) => path.slice(2)));
  }

  /** Removes the directory. */
  async close(): Promise<void> {
    if (this.#ready) await removeTree(this.#directory);
  }

  async #lay(): Promise<void> {
    await removeTree(this.#directory);
    this.#ready = true;
    const contents = await this.#hub.blobs(this.#files.map((file) => file.blob));
    for (const [at, { path }] of this.#files.entries()) {
      const target = `${this.#directory}/${path}`;
      await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
      await Deno.writeFile(target, contents[at] ?? new Uint8Array());
    }
  }
}

/** The ignore pattern that matches exactly one path of the root. */
export function ignorePattern(path: string): string {
  return `/${path.replace(/\/+$/, "").replace(/[\\*?[\] ]/g, "\\$&")}`;
}
