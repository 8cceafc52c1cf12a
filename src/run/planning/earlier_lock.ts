/** The lock that a plan is compared with: the one beside it, else that of the newest run of the same work. */

import { UsageError } from "../../errors.ts";
import type { PlanLock } from "../../log/kinds.ts";
import { readRunLog } from "../../log/reader.ts";
import { readIfThere } from "../../read_if_there.ts";
import { runDirectory } from "../directory.ts";
import { listRunIds } from "../find_run.ts";
import { lockPathOf } from "./plan_lock.ts";

/** So many of the newest runs are asked. */
const RUNS_ASKED = 20;

/** A lock, with where it was found. */
export interface EarlierLock {
  readonly lock: PlanLock;
  /** A file, or a run in words. */
  readonly origin: string;
}

/**
 * See the module; null where there is none.
 *
 * @throws {UsageError} for a file that is no lock: nobody can tell what it was meant to hold
 */
export async function earlierLock(
  home: string,
  planPath: string,
  now: PlanLock,
): Promise<EarlierLock | null> {
  const path = lockPathOf(planPath);
  const text = await readIfThere(path);
  if (text !== null) return { lock: await readLock(text, path), origin: path };
  for (const runId of (await listRunIds(home)).slice(-RUNS_ASKED).toReversed()) {
    const lock = await lockOfRun(home, runId);
    if (lock?.work === now.work) return { lock, origin: `run ${runId}` };
  }
  return null;
}

/** The lock that a run has started with; null where it has none, or cannot be read: it is asked for a hint only. */
async function lockOfRun(home: string, runId: string): Promise<PlanLock | null> {
  try {
    for await (const event of readRunLog(runDirectory(home, runId).events, {})) {
      return event.kind === "run_started" ? event.payload.plan_lock ?? null : null;
    }
  } catch {
    // omk log verify says what is wrong with it.
  }
  return null;
}

async function readLock(text: string, path: string): Promise<PlanLock> {
  const { planLock } = await import("../../log/payloads.ts");
  const result = planLock.safeParse(parseOrNothing(text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UsageError({
    what: "Cannot read the plan lock",
    where: path,
    why: issue === undefined || issue.path.length === 0
      ? "it is none that omk writes"
      : `${issue.path.join(".")}: ${issue.message}`,
    fix: "remove it, and omk starts without one",
  });
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
