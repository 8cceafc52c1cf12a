/** Files of a run that a check needs. */

import { CheckFailure } from "./checks.ts";

/** Reads a file of the run that a check needs; its absence is a failure of the check. */
export async function readRunFile(directory: string, path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(`${directory}/${path}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new CheckFailure(`${path}: expected a file, found nothing`);
    }
    throw error;
  }
}
