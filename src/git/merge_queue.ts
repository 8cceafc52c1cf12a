/** The git side of the merge queue: merges without a checkout, the same result on every machine. */

import { decode, splitNul } from "./command.ts";
import { removeTree } from "./files.ts";
import type { Hub } from "./hub.ts";
import type { CommitMeta, MergeResult, ObjectId } from "./port.ts";
import { isNamed, type TreeFile } from "./tree_listing.ts";

/**
 * The settings of every merge, recorded with the version of git. A directory that one side renames while the
 * other adds to it is a conflict: neither guess is safe.
 */
export const MERGE_CONFIG: readonly string[] = [
  "merge.renames=true",
  "diff.renames=true",
  "merge.renameLimit=7000",
  "diff.renameLimit=7000",
  "merge.directoryRenames=conflict",
  "merge.conflictStyle=merge",
  "merge.renormalize=false",
];

/** How much of git's account of a conflict is kept. */
const DETAIL_CHARACTERS = 4000;

/** Merges commits of the hub. */
export class MergeQueue {
  readonly #hub: Hub;
  readonly #scratchDir: string;
  /** The commit that was made last, and commits that are known to be its ancestors. */
  #line: { readonly tip: ObjectId; readonly ancestors: Set<ObjectId> } | null = null;
  /** The attribute files of the commit that was asked for last. */
  #attributes: { readonly commit: ObjectId; readonly files: readonly TreeFile[] } | null = null;

  /** Working directories of merges are made in `scratchDir`. */
  constructor(hub: Hub, scratchDir: string) {
    this.#hub = hub;
    this.#scratchDir = scratchDir;
  }

  /** Merges a pin, whose base is `base`, on the run's head: one commit whose only parent is the head. */
  async mergePin(head: ObjectId, pin: ObjectId, base: ObjectId, meta: CommitMeta): Promise<MergeResult> {
    const tree = head === base
      ? await this.#hub.treeOf(pin)
      : await this.#mergeTrees(await this.#childOf(base, head, meta), pin, head);
    const merged = await this.#commit(tree, [head], meta);
    if (merged.kind === "merged") this.#learnChild(head, merged.commit);
    return merged;
  }

  /** Merges the run's head into a branch: a commit with two parents, the branch first. */
  async mergeBranch(branch: ObjectId, head: ObjectId, meta: CommitMeta): Promise<MergeResult> {
    return await this.#commit(await this.#mergeTrees(branch, head, branch), [branch, head], meta);
  }

  async #commit(
    tree: ObjectId | Extract<MergeResult, { kind: "conflict" }>,
    parents: readonly ObjectId[],
    meta: CommitMeta,
  ): Promise<MergeResult> {
    if (typeof tree !== "string") return tree;
    return { kind: "merged", commit: await this.#hub.commitTree(tree, parents, meta), tree };
  }

  /**
   * A commit with the tree of `head` from which git finds `base` as the merge base: `head` itself where it descends
   * from it, as it does in a run. (Naming the base would need git 2.40.)
   */
  async #childOf(base: ObjectId, head: ObjectId, meta: CommitMeta): Promise<ObjectId> {
    if (this.#line?.tip === head && this.#line.ancestors.has(base)) return head;
    if (await this.#hub.isAncestor(base, head)) {
      if (this.#line?.tip === head) this.#line.ancestors.add(base);
      else this.#line = { tip: head, ancestors: new Set([base]) };
      return head;
    }
    return await this.#hub.commitTree(await this.#hub.treeOf(head), [base], meta);
  }

  #learnChild(parent: ObjectId, child: ObjectId): void {
    const ancestors = this.#line?.tip === parent ? this.#line.ancestors : new Set<ObjectId>();
    this.#line = { tip: child, ancestors: ancestors.add(parent) };
  }

  /** Merges two commits under the attributes of a third. */
  async #mergeTrees(
    ours: ObjectId,
    theirs: ObjectId,
    attributes: ObjectId,
  ): Promise<ObjectId | Extract<MergeResult, { kind: "conflict" }>> {
    const directory = await Deno.makeTempDir({ dir: this.#scratchDir, prefix: ".merge-" });
    try {
      await this.#layAttributes(attributes, directory);
      const { code, stdout } = await this.#hub.git(
        ["merge-tree", "--write-tree", "-z", "--name-only", "--messages", ours, theirs],
        {
          cwd: directory,
          env: { GIT_WORK_TREE: directory, GIT_INDEX_FILE: `${directory}/.git-index` },
          config: MERGE_CONFIG,
          okCodes: [0, 1],
        },
      );
      return parseMerge(decode(stdout), code === 1);
    } finally {
      await removeTree(directory);
    }
  }

  /** Makes the attribute files of a commit, and nothing else, visible to git in a directory. */
  async #layAttributes(commit: ObjectId, directory: string): Promise<void> {
    const files = await this.#attributesOf(commit);
    const contents = await this.#hub.blobs(files.map(({ blob }) => blob));
    for (const [at, { path }] of files.entries()) {
      const target = `${directory}/${path}`;
      await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
      await Deno.writeFile(target, contents[at] ?? new Uint8Array());
    }
  }

  /** The attribute files of a commit: those of the one before where none of them has changed since. */
  async #attributesOf(commit: ObjectId): Promise<readonly TreeFile[]> {
    const known = this.#attributes;
    const same = known !== null &&
      !(await this.#hub.compare(known.commit, commit)).some(({ path }) => isNamed(path, ".gitattributes"));
    const files = same ? known.files : (await this.#hub.listings.of(commit)).attributeFiles;
    this.#attributes = { commit, files };
    return files;
  }
}

/**
 * Reads the output of `merge-tree -z --name-only --messages`: the tree; for a conflict its paths up to an empty
 * field; then messages, each a count, that many paths, its kind and its text.
 */
function parseMerge(
  output: string,
  conflict: boolean,
): ObjectId | Extract<MergeResult, { kind: "conflict" }> {
  const fields = splitNul(output);
  const tree = fields[0] ?? "";
  if (!conflict) return tree;
  const end = fields.indexOf("", 1);
  const paths = [...new Set(fields.slice(1, end))].sort();
  const messages: string[] = [];
  for (let at = end + 1; at < fields.length;) {
    const count = Number(fields[at]);
    const [kind = "", text = ""] = fields.slice(at + 1 + count, at + 3 + count);
    if (kind !== "Auto-merging") messages.push(text.trim());
    at += 3 + count;
  }
  const detail = messages.join("\n");
  return { kind: "conflict", paths, detail: detail.slice(0, DETAIL_CHARACTERS) };
}
