/** The index of all runs of a place, brought up to date for a command. */

import { IndexUnavailableError } from "../log/index/database.ts";
import { EventIndex } from "../log/index/event_index.ts";
import { existingIndex, indexPath } from "../log/index/index_path.ts";
import type { IndexedRun, UpdateReport } from "../log/index/update.ts";
import { runDirectory } from "../run/directory.ts";
import { listRunIds } from "../run/find_run.ts";
import type { Output } from "./output.ts";
import { counted } from "./render/text.ts";

/** An index that holds what the logs held when it was asked for. */
export interface RunIndex extends Disposable {
  readonly index: EventIndex;
  readonly report: UpdateReport;
}

/**
 * Opens the index of a home and reads what is new in the logs. Progress and what could not be read goes to stderr.
 *
 * @throws {IndexUnavailableError}
 */
export async function openRunIndex(
  home: string,
  output: Output,
  kind: "file" | "fresh file" | "memory" = "file",
): Promise<RunIndex> {
  const path = indexPath(home);
  // Where there was never a run, there is no directory for an index either.
  const index = kind === "memory" || !await exists(home)
    ? await EventIndex.open()
    : kind === "fresh file"
    ? await EventIndex.create(path)
    : await EventIndex.open(path);
  try {
    const report = await index.update(await indexedRuns(home), {
      onProgress: ({ runsDone, runs, events }) => {
        output.note(
          `indexing: ${runsDone} of ${counted(runs, "run")}, ${counted(events, "new event")} so far`,
        );
      },
    });
    for (const { run_id, why } of report.problems) {
      output.note(`${output.errorStyle.yellow("warning:")} run ${run_id} is not indexed to its end: ${why}`);
    }
    return { index, report, [Symbol.dispose]: () => index[Symbol.dispose]() };
  } catch (error) {
    index[Symbol.dispose]();
    throw error;
  }
}

/**
 * As {@linkcode openRunIndex}; where the file cannot be used, an index in memory takes its place for once, and stderr
 * says so.
 */
export async function openAnyRunIndex(home: string, output: Output): Promise<RunIndex> {
  try {
    return await openRunIndex(home, output);
  } catch (error) {
    if (!(error instanceof IndexUnavailableError)) throw error;
    noteDoneWithout(output, error);
    return await openRunIndex(home, output, "memory");
  }
}

/** Says that the logs themselves are read, and why. */
export function noteDoneWithout(output: Output, error: IndexUnavailableError): void {
  output.note(`${output.errorStyle.yellow("note:")} reading the logs themselves: ${error.message}`);
}

/**
 * Takes runs that are gone out of the index, where there is one. What cannot be done now is done by whoever asks the
 * index next, and stderr says so.
 */
export async function forgetRuns(home: string, runIds: readonly string[], output: Output): Promise<void> {
  const path = await existingIndex(home);
  if (path === undefined) return;
  try {
    const index = await EventIndex.open(path);
    using _index = index;
    index.forget(runIds);
  } catch (error) {
    if (!(error instanceof IndexUnavailableError)) throw error;
    output.note(
      `${output.errorStyle.yellow("warning:")} what was removed is still in the index: ${error.message}`,
    );
  }
}

/** All runs of a home with their logs. */
export async function indexedRuns(home: string): Promise<readonly IndexedRun[]> {
  return (await listRunIds(home)).map((runId) => ({ runId, log: runDirectory(home, runId).events }));
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
