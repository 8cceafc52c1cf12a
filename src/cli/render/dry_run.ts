/** What `omk run --dry-run` prints: the order in which tasks would start, and when. */

import { earlierDurations } from "../../run/earlier_durations.ts";
import { predictRun } from "../../run/predict.ts";
import type { PreparedRun } from "../../run/prepare.ts";
import type { Reuse } from "../../run/reuse.ts";
import type { CommandContext } from "../command.ts";
import { formatDuration } from "./duration.ts";
import { counted } from "./text.ts";

/** Prints the prediction, with what would be taken over; durations come from the newest run where it has them. */
export async function printDryRun(
  prepared: PreparedRun,
  context: CommandContext,
  reuse: Reuse | undefined,
): Promise<void> {
  const { plan, selected } = prepared;
  const { output } = context;
  const durations = await earlierDurations(prepared.home, plan);
  const tasks = predictRun(plan, selected, durations, reuse === undefined ? {} : { reuse });
  const taken = reuse?.tasks ?? [];
  const known = new Set(durations.map((each) => each.task_id));
  if (context.json) {
    output.json({
      schema_version: 1,
      plan: prepared.planPath,
      workers: plan.workers,
      selected,
      tasks: tasks.map((task) => ({ ...task, timed: known.has(task.task_id) })),
      reused: taken.map(({ task_id, from }) => ({ task_id, run: from.run, attempt: from.attempt })),
      gates: (plan.gates ?? []).map((gate) => ({
        name: gate.name,
        command: gate.command,
        scope: gate.scope,
      })),
      gates_detected: prepared.gatesDetected,
      notes: prepared.notes,
    });
    return;
  }
  output.print(
    `${prepared.planPath}: ${counted(tasks.length, "task")} on ${
      counted(plan.workers, "worker")
    }; nothing is run`,
  );
  if (reuse !== undefined) {
    const names = taken.map(({ task_id }) => task_id);
    output.print(`  taken over from run ${reuse.run}: ${names.length === 0 ? "nothing" : names.join(", ")}`);
  }
  const width = Math.max(0, ...tasks.map((task) => task.task_id.length));
  for (const { task_id, start_ms, end_ms } of tasks) {
    const took = known.has(task_id) ? formatDuration(end_ms - start_ms) : "not timed yet";
    output.print(`  ${formatDuration(start_ms).padStart(7)}  ${task_id.padEnd(width)}  ${took}`);
  }
  const gates = (plan.gates ?? []).map((gate) => gate.name);
  const origin = prepared.gatesDetected ? " (detected)" : "";
  output.print(
    gates.length === 0
      ? "  no gates: the run can pass, but proves nothing"
      : `  gates${origin}: ${gates.join(", ")}`,
  );
  for (const note of prepared.notes) output.print(`  note: ${note}`);
}
