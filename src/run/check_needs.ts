/** Whether the machine can give what a run asks of it, without starting the run. */

import { createSupervisor } from "../process/supervisor.ts";
import type { PreparedRun } from "./prepare.ts";
import { processNeeds } from "./process_needs.ts";

/**
 * Tries it.
 *
 * @throws {ContainmentError} where a level of containment, a limit or a sandbox cannot be had.
 */
export async function checkNeeds(
  { plan, selected }: PreparedRun,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  await using _supervisor = await createSupervisor({ environment, needs: processNeeds(plan, selected) });
}
