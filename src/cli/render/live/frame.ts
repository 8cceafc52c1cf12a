/** The picture of a run at one moment: lines that fit a terminal. Pure. */

import { findTask, type RunState, taskAt } from "../../../scheduler/run_state.ts";
import { currentIteration, type TaskState } from "../../../scheduler/task_state.ts";
import type { Style } from "../../output.ts";
import { formatDuration } from "../duration.ts";
import { cut, iterationText, oneLine, padTo, widthOf } from "../text.ts";
import type { LiveModel } from "./model.ts";

/** What a picture is made of. */
export interface Scene {
  readonly state: RunState;
  readonly model: LiveModel;
  /** Wall clock, milliseconds. */
  readonly now: number;
  /** How long the run will still take, milliseconds; undefined where nobody knows. */
  readonly remaining: number | undefined;
  readonly columns: number;
  readonly rows: number;
  readonly style: Style;
}

/** A task's name takes at most this share of the width. */
const NAME_SHARE = 0.4;
const WIDEST_NAME = 32;
const TIME_COLUMNS = 7;
/** Less than this of a line of output says nothing. */
const LEAST_TEXT = 6;
const INDENT = "  ";
/** In a narrower picture than this the header is short. */
const COMPACT_COLUMNS = 30;

/** At most `rows` − 1 lines of at most `columns` − 1 columns, so that the terminal neither scrolls nor wraps. */
export function frame(scene: Scene): readonly string[] {
  const width = Math.max(1, scene.columns - 1);
  const room = Math.max(0, scene.rows - 2);
  return [headerLine(scene, width), ...activityLines(scene, width, room)];
}

/** A text, and how it is marked. */
type Part = readonly [text: string, mark: (text: string) => string];

/** The most important parts, as many as fit. */
function headerLine(scene: Scene, width: number): string {
  const isCompact = width < COMPACT_COLUMNS;
  let line = "";
  let used = 0;
  for (const [text, mark] of headerParts(scene, isCompact)) {
    const gap = used === 0 ? 0 : isCompact ? 1 : 2;
    const size = widthOf(text);
    if (used + gap + size > width) break;
    line += " ".repeat(gap) + mark(text);
    used += gap + size;
  }
  return line;
}

/** The parts of the header, the most important first. */
function headerParts({ state, now, remaining, style }: Scene, isCompact: boolean): readonly Part[] {
  const { run, index } = state;
  const plain = (text: string) => text;
  const standing: Part = run.cancel !== null
    ? ["ending", style.yellow]
    : run.paused
    ? ["paused", style.yellow]
    : ["running", style.blue];
  const done = index.count("completed");
  const all = index.selectedCount;
  const counts: readonly Part[] =
    ([["failed", style.red], ["blocked", style.yellow], ["waiting", style.yellow]] as const)
      .filter(([name]) => index.count(name) > 0)
      .map(([name, mark]) => [`${index.count(name)} ${name}`, mark]);
  const elapsed: Part = [clock(now - run.started_at), plain];
  return [
    standing,
    [isCompact ? `${done}/${all}` : `${done} of ${all} done`, plain],
    ...(isCompact ? [elapsed, ...counts] : [...counts, elapsed]),
    ...(remaining === undefined || remaining < 1000
      ? []
      : [[`about ${clock(remaining)} left`, style.dim] as const]),
    [run.run_id, style.dim],
    [oneLine(run.name), style.dim],
  ];
}

/** At most `room` lines: tasks, the oldest first, then gates and merges, which leave half of the room to tasks. */
function activityLines(scene: Scene, width: number, room: number): readonly string[] {
  const { state, now, style } = scene;
  const tasks = [...state.index.active].map((ordinal) => taskAt(state, ordinal).task)
    .sort((a, b) => (a.started_at ?? now) - (b.started_at ?? now));
  const others = [...gateRows(scene), ...mergeRows(scene)];
  if (tasks.length + others.length <= room) {
    return rowLines([...tasks.map((task) => taskRow(scene, task)), ...others], scene, width);
  }
  if (room === 0) return [];
  const otherRows = others.slice(0, Math.max(Math.floor(room / 2), room - 1 - tasks.length));
  const taskRows = tasks.slice(0, room - 1 - otherRows.length).map((task) => taskRow(scene, task));
  const lines = rowLines([...taskRows, ...otherRows], scene, width);
  const hidden = tasks.length + others.length - lines.length;
  const more = style.dim(indented(`and ${hidden} more at work`, width));
  return [...lines.slice(0, taskRows.length), more, ...lines.slice(taskRows.length)];
}

function rowLines(rows: readonly Row[], { now, style }: Scene, width: number): readonly string[] {
  const longest = Math.max(0, ...rows.map(({ name }) => widthOf(name)));
  const names = Math.min(longest, WIDEST_NAME, Math.max(4, Math.floor(width * NAME_SHARE)));
  return rows.map(({ name, since, text, isWarning }) => {
    const time = since === null ? "" : clock(now - since);
    const left = `  ${padTo(cut(name, names), names)} ${time.padStart(TIME_COLUMNS)}  `;
    const room = width - widthOf(left);
    if (room < LEAST_TEXT) return indented(left, width);
    const rest = cut(text, room);
    return `${left}${isWarning === true ? style.yellow(rest) : style.dim(rest)}`.trimEnd();
  });
}

/** One thing that is going on. */
interface Row {
  readonly name: string;
  /** Wall clock; null where it takes no time worth telling. */
  readonly since: number | null;
  readonly text: string;
  readonly isWarning?: boolean;
}

function taskRow({ state, model, now }: Scene, task: TaskState): Row {
  const since = task.started_at ?? now;
  const isLoop = findTask(state, task.id)?.spec.loop !== undefined;
  const attempt = task.attempt > 1 ? `${task.id} (${task.attempt})` : task.id;
  const name = `${attempt}${iterationText(isLoop ? currentIteration(task) : undefined)}`;
  if (task.stage === "pinning" || task.stage === "pinned") return { name, since, text: "keeping its work" };
  if (task.state === "claimed") return { name, since, text: "preparing" };
  const silence = now - (model.silentSince(task.id) ?? since);
  const line = model.lastLine(task.id);
  const { stalled } = task;
  if (stalled !== undefined) {
    const warning = `no progress for ${clock(now - stalled.since)}`;
    return { name, since, text: line === "" ? warning : `${warning}; last: ${line}`, isWarning: true };
  }
  if (silence < state.plan.watchdog.heartbeat_stale_secs * 1000) return { name, since, text: line };
  const warning = `no output for ${clock(silence)}`;
  return { name, since, text: line === "" ? warning : `${warning}; last: ${line}`, isWarning: true };
}

function gateRows({ model }: Scene): readonly Row[] {
  return model.gates.map(({ name, since }) => ({ name: `gate ${oneLine(name)}`, since, text: "" }));
}

function mergeRows({ state }: Scene): readonly Row[] {
  const { merge, merge_queue, batch } = state.run;
  const waiting = merge_queue.length - (batch?.staged.length ?? 0);
  if (merge === null) {
    // The gate that judges them has a row of its own.
    return waiting > 0 && batch !== undefined
      ? [{ name: "to merge", since: null, text: `${waiting} behind` }]
      : [];
  }
  const behind = waiting - 1;
  return [{
    name: `merging ${merge.task_id}`,
    since: null,
    text: behind > 0 ? `and ${behind} behind it` : "",
  }];
}

function indented(text: string, width: number): string {
  return width > INDENT.length ? INDENT + cut(text, width - INDENT.length) : cut(text, width);
}

/** Whole seconds: tenths would change with every picture. */
function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return seconds < 10 ? `${seconds}s` : formatDuration(seconds * 1000);
}
