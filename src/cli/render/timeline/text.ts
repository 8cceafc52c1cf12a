/** A timeline as lines of text: what began when, how long it took, and what came of it. Pure. */

import type { Timeline, TimelineSpan } from "../../../run/timeline.ts";
import type { Style } from "../../output.ts";
import { formatDuration } from "../duration.ts";
import { alignColumns, oneLine } from "../text.ts";
import { type BarTone, labelOf, laneOf, toneOf } from "./timeline_picture.ts";

const COLOURS: Readonly<Record<BarTone, Exclude<keyof Style, "bold">>> = {
  good: "green",
  bad: "red",
  stopped: "yellow",
  open: "blue",
};

/** One line for each stretch of time and each moment, in the order in which they began. */
export function timelineText({ spans, moments }: Timeline, style: Style, columns: number): readonly string[] {
  const start = Math.min(spans[0]?.start ?? Infinity, moments[0]?.at ?? Infinity);
  const at = (time: number) => style.dim(`+${formatDuration(time - start)}`);
  const rows = [
    ...spans.map((span) => ({ time: span.start, row: [at(span.start), took(span), ...told(span, style)] })),
    ...moments.map(({ at: time, kind, by, task_id, text }) => ({
      time,
      row: [
        at(time),
        "",
        task_id ?? "run",
        `${kind.replaceAll("_", " ")}${text === "" ? "" : `: ${oneLine(text)}`}`,
        style.dim(by),
      ],
    })),
  ];
  return alignColumns(rows.sort((a, b) => a.time - b.time).map(({ row }) => row), columns);
}

function took({ start, end }: TimelineSpan): string {
  return end === null ? "" : formatDuration(end - start);
}

function told(span: TimelineSpan, style: Style): readonly string[] {
  return [laneOf(span), style[COLOURS[toneOf(span)]](labelOf(span)), style.dim(span.by)];
}
