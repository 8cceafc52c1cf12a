/** Checks of the directories that omk writes to: permission, locks, space, time. */

import { reasonOf } from "../../errors.ts";
import { formatBytes } from "../render/text.ts";
import { type Finding, finding } from "./finding.ts";

/** With less free space a run will soon fail. */
const LITTLE_BYTES = 1024 ** 3;
/** With less, a run should not even begin. */
const TOO_LITTLE_BYTES = 100 * 1024 ** 2;
/** A file system whose clock is further away belongs to another machine. */
const CLOCK_SKEW_MS = 5000;

/** A directory that omk writes to; it need not exist yet. */
export interface StateDirectory {
  /** `state` or `worktrees`. */
  readonly check: string;
  readonly path: string;
  /** Whether omk does without it; then what is wrong with it is a warning. */
  readonly optional: boolean;
}

/** Tries what omk does in a directory. Nothing is left behind. */
export async function checkDirectory(directory: StateDirectory): Promise<readonly Finding[]> {
  const { check, path, optional } = directory;
  const level = optional ? "warning" : "problem";
  const existing = await nearestExisting(path);
  let probe: string;
  try {
    probe = await Deno.makeTempFile({ dir: existing, prefix: ".omk-probe-" });
  } catch (error) {
    const instead = optional ? "omk falls back to the git directory; " : "";
    const fix = `${instead}make ${existing} writable, or set XDG_STATE_HOME to a directory that is`;
    return [finding(check, level, `${path} cannot be written to: ${reasonOf(error)}`, fix)];
  }
  try {
    const problems = [await tryTime(check, probe), tryLocks(check, probe, existing)].filter((each) =>
      each !== null
    );
    if (problems.length > 0) return [...problems, ...await checkSpace(check, existing)];
    const note = existing === path ? "" : " (not made yet)";
    return [
      finding(check, "ok", `${path}${note}: it can be written to, locked and synced`),
      ...await checkSpace(check, existing),
    ];
  } finally {
    await Deno.remove(probe);
  }
}

/** Two handles must not hold one lock, and a sync must not fail: the log depends on both. */
function tryLocks(check: string, probe: string, directory: string): Finding | null {
  const fix = "keep the repository, or XDG_STATE_HOME, on a local file system";
  try {
    using first = Deno.openSync(probe, { read: true, write: true });
    using second = Deno.openSync(probe, { read: true, write: true });
    if (!first.tryLockSync(true)) {
      return finding(check, "problem", `a new file in ${directory} cannot be locked`, fix);
    }
    if (second.tryLockSync(true)) {
      return finding(check, "problem", `the file system of ${directory} lets two hold one lock at once`, fix);
    }
    first.writeSync(new Uint8Array(1));
    first.syncDataSync();
    return null;
  } catch (error) {
    return finding(
      check,
      "problem",
      `the file system of ${directory} cannot lock or sync files: ${reasonOf(error)}`,
      fix,
    );
  }
}

async function tryTime(check: string, probe: string): Promise<Finding | null> {
  const { mtime } = await Deno.stat(probe);
  const skew = Math.abs((mtime?.getTime() ?? Date.now()) - Date.now());
  if (skew < CLOCK_SKEW_MS) return null;
  const found = `the clock of its file system is ${Math.round(skew / 1000)} s away from that of the machine`;
  return finding(check, "warning", found, "set both clocks");
}

/** Free space, as df tells it; nothing where there is no df. */
async function checkSpace(check: string, directory: string): Promise<readonly Finding[]> {
  const free = await freeBytes(directory);
  if (free === null) return [];
  const name = `${check} space`;
  const found = `${formatBytes(free)} free at ${directory}`;
  const fix = "make room; omk clean removes old runs and worktrees";
  if (free < TOO_LITTLE_BYTES) return [finding(name, "problem", found, fix)];
  return [free < LITTLE_BYTES ? finding(name, "warning", found, fix) : finding(name, "ok", found)];
}

async function freeBytes(directory: string): Promise<number | null> {
  try {
    const { code, stdout } = await new Deno.Command("df", {
      args: ["-Pk", directory],
      env: { LC_ALL: "C" },
      stdin: "null",
      stderr: "null",
    }).output();
    // Filesystem, blocks, used, available: the first may hold spaces, the mount point at the end too.
    const match = /\s(\d+)\s+(\d+)\s+(\d+)\s+\d+%/.exec(new TextDecoder().decode(stdout));
    return code === 0 && match !== null ? Number(match[3]) * 1024 : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The deepest part of a path that exists, directory or not. */
async function nearestExisting(path: string): Promise<string> {
  for (let at = path;; at = at.slice(0, at.lastIndexOf("/"))) {
    try {
      if (at === "") return "/";
      await Deno.stat(at);
      return at;
    } catch (error) {
      const { NotFound, NotADirectory, PermissionDenied } = Deno.errors;
      if (![NotFound, NotADirectory, PermissionDenied].some((each) => error instanceof each)) throw error;
    }
  }
}
