/**
 * Delivery of a run that started from a snapshot of the dirty checkout: the checkout's own changes become commits
 * of the branch, so its files must still be the snapshot's.
 */

import { runGit } from "./command.ts";
import { GitError } from "./errors.ts";
import { lstatOrNull, removeIfThere } from "./files.ts";
import type { Hub } from "./hub.ts";
import type { DeliveryRequest, DeliveryResult, ObjectId } from "./port.ts";
import { firstLine, listedPaths, refused } from "./refusal.ts";
import { type Checkout, writeCheckoutTree } from "./snapshot.ts";
import { shortName, updateBranch } from "./user_repository.ts";

/** A delivery with what is known of its branch. */
export interface SnapshotDelivery extends DeliveryRequest {
  readonly snapshot: ObjectId;
  /** Where the branch is. */
  readonly current: ObjectId;
  /** The checkout that has the branch. */
  readonly checkout: Checkout | null;
}

/** Brings a checkout whose files equal the snapshot to `head`: index, files and branch, or nothing of it. */
export async function deliverSnapshot(hub: Hub, delivery: SnapshotDelivery): Promise<DeliveryResult> {
  const { snapshot, current, checkout, head } = delivery;
  const fix = `commit your changes, then run: git merge ${head}`;
  const name = shortName(delivery.branch);
  if (checkout === null) {
    return refused(`the run started from uncommitted changes, and no checkout has "${name}" now`, [], fix);
  }
  const parent = await hub.text(["rev-parse", "--verify", `${snapshot}^`]);
  if (parent !== current) {
    return refused("the run started from uncommitted changes, and the branch has moved since", [], fix);
  }
  const tree = await writeCheckoutTree(hub, checkout);
  const differing = await hub.compare(await hub.treeOf(snapshot), tree);
  if (differing.length > 0) {
    const paths = differing.map(({ path }) => path);
    return refused(
      "the run started from uncommitted changes, and the checkout has changed since",
      paths,
      fix,
    );
  }
  return await withIndexLock(checkout, () => bringForward(hub, delivery, checkout, fix));
}

/** Works on an index beside the user's, and puts it in its place only once everything else is done. */
async function bringForward(
  hub: Hub,
  { snapshot, head, branch, current, runId }: SnapshotDelivery,
  checkout: Checkout,
  fix: string,
): Promise<DeliveryResult> {
  const index = `${checkout.gitDir}/index.omk`;
  const options = { cwd: checkout.root, profile: "user", env: { GIT_INDEX_FILE: index } } as const;
  try {
    await runGit(["read-tree", snapshot], options);
    await runGit(["update-index", "-q", "--refresh"], { ...options, okCodes: [0, 1] });
    const ignored = await ignoredInTheWay(hub, checkout, snapshot, head);
    if (ignored.length > 0) return refused("ignored files of the checkout are in the way", ignored, fix);
    // A rehearsal finds what else is in the way while nothing has happened yet.
    const rehearsal = await runGit(["read-tree", "-m", "-u", "-n", snapshot, head], {
      ...options,
      okCodes: [0, 1, 128],
    });
    if (rehearsal.code !== 0) return refused(firstLine(rehearsal.stderr), listedPaths(rehearsal.stderr), fix);
    if (!(await updateBranch(hub, branch, head, current, runId))) {
      return refused("the branch has moved while it was merged", [], fix);
    }
    try {
      await runGit(["read-tree", "-m", "-u", snapshot, head], options);
    } catch (error) {
      if (error instanceof GitError) await updateBranch(hub, branch, current, head, runId);
      throw error;
    }
    await Deno.rename(index, `${checkout.gitDir}/index`);
    return { kind: "fast_forwarded", from: current, to: head, checkout: checkout.root };
  } finally {
    await removeIfThere(index);
    await removeIfThere(`${index}.lock`);
  }
}

/** Files of the checkout that `read-tree` would overwrite, because it takes ignored files for expendable. */
async function ignoredInTheWay(
  hub: Hub,
  checkout: Checkout,
  snapshot: ObjectId,
  head: ObjectId,
): Promise<string[]> {
  const { files } = await hub.listings.of(snapshot);
  const found = new Set<string>();
  for (const { path, change } of await hub.compare(snapshot, head)) {
    if (change !== "added") continue;
    const segments = path.split("/");
    for (let length = 1; length <= segments.length; length++) {
      const prefix = segments.slice(0, length).join("/");
      const info = await lstatOrNull(`${checkout.root}/${prefix}`);
      if (info === null) break;
      if (info.isDirectory && length < segments.length) continue;
      for (const file of await filesAt(checkout.root, prefix, info)) if (!files.has(file)) found.add(file);
      break;
    }
  }
  return [...found].sort();
}

/** A path itself, or everything below it if it is a directory. */
async function filesAt(root: string, path: string, info: Deno.FileInfo): Promise<string[]> {
  if (!info.isDirectory) return [path];
  const files: string[] = [];
  for await (const entry of Deno.readDir(`${root}/${path}`)) {
    const below = `${path}/${entry.name}`;
    files.push(...await filesAt(root, below, await Deno.lstat(`${root}/${below}`)));
  }
  return files;
}

/** Keeps other git commands away from a checkout's index, in git's own way. */
async function withIndexLock(
  checkout: Checkout,
  action: () => Promise<DeliveryResult>,
): Promise<DeliveryResult> {
  const lock = `${checkout.gitDir}/index.lock`;
  try {
    using _file = await Deno.open(lock, { write: true, createNew: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    return refused("another git command is at work in the checkout", [lock], "wait for it, then merge again");
  }
  try {
    return await action();
  } finally {
    await removeIfThere(lock);
  }
}
