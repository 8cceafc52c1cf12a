/** Says whether a log is as its writers wrote it. */

import { basename } from "@std/path";
import { type Clock, systemClock } from "../clock.ts";
import { EMPTY_HEAD } from "./commit.ts";
import { LOG_START, type ScannedCommit, type Tail } from "./commit_scanner.ts";
import { LogIoError } from "./errors.ts";
import { systemFiles } from "./file_port.ts";
import { poisonReason } from "./poison.ts";
import type { LogHead, LogPosition } from "./port.ts";
import { isDamage, scanLog } from "./scan.ts";

/**
 * What a log is:
 * - `verified`: every commit has its sum and follows the one before it;
 * - `torn`: so too, but behind the last whole commit is the beginning of another, which the next append removes;
 * - `corrupt`: something else stands in it;
 * - `poisoned`: its commits are whole, but a failed sync keeps everybody from appending;
 * - `unreadable`: the system does not let it be read.
 */
export type LogVerdict = "verified" | "torn" | "corrupt" | "poisoned" | "unreadable";

/** What verification has found. */
export interface LogVerification {
  readonly verdict: LogVerdict;
  /** Events and commits that are whole and vouched for, from the beginning of the log on. */
  readonly events: number;
  readonly commits: number;
  /** The head that they end with. */
  readonly head: LogHead;
  /** What is wrong and where; absent if the log is verified. */
  readonly at?: {
    /** Counted from 1. */
    readonly line: number;
    /** In bytes. */
    readonly offset: number;
    readonly why: string;
    /** Name of the segment that line and offset are of, where it is not the log's own file. */
    readonly segment?: string;
  };
}

/** How long a commit that is just being written is given to become whole, in milliseconds. */
const WRITING_MS = 50;

/**
 * Verifies the log at `path`, a run's or a free one; never throws for what it finds.
 *
 * @param onCommits sees each whole commit once, in order, so that a log need not be read again for what is in it
 */
export async function verifyLog(
  path: string,
  clock: Clock = systemClock,
  onCommits: (commits: readonly ScannedCommit[]) => void = () => {},
): Promise<LogVerification> {
  const progress = { position: LOG_START, commits: 0 };
  try {
    let tail = await scanOn(path, progress, onCommits);
    if (tail.state !== "clean") {
      await clock.sleep(WRITING_MS);
      tail = await scanOn(path, progress, onCommits);
    }
    const reason = poisonReason(systemFiles, path);
    if (reason !== undefined) return report("poisoned", progress, reason);
    return tail.state === "clean" ? report("verified", progress) : report("torn", progress, describe(tail));
  } catch (error) {
    if (isDamage(error)) {
      const { offset, why } = error;
      const line = "lineNumber" in error ? error.lineNumber : error.line;
      const segment = error.path === path ? {} : { segment: basename(error.path) };
      return { ...report("corrupt", progress), at: { line, offset, why, ...segment } };
    }
    if (error instanceof LogIoError) return report("unreadable", progress, error.message);
    throw error;
  }
}

interface Progress {
  position: LogPosition;
  commits: number;
}

async function scanOn(
  path: string,
  progress: Progress,
  onCommits: (commits: readonly ScannedCommit[]) => void,
): Promise<Tail> {
  const scan = scanLog(path, { position: progress.position });
  for (;;) {
    const { done, value } = await scan.next();
    if (done) return value;
    onCommits(value);
    progress.commits += value.length;
    progress.position = value.at(-1)?.after ?? progress.position;
  }
}

function report(verdict: LogVerdict, { position, commits }: Progress, why?: string): LogVerification {
  const { index, sum, lines, offset } = position;
  const head = index < 0 ? EMPTY_HEAD : { index, sum };
  const found = { verdict, events: index + 1, commits, head };
  return why === undefined ? found : { ...found, at: { line: lines + 1, offset, why } };
}

function describe({ state, bytes }: Tail): string {
  return state === "torn"
    ? `${bytes} bytes of a commit that was not finished`
    : "the last commit lacks its line feed";
}
