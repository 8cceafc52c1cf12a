/**
 * A run at a glance: what a list shows of it, from the beginning and the end of its log and from its proof. Only a
 * run that is not finished is folded. Sums and signatures are not looked at here.
 */

import { reasonOf } from "../errors.ts";
import { segmentPath } from "../log/log_paths.ts";
import type { RunDirectory } from "../run/directory.ts";
import { field, parseOrNothing, textField } from "./json_fields.ts";
import { readPart } from "./read_part.ts";

/** See the module. */
export interface RunGlance {
  readonly run_id: string;
  readonly name: string;
  /** Status of a finished run; else `running`, `paused`, `interrupted`, or `unreadable`. */
  readonly standing: string;
  /** ISO 8601; null where the run cannot be read. */
  readonly started_at: string | null;
  /** When it ended; null where it has not. */
  readonly finished_at: string | null;
  /** Until the end, until now, or until the last event of an interrupted run. */
  readonly duration_ms: number;
  readonly tasks_completed: number;
  /** Of those that were selected. */
  readonly tasks_total: number;
  /** Whether `omk merge` has delivered it. */
  readonly merged: boolean;
  /** Why it cannot be read; null where it can. */
  readonly error: string | null;
}

/** How much of a log's end is looked at for the end of the run: a little, and more where that does not tell. */
const TAIL_BYTES: readonly number[] = [4 * 1024, 64 * 1024];
/** The first event holds the durations of earlier runs, and grows with the plan. */
const FIRST_WINDOW_BYTES = 4 * 1024;
const LINE_FEED = 0x0a;

/** Glances at a run; `now` is the wall clock in milliseconds. Never throws for what is wrong with the run. */
export async function glanceAtRun(directory: RunDirectory, now: number): Promise<RunGlance> {
  try {
    const end = readEnd(directory, ({ merged }) => merged);
    return (end === null ? null : glanceAtFinished(directory, end)) ?? await foldUnfinished(directory, now);
  } catch (error) {
    return {
      run_id: directory.runId,
      name: "",
      standing: "unreadable",
      started_at: null,
      finished_at: null,
      duration_ms: 0,
      tasks_completed: 0,
      tasks_total: 0,
      merged: false,
      error: reasonOf(error),
    };
  }
}

/** How a log says that its run ended. */
interface RunEnd {
  readonly status: string;
  readonly ts: string;
  readonly merged: boolean;
}

/** Whether the log of a run says that it has ended; only the end of the log is read. */
export function hasEnded(directory: RunDirectory): boolean {
  return readEnd(directory, () => true) !== null;
}

/**
 * The end of a run that has one; null where the run is not finished, or the end of its log does not tell. More of the
 * log is looked at where `isEnough` denies that its last lines tell all that is wanted: verdicts may follow a delivery.
 */
function readEnd(directory: RunDirectory, isEnough: (end: RunEnd) => boolean): RunEnd | null {
  using file = openIfThere(directory.events);
  // A rotation is under way, or was cut short.
  if (file === null) return null;
  const { size } = file.statSync();
  let end: RunEnd | null | undefined;
  for (const window of TAIL_BYTES) {
    const lines = new TextDecoder().decode(readPart(file, Math.max(0, size - window), window)).split("\n");
    end = endIn(lines);
    if (end === null || (end !== undefined && isEnough(end)) || window >= size) break;
  }
  return end ?? null;
}

/** What the last lines of a log say: null that the run goes on, undefined that they do not tell. */
function endIn(lines: readonly string[]): RunEnd | null | undefined {
  let merged = false;
  let end: Omit<RunEnd, "merged"> | undefined;
  // What follows the last line feed is torn, or being written.
  for (const line of lines.slice(0, -1).reverse()) {
    // Before its last end only a delivery of the run is looked for.
    if (end !== undefined && !line.includes("run_merged")) continue;
    // A line that begins before the window is no JSON. A damaged one is found when the run is looked at itself.
    const event = parseOrNothing(line);
    const kind = field(event, "kind");
    if (kind === "run_merged") merged = true;
    if (end !== undefined) continue;
    if (kind === "run_resumed") return null;
    if (kind !== "run_finished") continue;
    end = { status: textField(field(event, "payload"), "status"), ts: textField(event, "ts") };
  }
  return end === undefined ? undefined : { ...end, merged };
}

/** What the proof of a finished run tells; null where there is none for this end. */
function glanceAtFinished(directory: RunDirectory, end: RunEnd): RunGlance | null {
  const first = readFirstEvent(directory.events);
  const proof = parseOrNothing(readIfThere(directory.proof) ?? "");
  const entries = field(proof, "tasks");
  if (field(proof, "status") !== end.status || !Array.isArray(entries)) return null;
  const tasks = entries.filter((task) => field(task, "selected") === true);
  const started_at = textField(first, "ts");
  // A delivery or a verdict ends the log anew, and is no part of how long the run took.
  const finished_at = textField(field(proof, "times"), "finished_at") || end.ts;
  return {
    run_id: directory.runId,
    name: textField(field(first, "payload"), "name"),
    standing: end.status,
    started_at,
    finished_at,
    duration_ms: Math.max(0, Date.parse(finished_at) - Date.parse(started_at)),
    tasks_completed: tasks.filter((task) => field(task, "state") === "completed").length,
    tasks_total: tasks.length,
    merged: end.merged,
    error: null,
  };
}

async function foldUnfinished(directory: RunDirectory, now: number): Promise<RunGlance> {
  const { loadRun, standingOf } = await import("../run/load_run.ts");
  const loaded = await loadRun(directory);
  const { run, index } = loaded.state;
  const end = run.finished_at ?? (loaded.isControlled ? now : run.last_ts);
  const tasks = loaded.state.tasks.filter((_, ordinal) => index.isSelected(ordinal));
  return {
    run_id: directory.runId,
    name: run.name,
    standing: standingOf(loaded),
    started_at: new Date(run.started_at).toISOString(),
    finished_at: run.finished_at === null ? null : new Date(run.finished_at).toISOString(),
    duration_ms: Math.max(0, end - run.started_at),
    tasks_completed: tasks.filter((task) => task.state === "completed").length,
    tasks_total: tasks.length,
    merged: run.deliveries.length > 0,
    error: null,
  };
}

/** The event with the index 0: a log that was rotated begins in another file than it ends in. */
function readFirstEvent(log: string): unknown {
  const closed = segmentPath(log, 0);
  // Once more, because the segment may be closed between the two looks.
  for (const path of [closed, log, closed]) {
    const first = readFirstLine(path);
    if (field(first, "index") === 0) return first;
  }
  return undefined;
}

function readFirstLine(path: string): unknown {
  using file = openIfThere(path);
  if (file === null) return undefined;
  const { size } = file.statSync();
  for (let window = FIRST_WINDOW_BYTES;; window *= 4) {
    const bytes = readPart(file, 0, Math.min(window, size));
    const end = bytes.indexOf(LINE_FEED);
    if (end >= 0) return parseOrNothing(new TextDecoder().decode(bytes.subarray(0, end)));
    if (window >= size) return undefined;
  }
}

function openIfThere(path: string): Deno.FsFile | null {
  try {
    return Deno.openSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function readIfThere(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
