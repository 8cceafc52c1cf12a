/** What is said of a run that was started in the background. */

import type { CommandContext } from "./command.ts";
import type { DetachedRun } from "./detach.ts";

/** Prints the run id, and how to watch and to end the run. */
export function showDetached(
  { output, json }: CommandContext,
  { runId, pid, output: path }: DetachedRun,
): void {
  const next = [`omk attach ${runId}`, `omk status ${runId}`, `omk cancel ${runId}`];
  if (json) return output.json({ schema_version: 1, run_id: runId, pid, output: path, next });
  output.print(`run ${runId} goes on in the background (pid ${pid})`);
  output.print(`  watch  omk attach ${runId}`);
  output.print(`  end    omk cancel ${runId}`);
  output.print(`  files  ${path}`);
}
