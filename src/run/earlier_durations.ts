/** How long the tasks of a plan took the last time, for the order of dispatch and for predictions. */

import { OmkError } from "../errors.ts";
import type { PayloadOf } from "../log/kinds.ts";
import type { Plan } from "../plan/spec.ts";
import { runDirectory } from "./directory.ts";
import { listRunIds } from "./find_run.ts";
import { loadRun } from "./load_run.ts";

/** A log that is larger is not read for this. */
const LARGEST_LOG_BYTES = 64 * 1024 * 1024;

/** The durations of tasks with the same ids in the newest run; empty where it cannot tell. */
export async function earlierDurations(
  home: string,
  plan: Plan,
): Promise<PayloadOf<"run_started">["durations"]> {
  const newest = (await listRunIds(home)).at(-1);
  if (newest === undefined) return [];
  const directory = runDirectory(home, newest);
  try {
    if ((await Deno.stat(directory.events)).size > LARGEST_LOG_BYTES) return [];
    const ids = new Set(plan.tasks.map((task) => task.id));
    const { state } = await loadRun(directory);
    return state.tasks.flatMap((task) => {
      const isTimed = ids.has(task.id) && task.outcome?.result === "success";
      return isTimed && task.outcome !== null ? [{ task_id: task.id, ms: task.outcome.duration_ms }] : [];
    });
  } catch (error) {
    // An older run that cannot be read is reported by the commands that are asked about it; durations are a hint.
    if (error instanceof OmkError || error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
