/** `omk status`: how a run stands. */

import { ExitCode } from "../../errors.ts";
import { outputPath } from "../../run/directory.ts";
import { type LoadedRun, standingOf } from "../../run/load_run.ts";
import { findTask } from "../../scheduler/run_state.ts";
import { currentIteration } from "../../scheduler/task_state.ts";
import type { Command, CommandContext } from "../command.ts";
import { examineWorkers } from "../examine_workers.ts";
import { NEEDS_READ } from "../needs.ts";
import { openRun } from "../open_run.ts";
import { printLines } from "../print_lines.ts";
import { activeTasks, statusDocument, type WorkerStatus } from "../render/status_document.ts";
import { statusScreen } from "../render/status_screen.ts";
import { readTail } from "../render/tail.ts";
import { oneLine } from "../render/text.ts";

/** Output of so many tasks is looked at: a screen shows no more. */
const MOST_TAILS = 64;
/** Lines of which the last that says something is shown. */
const TAIL_LINES = 5;

/** See the module. */
export const statusCommand: Command = {
  name: "status",
  summary: "say how a run stands",
  usage: ["omk status [RUN]"],
  description: [
    "Shows a run on one screen: what is done, what is at work and what it printed last, what failed, waits or is\n" +
    "blocked and why, the gates, and what to type next. RUN is an id, any unique beginning of one, or latest\n" +
    "(default). It only reads, also while the run goes on.",
    "A run whose omk process is gone is called interrupted; omk resume goes on with it. Of each worker it says whether\n" +
    "it is healthy, stalled, dead or unknown, by its latest heartbeat: looking changes nothing.",
  ],
  positionals: { min: 0, max: 1 },
  options: [],
  examples: [
    { command: "omk status", note: "the newest run" },
    { command: "omk status 20261120-2350", note: "another one, by the beginning of its id" },
    {
      command: "omk status --json | jq .standing",
      note: "running, paused, interrupted, or the final status",
    },
    { command: "watch -c omk status --color always", note: "keep looking" },
  ],
  needs: NEEDS_READ,
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    const { directory, loaded } = await openRun(context, args.positionals[0]);
    const now = Date.now();
    const workers = await examineWorkers(loaded, now);
    const document = statusDocument(loaded.state, {
      standing: standingOf(loaded),
      controlled: loaded.isControlled,
      directory: directory.path,
      now,
      lastLines: await readLastLines(loaded, workers),
      workers,
    });
    if (json) output.json(document);
    else await printLines(output, (style, columns) => statusScreen(document, style, columns, now));
    return ExitCode.OK;
  },
};

/**
 * The last line that each task at work has printed: the artifact has the newest whole line, a heartbeat may know of one
 * that has no end yet.
 */
async function readLastLines(
  { state, directory }: LoadedRun,
  workers: readonly WorkerStatus[],
): Promise<ReadonlyMap<string, string>> {
  const tasks = activeTasks(state).slice(0, MOST_TAILS);
  const lines = await Promise.all(tasks.map(async (task): Promise<[string, string]> => {
    const isLoop = findTask(state, task.id)?.spec.loop !== undefined;
    const iteration = isLoop ? currentIteration(task) : undefined;
    const path = `${directory.path}/${outputPath(task.id, task.attempt, iteration)}`;
    const told = toldBy(workers, task.id, task.attempt);
    if (told !== undefined && told.at > await modifiedAt(path)) return [task.id, oneLine(told.line)];
    const tail = (await readTail(path, TAIL_LINES)).map(oneLine);
    return [task.id, tail.findLast((line) => line !== "") ?? ""];
  }));
  return new Map(lines.filter(([, line]) => line !== ""));
}

function toldBy(
  workers: readonly WorkerStatus[],
  taskId: string,
  attempt: number,
): { readonly line: string; readonly at: number } | undefined {
  for (const { heartbeat_at, tasks } of workers) {
    const found = tasks.find((each) => each.task_id === taskId && each.attempt === attempt);
    if (found === undefined || found.last_line === null || heartbeat_at === null) continue;
    return { line: found.last_line, at: Date.parse(heartbeat_at) };
  }
  return undefined;
}

/** Wall clock, milliseconds; 0 where there is nothing. */
async function modifiedAt(path: string): Promise<number> {
  const info = await Deno.stat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  });
  return info?.mtime?.getTime() ?? 0;
}
