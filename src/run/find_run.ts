/** Finding runs by what a user types: an id, any unique beginning of one, or `latest`. */

import { UsageError } from "../errors.ts";
import { isRunId } from "../log/run_id.ts";
import { type RunDirectory, runDirectory } from "./directory.ts";

/** What stands for the newest run. */
export const LATEST = "latest";
/** How many ids an error names. */
const IDS_NAMED = 5;

/** The ids of all runs below omk's home, oldest first. Runs that are being born are left out. */
export async function listRunIds(home: string): Promise<readonly string[]> {
  const ids: string[] = [];
  try {
    for await (const entry of Deno.readDir(`${home}/runs`)) {
      if (entry.isDirectory && isRunId(entry.name)) ids.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return ids.sort();
}

/**
 * The run that `text` names; the newest one where it is undefined.
 *
 * @throws {UsageError} where it names none or several, with the ids that come near.
 */
export async function findRun(home: string, text: string = LATEST): Promise<RunDirectory> {
  const ids = await listRunIds(home);
  const newest = ids.at(-1);
  if (newest === undefined) {
    throw new UsageError({
      what: "Cannot find any run",
      where: `${home}/runs`,
      why: "nothing was run in this repository or directory yet",
      fix: "start one with omk run",
    });
  }
  if (text === LATEST) return runDirectory(home, newest);
  const matches = ids.filter((id) => id.startsWith(text));
  const exact = ids.includes(text) ? text : matches.length === 1 ? matches[0] : undefined;
  if (exact !== undefined) return runDirectory(home, exact);
  if (matches.length === 0) {
    throw new UsageError({
      what: `No run matches "${text}"`,
      why: `the newest are ${ids.slice(-IDS_NAMED).toReversed().join(", ")}`,
      fix: "omk list shows all",
    });
  }
  throw new UsageError({
    what: `"${text}" matches ${matches.length} runs`,
    why: named(matches),
    fix: "give more of the id",
  });
}

function named(ids: readonly string[]): string {
  const more = ids.length > IDS_NAMED ? ` and ${ids.length - IDS_NAMED} more` : "";
  return ids.slice(0, IDS_NAMED).join(", ") + more;
}
