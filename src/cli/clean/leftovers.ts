/** What is left of runs that were never born, are half removed, or whose start in the background was cut short. */

import { ProcessLock } from "../../run/process_lock.ts";
import { DETACHED_PREFIX } from "../detach.ts";

/** A run that is being made is not taken for a leftover: it takes seconds, not a day. */
const LEFTOVER_AGE_MS = 24 * 3600 * 1000;

/** The name that a run's directory gets before it is removed. */
export function removedName(runId: string): string {
  return `.old-${runId}`;
}

/** The leftovers below omk's home, absolute paths. */
export async function findLeftovers(home: string, now: number): Promise<readonly string[]> {
  const found: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(`${home}/runs`)) {
      const path = `${home}/runs/${name}`;
      const isLeft = isDirectory
        ? name.startsWith(".old-") || (name.startsWith(".new-") && await isAbandoned(path, now))
        : name.startsWith(DETACHED_PREFIX) && await isOld(path, now);
      if (isLeft) found.push(path);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort();
}

async function isAbandoned(path: string, now: number): Promise<boolean> {
  return await isOld(path, now) && !ProcessLock.isHeld(`${path}/controller.lock`);
}

async function isOld(path: string, now: number): Promise<boolean> {
  const { mtime } = await Deno.stat(path);
  return now - (mtime?.getTime() ?? now) > LEFTOVER_AGE_MS;
}
