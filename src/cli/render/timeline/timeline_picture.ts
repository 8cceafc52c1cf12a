/** What a drawing of a timeline shows: its lanes with their bars, and how each bar is told. Pure. */

import type { Timeline, TimelineSpan } from "../../../run/timeline.ts";

/** How a stretch of time ended, as far as its colour goes. */
export type BarTone = "good" | "bad" | "stopped" | "open";

/** One stretch of time. */
export interface Bar {
  readonly span: TimelineSpan;
  /** Milliseconds from the start of the picture. */
  readonly from: number;
  readonly to: number;
  readonly tone: BarTone;
  /** `attempt 1: success`. */
  readonly label: string;
}

/** All of one task, or of one gate of the run. */
export interface Lane {
  readonly name: string;
  readonly bars: readonly Bar[];
}

/** See the module. */
export interface TimelinePicture {
  readonly name: string;
  /** Milliseconds since 1970 at which the first bar begins. */
  readonly start: number;
  /** Milliseconds from there to the end of the last bar. */
  readonly length: number;
  /** Tasks in the order in which they began, then gates. */
  readonly lanes: readonly Lane[];
}

const GOOD: ReadonlySet<string> = new Set(["success", "merged", "passed"]);
const STOPPED: ReadonlySet<string> = new Set([
  "cancelled",
  "cut_short",
  "lost",
  "blocked_on_human",
  "blocked_on_external",
]);

/** Makes the picture of a run called `name`. */
export function timelinePicture(name: string, { spans, moments, last }: Timeline): TimelinePicture {
  const start = spans[0]?.start ?? moments[0]?.at ?? 0;
  const end = spans.reduce((latest, span) => Math.max(latest, span.end ?? last ?? start), start);
  const lanes = Map.groupBy(spans, laneOf);
  const ordered = [...lanes].sort(([, [a]], [, [b]]) => Number(isOfRun(a)) - Number(isOfRun(b)));
  return {
    name,
    start,
    length: end - start,
    lanes: ordered.map(([lane, own]) => ({ name: lane, bars: own.map((span) => barOf(span, start, end)) })),
  };
}

/** The name of the lane that a stretch of time is in. */
export function laneOf({ task_id, gate }: TimelineSpan): string {
  return task_id ?? `gate ${gate}`;
}

/** What a stretch of time was, and what came of it. */
export function labelOf({ kind, task_id, gate, number, result }: TimelineSpan): string {
  const what = kind === "gate"
    ? (task_id === null ? `run ${number}` : `gate ${gate}, run ${number}`)
    : kind === "merge"
    ? "merge"
    : `attempt ${number}`;
  return `${what}: ${result ?? "under way"}`;
}

/** How it ended, as far as its colour goes. */
export function toneOf({ result }: TimelineSpan): BarTone {
  if (result === null) return "open";
  if (GOOD.has(result)) return "good";
  return STOPPED.has(result) ? "stopped" : "bad";
}

function barOf(span: TimelineSpan, start: number, end: number): Bar {
  return {
    span,
    from: span.start - start,
    to: (span.end ?? end) - start,
    tone: toneOf(span),
    label: labelOf(span),
  };
}

function isOfRun(span: TimelineSpan | undefined): boolean {
  return span?.task_id === null;
}
