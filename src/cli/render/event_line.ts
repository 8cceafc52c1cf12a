/** An event of a log, a run's or a free one, on one line for people. Pure. */

import type { FreeEvent } from "../../log/event.ts";
import { field } from "../json_fields.ts";
import type { Style } from "../output.ts";
import { cut, shortId } from "./text.ts";

/** Widths of the first columns; longer texts push the rest to the right. */
const INDEX_WIDTH = 5;
const KIND_WIDTH = 16;

/** Fields that say nothing to a person beside the other ones; `--json` has them all. */
const SILENT: ReadonlySet<string> = new Set([
  "case_sensitive",
  "controller",
  "date",
  "definition",
  "durations",
  "identity",
  "incarnation",
  "lease_expires",
  "process",
  "seed",
  "settings",
  "task_id",
  "token",
  "versions",
  "wall",
]);

/** Fields that hold a moment, in milliseconds since 1970. */
const MOMENTS: ReadonlySet<string> = new Set(["not_before", "since", "wall", "run"]);

/** Index, time, kind, subject, what the payload says, and the actor. */
export function eventLine(event: FreeEvent, style: Style, columns: number): string {
  const head = [
    String(event.index).padStart(INDEX_WIDTH),
    event.ts.slice(11, 23),
    event.kind.padEnd(KIND_WIDTH),
  ];
  const subject = event.subject.replace(/^task\//, "");
  const rest = cut(
    [subject, payloadText(event.payload), `(${event.actor})`].filter((part) => part !== "").join("  "),
    Math.max(MIN_COLUMNS, columns - head.join("  ").length - 2),
  );
  const [index = "", time = "", kind = ""] = head;
  return `${style.dim(index)}  ${style.dim(time)}  ${styledKind(kind, style)}  ${rest}`;
}

const MIN_COLUMNS = 20;

function styledKind(kind: string, style: Style): string {
  const name = kind.trimEnd();
  if (/_(?:failed|tampered|dead|conflicted|exhausted)$/.test(name)) return style.red(kind);
  if (/_(?:passed|completed|merged|accepted)$/.test(name)) return style.green(kind);
  if (/_(?:requested|refused|blocked|waiting|cancelled|scheduled|skipped|stalled)$/.test(name)) {
    return style.yellow(kind);
  }
  return kind;
}

/** The fields of a payload: `attempt=1 reason="exited with 3"`. */
function payloadText(payload: unknown): string {
  if (typeof payload !== "object" || payload === null) {
    return payload === undefined ? "" : JSON.stringify(payload);
  }
  return Object.entries(payload)
    .filter(([name, value]) => !SILENT.has(name) && !isEmpty(value))
    .map(([name, value]) => value === true ? name : `${name}=${fieldText(name, value)}`)
    .join(" ");
}

/** What goes without saying: a thing that is not there, or not so. */
function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === false ||
    (Array.isArray(value) && value.length === 0);
}

function fieldText(name: string, value: unknown): string {
  return MOMENTS.has(name) && typeof value === "number"
    ? new Date(value).toISOString().slice(11, 23)
    : valueText(value);
}

function valueText(value: unknown): string {
  if (typeof value === "string") {
    if (/^[0-9a-f]{40,64}$/.test(value)) return shortId(value);
    return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  }
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) {
    return value.every((item) => typeof item !== "object")
      ? `[${value.map(valueText).join(",")}]`
      : `[${value.length}]`;
  }
  // Of an outcome, an artifact, a head and the like, one field says the most.
  for (const telling of ["result", "path", "commit", "count", "index"]) {
    const inner = field(value, telling);
    if (typeof inner === "string" || typeof inner === "number") return valueText(inner);
  }
  return "{…}";
}
