/** Copies what is whole of a damaged log to another file; the log itself is left as it is. */

import { dirname } from "@std/path";
import { attempt, attemptAsync } from "./attempt.ts";
import { copyCommits } from "./copy_commits.ts";
import { type FilePort, systemFiles } from "./file_port.ts";
import type { LogHead } from "./port.ts";

/** What was salvaged. */
export interface SalvageReport {
  readonly events: number;
  readonly commits: number;
  /** Of the copy. */
  readonly bytes: number;
  /** The end of the copy, which is a log of its own: all segments in one file. */
  readonly head: LogHead;
  /** Where it stopped, and why; absent if all of the log is in the copy. */
  readonly stopped?: {
    /** A commit that was not finished, or damage. */
    readonly verdict: "torn" | "corrupt";
    /** The log, or the segment of it. */
    readonly path: string;
    /** Counted from 1. */
    readonly line: number;
    /** In bytes. */
    readonly offset: number;
    readonly why: string;
  };
}

/**
 * Copies the log at `path`, a run's or a free one, as of now: every commit from the first on, up to the first that
 * does not verify. The copy is synced before this resolves. Where it fails half-way, the copy is removed.
 *
 * @param to a file that does not exist yet
 * @throws {LogIoError} if the log cannot be read, or the copy not be made
 */
export async function salvageLog(
  path: string,
  to: string,
  files: FilePort = systemFiles,
): Promise<SalvageReport> {
  using file = attempt(to, "create", () => files.create(to));
  try {
    const { commits, bytes, end, damage, tail } = await copyCommits(path, 0, file, to);
    await attemptAsync(to, "sync", () => file.syncData());
    await attemptAsync(to, "sync", () => files.syncDirectory(dirname(to)));
    const { index, sum } = end;
    const report = { events: index + 1, commits, bytes, head: { index, sum } };
    if (damage !== undefined) {
      const line = "lineNumber" in damage ? damage.lineNumber : damage.line;
      const { path, offset, why } = damage;
      return { ...report, stopped: { verdict: "corrupt", path, line, offset, why } };
    }
    if (tail === undefined || tail.state === "clean") return report;
    const why = `${tail.bytes} bytes of a commit that was not finished`;
    return { ...report, stopped: { verdict: "torn", path, line: end.lines + 1, offset: tail.offset, why } };
  } catch (error) {
    try {
      files.remove(to);
    } catch {
      // Why it failed is worth more than why half of it is left.
    }
    throw error;
  }
}
