/**
 * The poison marker. After a failed sync the kernel may have dropped the bytes and call the next sync a
 * success, so no process may append until the log has been repaired.
 */

import type { FilePort } from "./file_port.ts";
import { poisonPath } from "./log_paths.ts";

/**
 * Why a log is poisoned; `undefined` if it is not.
 */
export function poisonReason(files: FilePort, log: string): string | undefined {
  const text = files.read(poisonPath(log));
  if (text === undefined) return undefined;
  const line = text.trim();
  return line === "" ? "it is marked as poisoned" : line;
}

/**
 * Marks the log, under its lock. The log also loses its permission to be written: the processes that have it open
 * look at that after each lock anyway, and so see the marker at once. Returns whether both were done.
 */
export async function poison(files: FilePort, log: string, reason: string): Promise<boolean> {
  try {
    await files.createWhole(poisonPath(log), new TextEncoder().encode(`${reason}\n`));
  } catch {
    // On a broken disk the marker may exist although it could not be synced: what counts is whether it is seen.
  }
  try {
    files.makeReadOnly(log);
    return poisonReason(files, log) !== undefined && files.status(log)?.writable === false;
  } catch {
    // The caller keeps the lock instead, which binds the other processes as well.
    return false;
  }
}
