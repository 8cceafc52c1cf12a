/** The files beside a log: for `events.jsonl` these are `events.lock`, `events.poisoned`, `events.torn-<offset>`. */

/** The file that is locked while a commit is written. */
export function lockPath(log: string): string {
  return beside(log, "lock");
}

/** The marker of a log that no process may append to. */
export function poisonPath(log: string): string {
  return beside(log, "poisoned");
}

/** The copy of a torn commit. */
export function tornPath(log: string, offset: number): string {
  return beside(log, `torn-${offset}`);
}

function beside(log: string, extension: string): string {
  return `${log.replace(/\.jsonl$/, "")}.${extension}`;
}
