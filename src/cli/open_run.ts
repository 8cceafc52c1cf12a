/** From what a user types to a run: where omk was called, and which run and tasks are meant. */

import { UsageError } from "../errors.ts";
import { isRunId } from "../log/run_id.ts";
import type { Plan } from "../plan/spec.ts";
import type { RunDirectory } from "../run/directory.ts";
import { findRun, LATEST, listRunIds } from "../run/find_run.ts";
import { type LoadedRun, loadRun } from "../run/load_run.ts";
import type { RunEvent } from "../log/event.ts";
import type { CommandContext } from "./command.ts";
import { locate, type Place } from "./place.ts";

/** A run with the place that it belongs to. */
export interface OpenedRun {
  readonly place: Place;
  readonly directory: RunDirectory;
  readonly loaded: LoadedRun;
}

/** Finds and folds the run that `text` names; the newest one where it is undefined. */
export async function openRun(
  context: CommandContext,
  text: string | undefined,
  onEvent?: (event: RunEvent) => void,
): Promise<OpenedRun> {
  const place = await locate(context);
  const directory = await findRun(place.home, text);
  const loaded = await loadRun(directory, onEvent === undefined ? {} : { onEvent });
  return { place, directory, loaded };
}

/**
 * Splits `[RUN] [TASK…]`: the first word is a run where it looks like one or begins the id of one. Otherwise all
 * words are tasks of the newest run.
 */
export async function splitRunAndTasks(
  context: CommandContext,
  words: readonly string[],
): Promise<{ readonly run: string | undefined; readonly tasks: readonly string[] }> {
  const [first, ...rest] = words;
  if (first === undefined) return { run: undefined, tasks: [] };
  if (first === LATEST || isRunId(first) || /^\d{8}(?:-|$)/.test(first)) return { run: first, tasks: rest };
  const { home } = await locate(context);
  const ids = await listRunIds(home);
  return ids.some((id) => id.startsWith(first))
    ? { run: first, tasks: rest }
    : { run: undefined, tasks: words };
}

/**
 * Makes sure that a run has these tasks.
 *
 * @throws {UsageError} for the first that it has not, with the one that was probably meant.
 */
export async function requireTasks(plan: Plan, runId: string, ids: readonly string[]): Promise<void> {
  const known = new Set(plan.tasks.map((task) => task.id));
  const unknown = ids.find((id) => !known.has(id));
  if (unknown === undefined) return;
  const { nearest } = await import("../plan/nearest.ts");
  const guess = nearest(unknown, known);
  throw new UsageError({
    what: `Run ${runId} has no task "${unknown}"`,
    why: guess === undefined ? undefined : `did you mean ${guess}?`,
    fix: `omk show ${runId} lists its tasks`,
  });
}
