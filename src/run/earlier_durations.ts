/** How long the tasks of a plan took the last time, for the order of dispatch and for predictions. */

import * as z from "zod";
import type { PayloadOf } from "../log/kinds.ts";
import type { Plan } from "../plan/spec.ts";
import { runDirectory } from "./directory.ts";
import { listRunIds } from "./find_run.ts";
import { readIfThere } from "../read_if_there.ts";

/** How many of the newest runs are asked; the last ones may have been cut short. */
const RUNS_ASKED = 3;

/** The part of a proof that tells durations. */
const timedProof = z.object({
  tasks: z.array(z.object({ id: z.string(), state: z.string(), duration_ms: z.int().min(0).nullable() })),
});

/** The durations of completed tasks with the same ids in the newest run that has a proof; empty where none tells. */
export async function earlierDurations(
  home: string,
  plan: Plan,
): Promise<PayloadOf<"run_started">["durations"]> {
  const ids = new Set(plan.tasks.map((task) => task.id));
  for (const runId of (await listRunIds(home)).slice(-RUNS_ASKED).toReversed()) {
    const text = await readIfThere(runDirectory(home, runId).proof);
    const proof = text === null ? null : timedProof.safeParse(parseJson(text)).data;
    if (proof === null || proof === undefined) continue;
    return proof.tasks.flatMap(({ id, state, duration_ms }) =>
      ids.has(id) && state === "completed" && duration_ms !== null ? [{ task_id: id, ms: duration_ms }] : []
    );
  }
  return [];
}

/** Durations are a hint: a damaged proof is reported by the commands that are asked about it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
