/**
 * The output of gates that are still running: the evidence that names a gate's file comes with its end, and until then
 * the file is known by its name.
 */

import { gateFileName } from "../gates/artifact_names.ts";
import type { ArtifactFile, ArtifactQuery } from "./artifacts.ts";
import type { AttemptHistory } from "../run/attempt_history.ts";

/**
 * The files of a gate that are not in `taken`, in the order in which they were begun; paths relative to the run's
 * directory.
 */
export async function gateFiles(
  runPath: string,
  gate: string,
  taken: ReadonlySet<string>,
): Promise<readonly string[]> {
  const suffix = `${gateFileName(gate)}.log`;
  const found: { readonly number: number; readonly path: string }[] = [];
  try {
    for await (const { name } of Deno.readDir(`${runPath}/gates`)) {
      const [, number, rest] = /^(\d+)-(.*)$/.exec(name) ?? [];
      const path = `gates/${name}`;
      if (rest === suffix && !taken.has(path)) found.push({ number: Number(number), path });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort((a, b) => a.number - b.number).map(({ path }) => path);
}

/** The files of the gates that have begun and not ended, as far as a query means them. `ended` says how they stand. */
export async function runningGateFiles(
  runPath: string,
  history: AttemptHistory,
  { tasks, gates, attempt, failed }: ArtifactQuery,
  ended: string,
): Promise<readonly ArtifactFile[]> {
  if (failed || attempt !== undefined) return [];
  const taken = new Set(
    [...history.gates, ...history.attempts.flatMap((each) => each.gates)].flatMap(({ output }) =>
      output?.path ?? []
    ),
  );
  const found: ArtifactFile[] = [];
  for (const [gate, runs] of Map.groupBy(history.runningGates, (each) => each.gate)) {
    // The newest files are theirs; what else is left belongs to runs that an earlier omk process did not finish.
    const paths = (await gateFiles(runPath, gate, taken)).slice(-runs.length);
    for (const [at, { task_id }] of runs.entries()) {
      const path = paths[at];
      const isMeant = (gates.length === 0 || gates.includes(gate)) &&
        (tasks.length === 0 || (task_id !== null && tasks.includes(task_id)));
      if (path === undefined || !isMeant) continue;
      found.push({ kind: "gate", task_id, attempt: null, gate, path, ended, failed: false });
    }
  }
  return found;
}
