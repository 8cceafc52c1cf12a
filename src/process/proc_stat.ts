/** What /proc/PID/stat and `ps` say about a process, parsed. */

/** A process as far as omk looks at it. */
export interface ProcessStat {
  /** Pid of the parent; 0 where unknown. */
  readonly parent: number;
  readonly pgid: number;
  readonly session: number;
  /** False for what has ended and only waits to be reaped. */
  readonly alive: boolean;
  /** Clock ticks since boot, or what `ps -o lstart` prints; null where not asked for. */
  readonly startTime: string | null;
  /** CPU time in milliseconds, its reaped children included where the system tells. */
  readonly cpuMs: number;
}

/** One tick of the times in /proc: fixed at 100 per second for programs on every Linux platform (proc(5), USER_HZ). */
const TICK_MS = 10;

/** Fields of /proc/PID/stat counted from the one after the command (proc(5) counts it as the third). */
const STATE = 0,
  PARENT = 1,
  PGRP = 2,
  SESSION = 3,
  UTIME = 11,
  STIME = 12,
  CUTIME = 13,
  CSTIME = 14,
  START_TIME = 19;

/**
 * Parses the part of /proc/PID/stat after the command in parentheses. The command may hold spaces, parentheses
 * and newlines, so the cut is at the *last* `)`.
 */
export function parseProcStat(afterCommand: string): ProcessStat | null {
  const fields = afterCommand.trim().split(/\s+/);
  const startTime = fields[START_TIME];
  if (startTime === undefined) return null;
  const number = (index: number) => Number(fields[index]);
  return {
    parent: number(PARENT),
    pgid: number(PGRP),
    session: number(SESSION),
    alive: isAliveState(fields[STATE] ?? ""),
    startTime,
    cpuMs: (number(UTIME) + number(STIME) + number(CUTIME) + number(CSTIME)) * TICK_MS,
  };
}

/** Parses `PGID STAT LSTART…` of `ps`. */
export function parsePsStat(line: string): ProcessStat | null {
  const match = /^(\d+)\s+(\S+)\s+(\S.*)$/.exec(line.trim());
  if (match === null) return null;
  const [, pgid, state, startTime] = match;
  return {
    parent: 0,
    pgid: Number(pgid),
    session: Number(pgid),
    alive: isAliveState(state ?? ""),
    startTime: startTime ?? null,
    cpuMs: 0,
  };
}

/**
 * Parses lines `PID/stat:<text>`, as `grep -H` prints the stat files of all processes. A newline in a command
 * spreads a file over several lines, each with the file's name before it.
 */
export function parseProcTable(lines: readonly string[]): Map<number, ProcessStat> {
  const texts = new Map<number, string>();
  for (const line of lines) {
    const match = /^(\d+)\/stat:(.*)$/.exec(line);
    if (match === null) continue;
    const pid = Number(match[1]);
    texts.set(pid, `${texts.get(pid) ?? ""} ${match[2]}`);
  }
  const table = new Map<number, ProcessStat>();
  for (const [pid, text] of texts) {
    const stat = parseProcStat(text.slice(text.lastIndexOf(")") + 1));
    if (stat !== null) table.set(pid, stat);
  }
  return table;
}

/** Parses lines `ps PID PGID STAT TIME`. */
export function parsePsTable(lines: readonly string[]): Map<number, ProcessStat> {
  const table = new Map<number, ProcessStat>();
  for (const line of lines) {
    const match = /^ps\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)$/.exec(line.trim());
    if (match === null) continue;
    const [, pid, pgid, state, time] = match;
    table.set(Number(pid), {
      parent: 0,
      pgid: Number(pgid),
      session: Number(pgid),
      alive: isAliveState(state ?? ""),
      startTime: null,
      cpuMs: parsePsTime(time ?? ""),
    });
  }
  return table;
}

/** `[[dd-]hh:]mm:ss[.cc]` in milliseconds. */
function parsePsTime(text: string): number {
  const [days, clock] = text.includes("-") ? text.split("-") : ["0", text];
  const seconds = (clock ?? "").split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round((Number(days) * 86_400 + seconds) * 1000);
}

function isAliveState(state: string): boolean {
  return !state.startsWith("Z") && !state.startsWith("X");
}
