/** Which paths a tree has: what restoring, walking and merging need to know of a base. */

import { MODE_GITLINK, MODE_SYMLINK } from "./objects.ts";
import type { ObjectId } from "./port.ts";

/** A file of a tree with its content. */
export interface TreeFile {
  readonly path: string;
  readonly blob: ObjectId;
}

/** The paths of a tree, in git's order. Names that are not UTF-8 hold U+FFFD. */
export interface TreeListing {
  /** Regular files and symbolic links. */
  readonly files: ReadonlySet<string>;
  /** Without the root; parents before children. */
  readonly directories: ReadonlySet<string>;
  /** Submodules. */
  readonly gitlinks: ReadonlySet<string>;
  /** Every `.gitignore` that is a regular file; git follows no link to one. */
  readonly ignoreFiles: readonly TreeFile[];
  /** Every `.gitattributes` that is a regular file. */
  readonly attributeFiles: readonly TreeFile[];
}

/** Tasks that run at once have few different bases. */
const LISTINGS_KEPT = 4;

/** Lists trees, and remembers the last ones. */
export class TreeListings {
  readonly #list: (args: readonly string[]) => Promise<string[]>;
  readonly #known = new Map<ObjectId, Promise<TreeListing>>();

  /** `list` runs git and gives the NUL-terminated fields of its output. */
  constructor(list: (args: readonly string[]) => Promise<string[]>) {
    this.#list = list;
  }

  /** The listing of a commit or tree. */
  of(treeish: ObjectId): Promise<TreeListing> {
    const known = this.#known.get(treeish) ?? this.#read(treeish);
    // Moved to the end: the first key is the one that was not used for the longest time.
    this.#known.delete(treeish);
    this.#known.set(treeish, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= LISTINGS_KEPT) break;
      this.#known.delete(oldest);
    }
    known.catch(() => this.#known.delete(treeish));
    return known;
  }

  async #read(treeish: ObjectId): Promise<TreeListing> {
    const files = new Set<string>();
    const directories = new Set<string>();
    const gitlinks = new Set<string>();
    const ignoreFiles: TreeFile[] = [];
    const attributeFiles: TreeFile[] = [];
    for (const field of await this.#list(["ls-tree", "-r", "-t", "-z", "--full-tree", treeish])) {
      const tab = field.indexOf("\t");
      const path = field.slice(tab + 1);
      const [mode = "", type, blob = ""] = field.slice(0, tab).split(" ");
      if (type === "tree") {
        directories.add(path);
      } else if (mode === MODE_GITLINK) {
        gitlinks.add(path);
      } else {
        files.add(path);
        if (mode === MODE_SYMLINK) continue;
        if (isNamed(path, ".gitignore")) ignoreFiles.push({ path, blob });
        if (isNamed(path, ".gitattributes")) attributeFiles.push({ path, blob });
      }
    }
    return { files, directories, gitlinks, ignoreFiles, attributeFiles };
  }
}

/** Whether the last segment of a path is `name`. */
export function isNamed(path: string, name: string): boolean {
  return path.endsWith(name) && (path.length === name.length || path.at(-name.length - 1) === "/");
}
