/**
 * The files beside a log: for `events.jsonl` these are `events.lock` and `events.turn`, `events.poisoned`,
 * `events.torn-<offset>`, and the segments that it was before, `events-<index of the first event, 12 digits>.jsonl`.
 */

import { basename, dirname, join } from "@std/path";

/** The file that is locked while a commit is written. */
export function lockPath(log: string): string {
  return beside(log, "lock");
}

/** The file whose lock orders those who wait for the lock at `lock`. */
export function turnstilePath(lock: string): string {
  return `${lock.replace(/\.lock$/, "")}.turn`;
}

/** The marker of a log that no process may append to. */
export function poisonPath(log: string): string {
  return beside(log, "poisoned");
}

/** The copy of a torn commit. */
export function tornPath(log: string, offset: number): string {
  return beside(log, `torn-${offset}`);
}

/** The new log that a repair makes, until it takes the place of the old one. */
export function repairPath(log: string): string {
  return beside(log, "repair");
}

/** Where a snapshot is kept of what the events up to `index` fold to. */
export function snapshotPath(log: string, index: number): string {
  return join(dirname(log), `snapshot-${index}.json`);
}

/** Digits of a segment's first index in its name, so that names sort as the segments do. */
const INDEX_DIGITS = 12;

/** The segment of a log that begins with the event `first`, once it has been closed. */
export function segmentPath(log: string, first: number): string {
  return `${stem(log)}-${String(first).padStart(INDEX_DIGITS, "0")}.jsonl`;
}

/** The first indices of the closed segments of a log, in order, from the names in its directory. */
export function segmentsAmong(log: string, names: Iterable<string>): number[] {
  const prefix = `${basename(stem(log))}-`;
  const found: number[] = [];
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    const digits = /^(\d{12})\.jsonl$/.exec(name.slice(prefix.length))?.[1];
    if (digits !== undefined) found.push(Number(digits));
  }
  return found.sort((a, b) => a - b);
}

/** Where a named consumer keeps how far it has read. */
export function cursorPath(log: string, consumer: string): string {
  return beside(log, `cursor-${consumer}`);
}

function beside(log: string, extension: string): string {
  return `${stem(log)}.${extension}`;
}

function stem(log: string): string {
  return log.replace(/\.jsonl$/, "");
}
