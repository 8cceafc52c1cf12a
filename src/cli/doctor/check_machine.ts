/** Checks of the program, the place that it was called in, and the clock. */

import type { Clock } from "../../clock.ts";
import { buildInfo } from "../../version.ts";
import type { Output } from "../output.ts";
import { formatAge } from "../render/run_table.ts";
import { type Finding, finding } from "./finding.ts";

/** A wall clock before this (2024-01-01) was never set. */
const EARLIEST_WALL_MS = Date.UTC(2024, 0, 1);
/** A clock that is set while somebody looks is off by more than this. */
const JUMP_MS = 500;
/** The newest run may be so far ahead: its clock never goes back. */
const AHEAD_MS = 5000;

/** What runs omk, and where its runtime came from. */
export function checkVersion(): Finding {
  const { version, runtime, deno, commit } = buildInfo();
  const text = `omk ${version} on Deno ${deno}, runtime: ${runtime}${
    commit === null ? "" : `, commit ${commit.slice(0, 10)}`
  }`;
  if (runtime !== "fallback") return finding("version", "ok", text);
  return finding("version", "warning", text, {
    why: "this executable was built on a runtime that was cut from another program",
    fix: "use it to try omk; take a released executable for anything else",
  });
}

/** Whether omk was called from inside of one of its own tasks. */
export function checkNesting(env: Readonly<Record<string, string>>): readonly Finding[] {
  if (env.OMK_MARK === undefined) return [];
  return [finding("nesting", "note", "this is the inside of a task of omk", {
    why: "omk cannot cancel or answer its own run from here",
  })];
}

/** How a run would be shown here. */
export function checkTerminal(
  output: Pick<Output, "stdoutIsTerminal" | "stderrIsTerminal" | "columns">,
  env: Readonly<Record<string, string>>,
): Finding {
  if (!output.stdoutIsTerminal) {
    return finding("terminal", "ok", "stdout is none: a run prints plain lines, and nothing asks");
  }
  if (env.TERM === "dumb") return finding("terminal", "ok", "TERM is dumb: a run prints plain lines");
  return finding("terminal", "ok", `${output.columns} columns: a run shows a live view`);
}

/** Two readings of both clocks at one moment, milliseconds. */
export interface ClockReading {
  readonly wall: number;
  readonly monotonic: number;
}

/** Reads both clocks. */
export function readClocks(clock: Clock): ClockReading {
  return { wall: clock.wall(), monotonic: clock.monotonic() };
}

/** What the clocks are compared with. */
export interface ClockEvidence {
  /** A reading from some moments ago. */
  readonly before: ClockReading;
  readonly now: ClockReading;
  /** When the newest run was last seen, milliseconds; null where there is none. */
  readonly newest: number | null;
}

/** Whether the clock can be right: it was set, does not jump, and is not behind the newest run. */
export function checkClock({ before, now, newest }: ClockEvidence): readonly Finding[] {
  const text = new Date(now.wall).toISOString();
  const fix = "set the clock, and let it be kept (NTP)";
  if (now.wall < EARLIEST_WALL_MS) {
    const why = "runs would be named and cleaned by wrong dates";
    return [finding("clock", "error", `${text}: it was never set`, { why, fix })];
  }
  const findings: Finding[] = [];
  const jump = now.wall - before.wall - (now.monotonic - before.monotonic);
  if (Math.abs(jump) > JUMP_MS) {
    const found = `${text}: it has jumped by ${(jump / 1000).toFixed(1)} s while omk looked`;
    findings.push(
      finding("clock", "warning", found, { why: "times in the log are then no measure of durations", fix }),
    );
  }
  if (newest !== null && newest > now.wall + AHEAD_MS) {
    const found = `${text}: the newest run is ${formatAge(newest - now.wall)} ahead of it`;
    const why = "a new run gets an id and times as late as that run's, until the clock has caught up";
    findings.push(finding("clock", "warning", found, { why, fix }));
  }
  return findings.length > 0 ? findings : [finding("clock", "ok", text)];
}
