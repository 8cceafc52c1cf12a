/** The file system of a directory: its type, what is free on it, and whether two processes can hold one lock. */

import { reasonOf } from "../../errors.ts";
import { askProgram } from "./probe.ts";

/** What is known of a file system; null where nobody tells. */
export interface FileSystemFacts {
  /** `ext2/ext3`, `nfs`, `tmpfs`, as `stat -f` names it. */
  readonly type: string | null;
  readonly freeBytes: number | null;
  /** Files that can still be made; null also where the file system has no limit of its own. */
  readonly freeFiles: number | null;
}

/** How a lock behaves. */
export type LockVerdict =
  /** While one process has it, no other gets it. */
  | { readonly kind: "exclusive"; readonly between: "processes" | "handles" }
  /** Two got it at once. */
  | { readonly kind: "shared" }
  /** Locking or syncing failed. */
  | { readonly kind: "refused"; readonly reason: string };

/** What a directory is asked. Tests have one of their own, for file systems that are not at hand. */
export interface FileSystemProbe {
  facts(directory: string): Promise<FileSystemFacts>;
  /** Tries to lock and sync a file, which exists. */
  tryLock(path: string): Promise<LockVerdict>;
}

/** Asks the machine itself. */
export const machineProbe: FileSystemProbe = {
  async facts(directory) {
    const [type, space, files] = await Promise.all([
      askProgram("stat", ["-f", "-c", "%T", directory]),
      askProgram("df", ["-Pk", directory]),
      askProgram("df", ["-Pi", directory]),
    ]);
    const kilobytes = availableOf(space?.stdout);
    const inodes = availableOf(files?.stdout);
    const hasLimit = inodes !== null && inodes.total > 0;
    return {
      type: type?.code === 0 ? type.stdout.trim() : null,
      freeBytes: kilobytes === null ? null : kilobytes.available * 1024,
      freeFiles: hasLimit ? inodes.available : null,
    };
  },

  async tryLock(path) {
    try {
      using file = Deno.openSync(path, { read: true, write: true });
      if (!file.tryLockSync(true)) return { kind: "refused", reason: "a new file is locked already" };
      file.writeSync(new Uint8Array(1));
      file.syncDataSync();
      const other = await askProgram("flock", ["-n", "-x", path, "true"]);
      // 1: it is held. Anything else but 0 says that flock(1) could not try.
      if (other?.code === 0) return { kind: "shared" };
      if (other?.code === 1) return { kind: "exclusive", between: "processes" };
      const second = Deno.openSync(path, { read: true, write: true });
      using _second = second;
      return second.tryLockSync(true) ? { kind: "shared" } : { kind: "exclusive", between: "handles" };
    } catch (error) {
      return { kind: "refused", reason: reasonOf(error) };
    }
  },
};

/** Total and available of the second line of `df -P`; the first and the last field may hold spaces. */
function availableOf(
  text: string | undefined,
): { readonly total: number; readonly available: number } | null {
  const match = /\s(\d+)\s+(\d+)\s+(\d+)\s+(?:\d+%|-)/.exec(text ?? "");
  return match === null ? null : { total: Number(match[1]), available: Number(match[3]) };
}

/** File systems whose files lie on another machine, by the names of `stat -f`. */
const NETWORK_TYPES =
  /^(nfs|cifs|smb|v9fs|9p|afs|ceph|lustre|gfs|ocfs|gpfs|panfs|glusterfs|beegfs|coda|ncp|fuse\.(sshfs|glusterfs|ceph))/;

/** Whether other machines share the files of a file system of this type. */
export function isNetworkType(type: string): boolean {
  return NETWORK_TYPES.test(type);
}
