/** Reading objects, refs and differences of a repository through processes that stay. */

import type { GitOptions } from "./command.ts";
import { type Answer, GitProcess } from "./git_process.ts";
import type { ChangedPath, ObjectId } from "./port.ts";

/** A difference between two trees, as git reports it without looking for renames. */
export interface TreeChange {
  readonly path: string;
  readonly change: ChangedPath["change"];
  /** Mode and blob on the new side; zeros where the path is gone. */
  readonly mode: string;
  readonly blob: ObjectId;
}

const LINE_END = 10;
const COLON = 58;

/** git gives back a line that names no object, and flushes: so it marks the end of an answer. */
const END_MARK = "end";

/** Trees of so many commits are remembered: a run asks again and again for those of a few bases and heads. */
const TREES_KEPT = 10_000;

/** What `cat-file` says of one object. */
interface ObjectInfo {
  readonly id: ObjectId;
  readonly size: number;
}

/** See the module. */
export class ObjectReader {
  readonly #objects: GitProcess;
  readonly #differences: GitProcess;
  readonly #trees = new Map<ObjectId, ObjectId>();

  /** Takes how git is run in the repository. */
  constructor(options: GitOptions) {
    this.#objects = new GitProcess(["cat-file", "--batch-command"], options);
    const args = ["diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames"];
    this.#differences = new GitProcess(args, options);
  }

  /** Ends the processes. */
  async close(): Promise<void> {
    await Promise.all([this.#objects[Symbol.asyncDispose](), this.#differences[Symbol.asyncDispose]()]);
  }

  /** The value of one ref, by its full name; null where it does not exist. */
  async ref(name: string): Promise<ObjectId | null> {
    const [info] = await this.#infos([name]);
    return info?.id ?? null;
  }

  /** The tree of a commit, or the tree itself. */
  async treeOf(treeish: ObjectId): Promise<ObjectId> {
    const known = this.#trees.get(treeish);
    if (known !== undefined) return known;
    const [info] = await this.#infos([`${treeish}^{tree}`]);
    if (!info) throw new Error(`Cannot find a tree for "${treeish}" in the hub`);
    this.learnTree(treeish, info.id);
    return info.id;
  }

  /** Takes note of the tree of a commit that was just made. */
  learnTree(commit: ObjectId, tree: ObjectId): void {
    if (this.#trees.size >= TREES_KEPT) this.#trees.clear();
    this.#trees.set(commit, tree);
  }

  /** The sizes of blobs in bytes, in the order asked for. */
  async blobSizes(ids: readonly ObjectId[]): Promise<number[]> {
    return (await this.#infos(ids)).map((info, at) => info?.size ?? fail(ids[at]));
  }

  /** The contents of blobs, in the order asked for; they must fit in memory together. */
  async blobs(ids: readonly ObjectId[]): Promise<Uint8Array[]> {
    if (ids.length === 0) return [];
    return await this.#objects.ask(ids.map((id) => `contents ${id}\n`).join(""), async (answer) => {
      const contents: Uint8Array[] = [];
      for (const id of ids) {
        const info = parseInfo(await answer.until(LINE_END)) ?? fail(id);
        contents.push(await answer.bytes(info.size));
        await answer.bytes(1);
      }
      return contents;
    });
  }

  /** The differences between two commits or trees, in git's order. */
  async compare(from: ObjectId, to: ObjectId): Promise<TreeChange[]> {
    if (from === to) return [];
    const [before, after] = [await this.treeOf(from), await this.treeOf(to)];
    if (before === after) return [];
    return await this.#differences.ask(`${before} ${after}\n${END_MARK}\n`, readChanges);
  }

  async #infos(names: readonly string[]): Promise<(ObjectInfo | null)[]> {
    if (names.length === 0) return [];
    return await this.#objects.ask(names.map((name) => `info ${name}\n`).join(""), async (answer) => {
      const infos: (ObjectInfo | null)[] = [];
      while (infos.length < names.length) infos.push(parseInfo(await answer.until(LINE_END)));
      return infos;
    });
  }
}

/** Reads the line with the two trees, the differences, each two fields that end with NUL, and the mark. */
async function readChanges(answer: Answer): Promise<TreeChange[]> {
  await answer.until(LINE_END);
  const changes: TreeChange[] = [];
  while (await answer.peek() === COLON) {
    const [, mode = "", , blob = "", status = ""] = (await answer.until(0)).split(" ");
    changes.push({ path: await answer.until(0), change: changeOf(status), mode, blob });
  }
  await answer.until(LINE_END);
  return changes;
}

/** Reads "<id> <type> <size>"; null for "<name> missing" and the like. */
function parseInfo(line: string): ObjectInfo | null {
  const match = /^([0-9a-f]{40,64}) [a-z]+ (\d+)$/.exec(line);
  return match === null ? null : { id: match[1] ?? "", size: Number(match[2]) };
}

function changeOf(status: string): ChangedPath["change"] {
  if (status === "A") return "added";
  return status === "D" ? "deleted" : "modified";
}

function fail(id: string | undefined): never {
  throw new Error(`Cannot read object "${id}" of the hub`);
}
