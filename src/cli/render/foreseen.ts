/** What a task of a plan would wait for, for people. Pure. */

import type { TaskSpec } from "../../plan/spec.ts";
import type { ForeseenTask } from "../../run/foresee_task.ts";
import type { Style } from "../output.ts";
import { formatDuration } from "./duration.ts";
import { alignColumns } from "./text.ts";

/** What is told. */
export interface Foreseen extends Pick<ForeseenTask, "predicted" | "rivals" | "pooled"> {
  /** The file of the plan. */
  readonly path: string;
  readonly spec: TaskSpec;
  /** Milliseconds from the start of the run. */
  readonly story: readonly { readonly at_ms: number; readonly text: string }[];
}

/** The lines: what would happen when, and with which tasks it never runs at the same time. */
export function foreseenLines(foreseen: Foreseen, style: Style, columns: number): readonly string[] {
  const { path, spec, predicted, story, rivals, pooled } = foreseen;
  const at = (ms: number) => `  ${style.dim(`+${formatDuration(ms)}`)}`;
  const end = predicted === null ? [["  -", "it would never start"]] : [[
    at(predicted.end_ms),
    `it would end, after ${formatDuration(predicted.end_ms - predicted.start_ms)}`,
  ]];
  return [
    `task ${style.bold(spec.id)} of ${path}, if it was run now and everything went well:`,
    ...alignColumns([...story.map(({ at_ms, text }) => [at(at_ms), text]), ...end], columns),
    ...(rivals.length === 0 ? [] : [`  never beside ${rivals.join(", ")}: their path sets conflict`]),
    ...(pooled.length === 0 ? [] : [`  shares pool ${spec.pool} with ${pooled.join(", ")}`]),
  ];
}
