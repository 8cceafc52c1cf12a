/** The levels of containment that this machine has, for tests at each of them. */

import { ContainmentError, NO_NEEDS, type ProcessNeeds } from "../../src/process/containment.ts";
import type { Containment } from "../../src/process/port.ts";
import { createSupervisor } from "../../src/process/supervisor.ts";
import { PATH_ONLY } from "./fixture.ts";

/** All levels, the strongest first. */
export const LEVELS: readonly Containment[] = ["cgroup", "pidns", "mark", "group"];

/** What a run needs that asks for a level. */
export function needsOf(containment: Containment): ProcessNeeds {
  return { ...NO_NEEDS, containment };
}

/** Whether needs can be met here. */
export async function isAvailable(needs: ProcessNeeds): Promise<boolean> {
  try {
    await using _supervisor = await createSupervisor({ environment: PATH_ONLY, needs });
    return true;
  } catch (error) {
    if (error instanceof ContainmentError) return false;
    throw error;
  }
}

/** Which of the levels this machine has. */
export const AVAILABLE: ReadonlySet<Containment> = new Set(
  (await Promise.all(LEVELS.map(async (level) => await isAvailable(needsOf(level)) ? [level] : []))).flat(),
);
