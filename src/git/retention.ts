/** What `omk clean` may remove: slots and refs of runs. Nothing that is not kept elsewhere goes without `discard`. */

import { decode, runGit } from "./command.ts";
import { isMissing, removeIfThere, removeTree } from "./files.ts";
import type { Hub } from "./hub.ts";
import { runRefs } from "./objects.ts";
import type { ObjectId, SlotHolder } from "./port.ts";
import { readAside, readRecord, slotNames, type SlotPaths, slotPaths } from "./slot_record.ts";
import type { SlotPool } from "./slot_pool.ts";
import { userRefs } from "./user_repository.ts";
import { tryLockFile, unlockFile } from "./worktree_lock.ts";

/** A slot as `omk clean` sees it. */
export interface SlotInfo {
  /** `w1`, `g2`, … */
  readonly name: string;
  /** Absolute path of its worktree. */
  readonly path: string;
  /**
   * - `free`: nothing in it is needed;
   * - `in_use`: a living process works in it;
   * - `held`: it has the work of a process that died, not pinned yet: `omk resume` pins it;
   * - `set_aside`: it has something that could not be pinned, or could not be restored.
   */
  readonly state: "free" | "in_use" | "held" | "set_aside";
  readonly holder: SlotHolder | null;
  /** Why it was set aside. */
  readonly reason: string | null;
}

/** What became of a slot that was to be removed. */
export type SlotRemoval =
  | { readonly kind: "removed" }
  | {
    readonly kind: "kept";
    readonly state: Exclude<SlotInfo["state"], "free">;
    readonly reason: string | null;
  };

/** The refs of one run in the user's repository. */
export interface RunRefs {
  readonly run_id: string;
  readonly refs: number;
}

/** Scratch directories older than this belong to no living process. */
const SCRATCH_LIFETIME_MS = 24 * 3600 * 1000;

/** Every slot of a repository, with its state at this moment. */
export async function listSlots(pool: SlotPool): Promise<SlotInfo[]> {
  using _lock = await pool.lock();
  const slots: SlotInfo[] = [];
  for (const name of await slotNames(pool.worktreeDir)) {
    slots.push(await describeSlot(slotPaths(pool.worktreeDir, name)));
  }
  return slots;
}

/** Removes a slot with all its files. One that holds work is kept unless `discard`, one in use always. */
export async function removeSlot(pool: SlotPool, name: string, discard: boolean): Promise<SlotRemoval> {
  using _lock = await pool.lock();
  const paths = slotPaths(pool.worktreeDir, name);
  const { state, reason } = await describeSlot(paths);
  if (state !== "free" && !(discard && state !== "in_use")) return { kind: "kept", state, reason };
  const lock = await tryLockFile(paths.lock);
  if (lock === null) return { kind: "kept", state: "in_use", reason: null };
  try {
    await removeTree(paths.worktree);
    await removeTree(paths.repository);
    for await (const entry of Deno.readDir(pool.worktreeDir)) {
      const beside = entry.name.startsWith(`${name}.`) && entry.name !== `${name}.lock`;
      if (beside) await removeTree(`${pool.worktreeDir}/${entry.name}`);
    }
    // Last: as long as its lock file exists, the slot is listed.
    await removeIfThere(paths.lock);
  } finally {
    unlockFile(lock);
  }
  return { kind: "removed" };
}

/** Removes what merges of killed processes left behind. */
export async function removeScratch(pool: SlotPool, now: number): Promise<void> {
  using _lock = await pool.lock();
  for await (const entry of Deno.readDir(pool.worktreeDir)) {
    if (!entry.name.startsWith(".")) continue;
    const path = `${pool.worktreeDir}/${entry.name}`;
    try {
      const { mtime } = await Deno.lstat(path);
      if (now - (mtime?.getTime() ?? now) > SCRATCH_LIFETIME_MS) await removeTree(path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
}

/** The runs that have refs in the user's repository, the newest last. */
export async function listRunRefs(hub: Hub): Promise<RunRefs[]> {
  const counts = new Map<string, number>();
  for (const ref of (await userRefs(hub, "refs/omk/")).keys()) {
    const run = ref.split("/")[2] ?? "";
    counts.set(run, (counts.get(run) ?? 0) + 1);
  }
  return [...counts].map(([run_id, refs]) => ({ run_id, refs })).sort((a, b) => a.run_id < b.run_id ? -1 : 1);
}

/**
 * Removes the refs of a run from the user's repository and the hub. Without `discard` those stay whose commit no
 * branch, tag or remote branch of the user contains; their names are returned as `kept`.
 */
export async function removeRunRefs(
  hub: Hub,
  runId: string,
  discard: boolean,
): Promise<{ readonly removed: readonly string[]; readonly kept: readonly string[] }> {
  const own = await hub.refs(runRefs(runId));
  const published = await userRefs(hub, runRefs(runId));
  const all = new Map([...own, ...published]);
  const only = discard ? new Set<ObjectId>() : await unreachable(hub, [...all.values()]);
  const goes = ([, commit]: [string, ObjectId]) => !only.has(commit);
  await deleteRefs(hub.path, [...own].filter(goes));
  await deleteRefs(hub.info.commonDir, [...published].filter(goes));
  return {
    removed: [...all].filter(goes).map(([ref]) => ref).sort(),
    kept: [...all].filter((entry) => !goes(entry)).map(([ref]) => ref).sort(),
  };
}

async function describeSlot(paths: SlotPaths): Promise<SlotInfo> {
  const lock = await tryLockFile(paths.lock);
  const record = await readRecord(paths);
  const aside = await readAside(paths);
  const holder = record === "unreadable" ? null : record.holder;
  const common = { name: paths.name, path: paths.worktree };
  if (lock === null) return { ...common, state: "in_use", holder, reason: null };
  unlockFile(lock);
  if (aside !== null) return { ...common, state: "set_aside", holder: aside.holder, reason: aside.reason };
  if (record === "unreadable") {
    return { ...common, state: "set_aside", holder: null, reason: "its record cannot be read" };
  }
  return { ...common, state: holder === null ? "free" : "held", holder, reason: null };
}

/** Which of the commits no branch, tag or remote branch of the user contains. */
async function unreachable(hub: Hub, commits: readonly ObjectId[]): Promise<Set<ObjectId>> {
  if (commits.length === 0) return new Set();
  const { stdout } = await runGit(["rev-list", "--stdin", "--not", "--branches", "--tags", "--remotes"], {
    cwd: hub.info.commonDir,
    profile: "local",
    env: { GIT_DIR: hub.info.commonDir, GIT_ALTERNATE_OBJECT_DIRECTORIES: hub.objects },
    stdin: `${commits.join("\n")}\n`,
  });
  const listed = new Set(decode(stdout).split("\n"));
  return new Set(commits.filter((commit) => listed.has(commit)));
}

async function deleteRefs(gitDir: string, refs: readonly [string, ObjectId][]): Promise<void> {
  if (refs.length === 0) return;
  await runGit(["update-ref", "--stdin"], {
    cwd: gitDir,
    profile: "local",
    env: { GIT_DIR: gitDir },
    stdin: refs.map(([ref, commit]) => `delete ${ref} ${commit}\n`).join(""),
  });
}
