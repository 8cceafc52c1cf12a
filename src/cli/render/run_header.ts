/** The first line of a run: which it is, and how much there is to do. Pure. */

import type { RunState } from "../../scheduler/run_state.ts";
import type { Style } from "../output.ts";
import { counted, oneLine } from "./text.ts";

/** See the module. */
export function runHeader(state: RunState, style: Style, containment?: string): string {
  const { run, index, tasks } = state;
  const selected = index.selectedCount === tasks.length
    ? counted(tasks.length, "task")
    : `${index.selectedCount} of ${counted(tasks.length, "task")}`;
  const done = index.count("completed");
  const already = done === 0 ? "" : `, ${done} done already`;
  const kept = run.reuse?.tasks.length ?? 0;
  const reuse = run.reuse === undefined ? "" : `, ${kept} to take over from run ${run.reuse.run}`;
  const workers = counted(run.settings?.workers ?? 0, "worker");
  const contained = containment === undefined ? "" : `, containment ${containment}`;
  return `run ${style.bold(run.run_id)} "${
    oneLine(run.name)
  }": ${selected}${already}${reuse}, ${workers}${contained}`;
}
