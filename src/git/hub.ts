/** The hub: omk's own bare repository, in which it pins, compares and merges. */

import { decode, type GitOptions, type GitOutput, runGit, splitNul } from "./command.ts";
import { GitError, RefMovedError } from "./errors.ts";
import { exists, readTextOrNull, removeIfThere, replaceText } from "./files.ts";
import { zeroId } from "./objects.ts";
import type { ChangedPath, CommitMeta, ObjectId, RepositoryInfo } from "./port.ts";
import { TreeListings } from "./tree_listing.ts";

/**
 * The attributes of the hub and of every slot: bytes go in and out as they are, whatever the tree's own
 * attribute files say.
 */
export const RAW_ATTRIBUTES = "* -text -eol -filter -ident -working-tree-encoding\n";

/** How a call in the hub differs from the plain one. */
export type HubOptions = Partial<Omit<GitOptions, "profile">>;

/** A difference between two trees, as git reports it without looking for renames. */
export interface TreeChange {
  readonly path: string;
  readonly change: ChangedPath["change"];
  /** Mode and blob on the new side; zeros where the path is gone. */
  readonly mode: string;
  readonly blob: ObjectId;
}

/** A move of one ref, made only if it still has the value `from`; null: it must not exist. */
export interface RefUpdate {
  readonly ref: string;
  readonly from: ObjectId | null;
  readonly to: ObjectId;
}

/** omk's own repository for one repository of the user. */
export class Hub {
  readonly info: RepositoryInfo;
  /** Absolute path of the bare repository. */
  readonly path: string;
  /** What the trees hold. */
  readonly listings: TreeListings = new TreeListings((args) => this.fields(args));
  readonly #trees = new Map<ObjectId, ObjectId>();

  private constructor(info: RepositoryInfo, omkDir: string) {
    this.info = info;
    this.path = `${omkDir}/hub.git`;
  }

  /** Makes the hub below `omkDir` where it is missing, and refreshes what it takes from the user's repository. */
  static async open(info: RepositoryInfo, omkDir: string): Promise<Hub> {
    const hub = new Hub(info, omkDir);
    if (!(await exists(`${hub.path}/config`))) await create(hub.path, info);
    await hub.refresh();
    return hub;
  }

  /** Takes over where the user's objects lie, and where their history is cut off. */
  async refresh(): Promise<void> {
    await replaceText(`${this.path}/objects/info/alternates`, alternates([this.userObjects]));
    await replaceText(`${this.path}/info/attributes`, RAW_ATTRIBUTES);
    await copyShallow(this.info.commonDir, this.path);
  }

  /** The user's object directory. */
  get userObjects(): string {
    return `${this.info.commonDir}/objects`;
  }

  /** The hub's object directory. */
  get objects(): string {
    return `${this.path}/objects`;
  }

  /** Runs git in the hub. */
  git(args: readonly string[], options: HubOptions = {}): Promise<GitOutput> {
    return runGit(args, {
      cwd: this.path,
      ...options,
      profile: "own",
      env: { GIT_DIR: this.path, ...options.env },
    });
  }

  /** Runs git in the hub and gives its output without the last line end. */
  async text(args: readonly string[], options: HubOptions = {}): Promise<string> {
    return decode((await this.git(args, options)).stdout).replace(/\n$/, "");
  }

  /** Runs git in the hub and gives the NUL-terminated fields of its output. */
  async fields(args: readonly string[], options: HubOptions = {}): Promise<string[]> {
    return splitNul(decode((await this.git(args, options)).stdout));
  }

  /** The tree of a commit. */
  async treeOf(commit: ObjectId): Promise<ObjectId> {
    const known = this.#trees.get(commit);
    if (known !== undefined) return known;
    const tree = await this.text(["rev-parse", "--verify", `${commit}^{tree}`]);
    this.#trees.set(commit, tree);
    return tree;
  }

  /** Whether `commit` descends from `ancestor`, or is it. */
  async isAncestor(ancestor: ObjectId, commit: ObjectId): Promise<boolean> {
    const { code } = await this.git(["merge-base", "--is-ancestor", ancestor, commit], { okCodes: [0, 1] });
    return code === 0;
  }

  /** Makes a commit that depends on nothing but its arguments; made again, it is the same one. */
  async commitTree(tree: ObjectId, parents: readonly ObjectId[], meta: CommitMeta): Promise<ObjectId> {
    const date = `@${Math.floor(meta.date / 1000)} +0000`;
    const args = ["commit-tree", tree, ...parents.flatMap((parent) => ["-p", parent]), "-F", "-"];
    const commit = await this.text(args, {
      stdin: meta.message.replaceAll("\0", ""),
      env: {
        GIT_AUTHOR_NAME: meta.identity.name,
        GIT_AUTHOR_EMAIL: meta.identity.email,
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_NAME: meta.identity.name,
        GIT_COMMITTER_EMAIL: meta.identity.email,
        GIT_COMMITTER_DATE: date,
      },
    });
    this.#trees.set(commit, tree);
    return commit;
  }

  /** The value of each ref below a prefix that ends with `/`, or of the one ref of that name. */
  async refs(prefix: string): Promise<Map<string, ObjectId>> {
    const listing = await this.text(["for-each-ref", "--format=%(objectname) %(refname)", prefix]);
    return new Map(
      listing.split("\n").filter((line) => line !== "").map((line): [string, ObjectId] => {
        const space = line.indexOf(" ");
        return [line.slice(space + 1), line.slice(0, space)];
      }),
    );
  }

  /** The value of one ref, or null. */
  async ref(name: string): Promise<ObjectId | null> {
    return (await this.refs(name)).get(name) ?? null;
  }

  /**
   * Moves refs, all or none.
   *
   * @throws {RefMovedError} where one does not have the value that it should be moved from.
   */
  async updateRefs(updates: readonly RefUpdate[]): Promise<void> {
    const lines = updates.map(({ ref, from, to }) => `update ${ref} ${to} ${from ?? zeroId(to)}\n`);
    try {
      await this.git(["update-ref", "--stdin"], { stdin: lines.join("") });
    } catch (error) {
      if (!(error instanceof GitError) || !/cannot lock ref/.test(error.failure.stderr)) throw error;
      throw new RefMovedError({
        what: "Cannot move a ref of the run",
        where: updates.map((update) => update.ref).join(", "),
        why: error.failure.stderr.trim(),
        fix: "see who else writes below refs/omk/",
        cause: error,
      });
    }
  }

  /** The differences between two commits or trees. */
  async compare(from: ObjectId, to: ObjectId): Promise<TreeChange[]> {
    if (from === to) return [];
    const fields = await this.fields(["diff-tree", "-r", "-z", "--raw", "--no-renames", from, to]);
    const changes: TreeChange[] = [];
    for (let at = 0; at + 1 < fields.length; at += 2) {
      const [, mode = "", , blob = "", status = ""] = (fields[at] ?? "").split(" ");
      changes.push({ path: fields[at + 1] ?? "", change: changeOf(status), mode, blob });
    }
    return changes;
  }

  /** The contents of blobs, in the order asked for; they must fit in memory together. */
  async blobs(ids: readonly ObjectId[]): Promise<Uint8Array[]> {
    if (ids.length === 0) return [];
    const { stdout } = await this.git(["cat-file", "--batch"], { stdin: `${ids.join("\n")}\n` });
    const contents: Uint8Array[] = [];
    for (let at = 0; at < stdout.length;) {
      const lineEnd = stdout.indexOf(10, at);
      const header = decode(stdout.subarray(at, lineEnd));
      const size = Number(header.split(" ")[2]);
      if (!Number.isSafeInteger(size)) throw new Error(`Cannot read a blob from the hub: "${header}"`);
      contents.push(stdout.subarray(lineEnd + 1, lineEnd + 1 + size));
      at = lineEnd + 1 + size + 1;
    }
    return contents;
  }

  /** The sizes of blobs in bytes, in the order asked for. */
  async blobSizes(ids: readonly ObjectId[]): Promise<number[]> {
    if (ids.length === 0) return [];
    const listing = await this.text(["cat-file", "--batch-check=%(objectsize)"], {
      stdin: `${ids.join("\n")}\n`,
    });
    return listing.split("\n").map(Number);
  }

  /**
   * The canonical patch between two commits: the same bytes wherever it is made.
   */
  async patch(base: ObjectId, head: ObjectId): Promise<Uint8Array> {
    const { stdout } = await this.git([
      ...["diff-tree", "-p", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv"],
      ...["--diff-algorithm=myers", "-U3", "--src-prefix=a/", "--dst-prefix=b/", base, head],
    ]);
    return stdout;
  }
}

/** The text of an `objects/info/alternates` file. */
export function alternates(directories: readonly string[]): string {
  // git reads a line that starts with a double quote as a C string, and one that starts with # as a comment.
  const line = (path: string) => /^["#]|\n/.test(path) ? JSON.stringify(path) : path;
  return directories.map((path) => `${line(path)}\n`).join("");
}

/** Copies the list of commits at which a shallow clone's history is cut off, or removes the copy. */
export async function copyShallow(commonDir: string, gitDir: string): Promise<void> {
  const shallow = await readTextOrNull(`${commonDir}/shallow`);
  if (shallow === null) await removeIfThere(`${gitDir}/shallow`);
  else await replaceText(`${gitDir}/shallow`, shallow);
}

/** Makes the hub under another name first, so that two processes never see half of one. */
async function create(path: string, info: RepositoryInfo): Promise<void> {
  const parent = path.slice(0, path.lastIndexOf("/"));
  await Deno.mkdir(parent, { recursive: true });
  const fresh = await Deno.makeTempDir({ dir: parent, prefix: ".new-hub-" });
  const format = `--object-format=${info.objectFormat}`;
  await runGit(["init", "--quiet", "--bare", "--template=", "--initial-branch=omk", format, fresh], {
    cwd: parent,
    profile: "own",
  });
  await Deno.mkdir(`${fresh}/objects/info`, { recursive: true });
  await Deno.mkdir(`${fresh}/info`, { recursive: true });
  try {
    await Deno.rename(fresh, path);
  } catch (error) {
    await Deno.remove(fresh, { recursive: true });
    // Another process was faster.
    if (!(await exists(`${path}/config`))) throw error;
  }
}

function changeOf(status: string): ChangedPath["change"] {
  if (status === "A") return "added";
  return status === "D" ? "deleted" : "modified";
}
