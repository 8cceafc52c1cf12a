/** The picture of a run at one moment: lines that fit a terminal. Pure. */

import { type RunState, taskAt } from "../../../scheduler/run_state.ts";
import type { Style } from "../../output.ts";
import { formatDuration } from "../duration.ts";
import { cut, oneLine, padTo, widthOf } from "../text.ts";
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
const INDENT = "  ";

/** At most `rows` − 1 lines of at most `columns` − 1 columns, so that the terminal neither scrolls nor wraps. */
export function frame(scene: Scene): readonly string[] {
  const width = Math.max(1, scene.columns - 1);
  const height = Math.max(1, scene.rows - 1);
  const body = activityLines(scene, width);
  const room = height - 1;
  if (body.length <= room) return [headerLine(scene, width), ...body];
  if (room <= 0) return [headerLine(scene, width)];
  const hidden = body.length - (room - 1);
  const more = indented(`and ${hidden} more at work`, width);
  return [headerLine(scene, width), ...body.slice(0, room - 1), scene.style.dim(more)];
}

/** The most important parts, as many as fit. */
function headerLine({ state, now, remaining, style }: Scene, width: number): string {
  const { run, index } = state;
  const done = index.count("completed");
  const parts: (readonly [text: string, mark: (text: string) => string])[] = [];
  const plain = (text: string) => text;
  const standing = run.cancel !== null ? "ending" : run.paused ? "paused" : "running";
  parts.push([standing, run.cancel !== null || run.paused ? style.yellow : style.blue]);
  parts.push([`${done} of ${index.selectedCount} done`, plain]);
  if (index.count("failed") > 0) parts.push([`${index.count("failed")} failed`, style.red]);
  if (index.count("blocked") > 0) parts.push([`${index.count("blocked")} blocked`, style.yellow]);
  if (index.count("waiting") > 0) parts.push([`${index.count("waiting")} waiting`, style.yellow]);
  parts.push([formatDuration(wholeSeconds(now - run.started_at)), plain]);
  if (remaining !== undefined) {
    parts.push([`about ${formatDuration(wholeSeconds(remaining))} left`, style.dim]);
  }
  parts.push([run.run_id, style.dim]);
  parts.push([oneLine(run.name), style.dim]);
  let line = "";
  let used = 0;
  for (const [text, mark] of parts) {
    const gap = used === 0 ? 0 : 2;
    const size = widthOf(text);
    if (used + gap + size > width) {
      if (used === 0) return mark(cut(text, width));
      break;
    }
    line += " ".repeat(gap) + mark(text);
    used += gap + size;
  }
  return line;
}

function activityLines(scene: Scene, width: number): readonly string[] {
  const { state, model, now, style } = scene;
  const tasks = [...state.index.active].map((ordinal) => taskAt(state, ordinal).task)
    .sort((a, b) => (a.started_at ?? now) - (b.started_at ?? now));
  const merging = state.run.merge?.task_id;
  const rows: Row[] = tasks.map((task) => ({
    name: task.attempt > 1 ? `${task.id} (${task.attempt})` : task.id,
    since: task.started_at ?? now,
    ...voiceOf(scene, task.id, task.state, task.stage, task.started_at ?? now),
  }));
  for (const gate of model.gates) {
    rows.push({ name: `gate ${oneLine(gate.name)}`, since: gate.since, text: "" });
  }
  if (merging !== undefined) {
    const behind = state.run.merge_queue.length - 1;
    rows.push({ name: `merging ${merging}`, since: null, text: behind > 0 ? `and ${behind} behind it` : "" });
  }
  const longest = Math.max(0, ...rows.map(({ name }) => widthOf(name)));
  const names = Math.min(longest, WIDEST_NAME, Math.max(4, Math.floor(width * NAME_SHARE)));
  return rows.map(({ name, since, text, isWarning }) => {
    const time = since === null ? "" : formatDuration(wholeSeconds(now - since));
    const left = `  ${padTo(cut(name, names), names)} ${time.padStart(TIME_COLUMNS)}  `;
    if (widthOf(left) >= width) return indented(left, width);
    const rest = cut(text, width - widthOf(left));
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

function voiceOf(
  { state, model, now }: Scene,
  id: string,
  status: string,
  stage: string | null,
  started: number,
): { readonly text: string; readonly isWarning?: boolean } {
  if (stage === "pinning" || stage === "pinned") return { text: "keeping its work" };
  if (status === "claimed") return { text: "preparing" };
  const silence = now - (model.lastOutput(id) ?? started);
  const line = model.lastLine(id);
  if (silence < state.plan.watchdog.heartbeat_stale_secs * 1000) return { text: line };
  const warning = `no output for ${formatDuration(wholeSeconds(silence))}`;
  return { text: line === "" ? warning : `${warning}; last: ${line}`, isWarning: true };
}

function indented(text: string, width: number): string {
  return width > INDENT.length ? INDENT + cut(text, width - INDENT.length) : cut(text, width);
}

/** Tenths of a second would change with every picture. */
function wholeSeconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1000) * 1000);
}
