/** The hub: omk's own bare repository, in which it pins, compares and merges. */

import { decode, type GitOptions, type GitOutput, runGit, splitNul } from "./command.ts";
import { exists, readTextOrNull, removeIfThere, replaceText } from "./files.ts";
import { writeCommit } from "./loose_object.ts";
import { ObjectReader, type TreeChange } from "./object_reader.ts";
import type { CommitMeta, ObjectId, RepositoryInfo } from "./port.ts";
import { type RefUpdate, RefWriter } from "./ref_writer.ts";
import { TreeListings } from "./tree_listing.ts";
import { lockFile, unlockFile } from "./worktree_lock.ts";

/**
 * The attributes of the hub and of every slot: bytes go in and out as they are, whatever the tree's own
 * attribute files say.
 */
export const RAW_ATTRIBUTES = "* -text -eol -filter -ident -working-tree-encoding\n";

/** Compacting, which others wait for, ends by its deadline at the latest, milliseconds. */
const USE_TIMEOUT_MS = 1_200_000;

/** What has been without a ref for so long is dropped: what omk makes gets its ref within minutes. */
const UNREACHABLE_KEPT = "2.days.ago";

/** How a call in the hub differs from the plain one. */
export type HubOptions = Partial<Omit<GitOptions, "profile">>;

/** omk's own repository for one repository of the user. */
export class Hub {
  readonly info: RepositoryInfo;
  /** Absolute path of the bare repository. */
  readonly path: string;
  /** What the trees hold. */
  readonly listings: TreeListings = new TreeListings((args) => this.fields(args));
  readonly #reader: ObjectReader;
  readonly #refs: RefWriter;
  readonly #moved = new Map<string, ObjectId>();
  /** Locked for as long as the hub is open: shared, and for this process alone while it compacts. */
  #use: Deno.FsFile | null;

  private constructor(info: RepositoryInfo, omkDir: string, use: Deno.FsFile) {
    this.info = info;
    this.#use = use;
    this.path = `${omkDir}/hub.git`;
    const options = { cwd: this.path, profile: "own", env: { GIT_DIR: this.path } } as const;
    this.#reader = new ObjectReader(options);
    this.#refs = new RefWriter(options);
  }

  /** Makes the hub below `omkDir` where it is missing, and refreshes what it takes from the user's repository. */
  static async open(info: RepositoryInfo, omkDir: string): Promise<Hub> {
    await Deno.mkdir(omkDir, { recursive: true });
    const what = "Cannot use omk's own repository, which is being packed";
    const use = await lockFile(`${omkDir}/hub.lock`, { what, exclusive: false, timeoutMs: USE_TIMEOUT_MS });
    const hub = new Hub(info, omkDir, use);
    try {
      if (!(await exists(`${hub.path}/config`))) await create(hub.path, info);
      await hub.refresh();
      return hub;
    } catch (error) {
      await hub.close();
      throw error;
    }
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

  /** Ends the processes that answer for the hub; they start again when they are needed. */
  async close(): Promise<void> {
    await Promise.all([this.#reader.close(), this.#refs.close()]);
    if (this.#use !== null) unlockFile(this.#use);
    this.#use = null;
  }

  /**
   * Packs the hub, and drops what has been without a ref for two days; false where another process has the hub open.
   * Whoever writes objects must not meet it: git's batched sync does not tell of an object that it could not move into
   * a directory that was removed as empty. It is not `git gc`, which takes a pack of the user that is just being moved
   * into its place for garbage, by way of the alternates.
   */
  async compact(): Promise<boolean> {
    const use = this.#use;
    if (use === null) return false;
    try {
      if (!use.tryLockSync(true)) return false;
      await this.git(["pack-refs", "--all"]);
      await this.git(["repack", "-A", "-d", "-l", "-q", `--unpack-unreachable=${UNREACHABLE_KEPT}`]);
      await this.git(["prune", `--expire=${UNREACHABLE_KEPT}`]);
      return true;
    } finally {
      // A lock that could not be had alone has been lost. Whoever holds it now is compacting, and waits for nobody.
      await use.lock(false);
    }
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
  treeOf(commit: ObjectId): Promise<ObjectId> {
    return this.#reader.treeOf(commit);
  }

  /** Whether `commit` descends from `ancestor`, or is it. */
  async isAncestor(ancestor: ObjectId, commit: ObjectId): Promise<boolean> {
    const { code } = await this.git(["merge-base", "--is-ancestor", ancestor, commit], { okCodes: [0, 1] });
    return code === 0;
  }

  /** Makes a commit that depends on nothing but its arguments; made again, it is the same one. */
  async commitTree(tree: ObjectId, parents: readonly ObjectId[], meta: CommitMeta): Promise<ObjectId> {
    const commit = await writeCommit(this.objects, this.info.objectFormat, { tree, parents, meta });
    this.#reader.learnTree(commit, tree);
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
  ref(name: string): Promise<ObjectId | null> {
    return this.#reader.ref(name);
  }

  /**
   * Moves refs, all or none.
   *
   * @throws {RefMovedError} where one does not have the value that it should be moved from.
   */
  async updateRefs(updates: readonly RefUpdate[]): Promise<void> {
    await this.#refs.update(updates);
    for (const { ref, to } of updates) {
      if (to === null) this.#moved.delete(ref);
      else this.#moved.set(ref, to);
    }
  }

  /** The refs below a prefix that this process has moved since it last asked, with their values. */
  takeMoved(prefix: string): Map<string, ObjectId> {
    const taken = new Map([...this.#moved].filter(([ref]) => ref.startsWith(prefix)));
    for (const ref of taken.keys()) this.#moved.delete(ref);
    return taken;
  }

  /** The differences between two commits or trees. */
  compare(from: ObjectId, to: ObjectId): Promise<TreeChange[]> {
    return this.#reader.compare(from, to);
  }

  /** The contents of blobs, in the order asked for; they must fit in memory together. */
  blobs(ids: readonly ObjectId[]): Promise<Uint8Array[]> {
    return this.#reader.blobs(ids);
  }

  /** The sizes of blobs in bytes, in the order asked for. */
  blobSizes(ids: readonly ObjectId[]): Promise<number[]> {
    return this.#reader.blobSizes(ids);
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

  /**
   * What changed in some paths between two commits, for people: of what is binary or over a mebibyte only the name.
   */
  async diff(from: ObjectId, to: ObjectId, paths: readonly string[]): Promise<string> {
    const { stdout } = await this.git([
      ...[
        "diff-tree",
        "-p",
        "--no-renames",
        "--no-ext-diff",
        "--no-textconv",
        "--diff-algorithm=myers",
        "-U3",
      ],
      ...["--src-prefix=a/", "--dst-prefix=b/", from, to, "--", ...paths],
    ], { env: { GIT_LITERAL_PATHSPECS: "1" }, config: ["core.bigFileThreshold=1m"] });
    return decode(stdout);
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
