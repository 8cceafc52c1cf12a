/**
 * Making the files of a slot equal to a commit, whatever the task before has done to them.
 *
 * The fast way relies on omk's own index of the slot, which holds what omk itself wrote there, with its stat
 * data: git rewrites every file that differs from that, so flags and tricks in the slot's own index are without
 * effect. Where anything about it goes wrong, the slot is emptied and filled again.
 */

import { reasonOf } from "../errors.ts";
import { SlotError } from "./errors.ts";
import { exists, lstatOrNull, mayBeLossy, removeIfThere, removeTree } from "./files.ts";
import type { Hub } from "./hub.ts";
import { ignorePattern } from "./ignore_rules.ts";
import type { ObjectId } from "./port.ts";
import { borrowIndex, inSlot } from "./slot_index.ts";
import type { SlotPaths } from "./slot_record.ts";

/**
 * Restores a slot to `base`: tracked files and their modes, no untracked file but those below `keep`.
 * Resolves with false where the slot had to be emptied for it, `keep` included.
 *
 * @throws {SlotError} where even that fails; the slot is to be set aside.
 */
export async function restoreSlot(
  hub: Hub,
  paths: SlotPaths,
  base: ObjectId,
  keep: readonly string[],
): Promise<boolean> {
  // A git that was cut short, or that is still at work although its omk was killed.
  const interrupted = await exists(`${paths.index}.lock`);
  // A task may have put a file or a symbolic link in the place of its worktree: nothing is cleaned behind it.
  if (!interrupted && await isRealDirectory(paths.worktree)) {
    if (await tryInPlace(hub, paths, base, keep)) return true;
  }
  try {
    await removeTree(paths.worktree);
    await removeIfThere(`${paths.index}.lock`);
    await removeIfThere(paths.index);
    await Deno.mkdir(paths.worktree, { recursive: true });
    await checkOut(hub, paths, base);
    return false;
  } catch (error) {
    throw new SlotError({
      what: "Cannot restore a worktree",
      where: paths.worktree,
      why: reasonOf(error),
      fix: 'see the reason, or remove it with "omk clean --discard"',
      cause: error,
    });
  }
}

/**
 * Puts the files of a pin on `base` into a slot that is restored to it. Both indexes stay at the base: it looks as if
 * the task itself had just made them.
 */
export async function layWork(hub: Hub, paths: SlotPaths, base: ObjectId, pin: ObjectId): Promise<void> {
  const index = await borrowIndex(hub, paths, base, "work");
  await using _index = index;
  await hub.git(["read-tree", "--reset", "-u", pin], inSlot(paths, index.path));
}

/** The fast way; false at the first sign that something is not as it should be. */
async function tryInPlace(
  hub: Hub,
  paths: SlotPaths,
  base: ObjectId,
  keep: readonly string[],
): Promise<boolean> {
  try {
    if (await checkOut(hub, paths, base) !== "") return false;
    await tidyDirectories(hub, paths, base, keep);
    const { stderr } = await hub.git(["clean", "-ffdxq", ...exclusions(keep)], inSlot(paths));
    return stderr === "";
  } catch {
    // Emptying the slot is the answer to every failure here; if that fails too, its reason is reported.
    return false;
  }
}

/** Writes what differs from `base`; resolves with git's warnings. */
async function checkOut(hub: Hub, paths: SlotPaths, base: ObjectId): Promise<string> {
  const { stderr } = await hub.git(["read-tree", "--reset", "-u", base], inSlot(paths));
  return stderr;
}

/**
 * Does in the tracked directories what git does not look at: gives the owner back all rights, removes nested
 * repositories, FIFOs, sockets and devices, and empties the places of submodules.
 */
async function tidyDirectories(
  hub: Hub,
  paths: SlotPaths,
  base: ObjectId,
  keep: readonly string[],
): Promise<void> {
  const { directories, gitlinks } = await hub.listings.of(base);
  const kept = new Set(keep.map((path) => path.replace(/\/+$/, "")));
  // Parents come first, so that each directory can be entered once its turn comes.
  for (const directory of ["", ...directories]) {
    if (mayBeLossy(directory)) continue;
    const path = directory === "" ? paths.worktree : `${paths.worktree}/${directory}`;
    makeOwned(path);
    // Synchronous, because a repository may have ten thousand directories, and a call for each costs
    // microseconds this way and ten times that the other.
    for (const entry of Deno.readDirSync(path)) {
      const nested = entry.name === ".git" && directory !== "";
      const special = !entry.isFile && !entry.isDirectory && !entry.isSymlink;
      if (!nested && !special) continue;
      if (!kept.has(directory === "" ? entry.name : `${directory}/${entry.name}`)) {
        await removeTree(`${path}/${entry.name}`);
      }
    }
  }
  for (const gitlink of gitlinks) {
    const path = `${paths.worktree}/${gitlink}`;
    await removeTree(path);
    await Deno.mkdir(path);
  }
}

function makeOwned(directory: string): void {
  const mode = Deno.lstatSync(directory).mode ?? 0o755;
  if ((mode & 0o700) !== 0o700) Deno.chmodSync(directory, 0o755);
}

async function isRealDirectory(path: string): Promise<boolean> {
  return (await lstatOrNull(path))?.isDirectory ?? false;
}

/** The options with which `git clean` leaves the kept paths alone. */
function exclusions(keep: readonly string[]): string[] {
  return keep.flatMap((path) => ["-e", ignorePattern(path)]);
}
