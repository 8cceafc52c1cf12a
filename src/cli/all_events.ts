/** `omk events --all`: the events of all runs, from the index where there is one, else from the logs themselves. */

import { ExitCode, reasonOf, UsageError } from "../errors.ts";
import { LogIoError } from "../log/errors.ts";
import type { FreeEvent } from "../log/event.ts";
import { type EventFilter, matches } from "../log/event_filter.ts";
import { IndexUnavailableError } from "../log/index/database.ts";
import { isDamage, scanLog } from "../log/scan.ts";
import type { CommandContext } from "./command.ts";
import type { Output } from "./output.ts";
import { locate } from "./place.ts";
import { printLines } from "./print_lines.ts";
import { eventLine } from "./render/event_line.ts";
import { indexedRuns, noteDoneWithout, openRunIndex, type RunIndex } from "./run_index.ts";

/**
 * Prints the events of all runs that pass the filter: run by run, the oldest first. Resolves with the exit code: 1
 * where some log could not be read to its end.
 *
 * @throws {UsageError} for what makes sense for one run only.
 */
export async function printAllEvents(context: CommandContext, filter: EventFilter): Promise<number> {
  const { args, output, json } = context;
  for (const option of ["from", "follow"]) {
    if (args.number(option) === undefined && !args.flag(option)) continue;
    throw new UsageError({ what: `Option --all does not go with --${option}`, fix: "name one run instead" });
  }
  if (args.positionals.length > 0) {
    throw new UsageError({
      what: `Option --all does not go with "${args.positionals[0]}"`,
      fix: "leave one of them out",
    });
  }
  const { home } = await locate(context);
  let problems = 0;
  let shown: string | undefined;
  for await (const event of await eventsOfAll(home, filter, output, () => problems++)) {
    if (output.closed) break;
    if (json) output.json(event);
    else {
      await printLines(output, (style, columns) => {
        const title = event.run_id === shown ? [] : [style.bold(event.run_id)];
        return [...title, eventLine(event, style, columns)];
      });
      shown = event.run_id;
    }
  }
  return problems === 0 ? ExitCode.OK : ExitCode.NOT_READY;
}

async function eventsOfAll(
  home: string,
  filter: EventFilter,
  output: Output,
  onProblem: () => void,
): Promise<Iterable<FreeEvent> | AsyncIterable<FreeEvent>> {
  try {
    return eventsOfIndex(await openRunIndex(home, output), filter, onProblem);
  } catch (error) {
    if (!(error instanceof IndexUnavailableError)) throw error;
    noteDoneWithout(output, error);
    return eventsOfLogs(home, filter, output, onProblem);
  }
}

function* eventsOfIndex(opened: RunIndex, filter: EventFilter, onProblem: () => void): Generator<FreeEvent> {
  using _ = opened;
  if (opened.report.problems.length > 0) onProblem();
  yield* opened.index.events(filter);
}

async function* eventsOfLogs(
  home: string,
  filter: EventFilter,
  output: Output,
  onProblem: () => void,
): AsyncGenerator<FreeEvent> {
  for (const { runId, log } of await indexedRuns(home)) {
    try {
      for await (const commits of scanLog(log, { checkSums: false })) {
        for (const { events } of commits) yield* events.filter((event) => matches(event, filter));
      }
    } catch (error) {
      if (!(isDamage(error) || error instanceof LogIoError)) throw error;
      onProblem();
      output.note(
        `${output.errorStyle.yellow("warning:")} run ${runId} cannot be read to its end: ${reasonOf(error)}`,
      );
    }
  }
}
