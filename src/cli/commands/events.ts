/** `omk events`: the events of a run, for people and for programs. */

import { ExitCode, UsageError } from "../../errors.ts";
import type { RunEvent } from "../../log/event.ts";
import { matches } from "../../log/event_filter.ts";
import { KINDS } from "../../log/kinds.ts";
import { readRunLog } from "../../log/reader.ts";
import { findRun } from "../../run/find_run.ts";
import type { Command, CommandContext } from "../command.ts";
import { EVENT_OPTIONS, eventFilter } from "../event_options.ts";
import { followRun } from "../follow_run.ts";
import { locate } from "../place.ts";
import { printLines } from "../print_lines.ts";
import { eventLine } from "../render/event_line.ts";

/** See the module. */
export const eventsCommand: Command = {
  name: "events",
  summary: "print the events of a run, or of all",
  usage: ["omk events [RUN]", "omk events --all"],
  description: [
    "Prints the events of a run in the order of its log: one line each, or with --json each as one line of JSON, as\n" +
    "it stands in the log. All filters must hold. RUN is latest where it is left out.",
    "With --follow it goes on with what is appended, until the run is finished, or its omk process is gone.",
    "With --all it prints those of all runs, the oldest run first. It reads them from the index, which it brings up to\n" +
    "date before, or from the logs where the index cannot be written.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    ...EVENT_OPTIONS,
    { name: "from", type: "number", placeholder: "INDEX", description: "From the event with this index on" },
    { name: "follow", short: "f", type: "boolean", description: "Wait for further events" },
    { name: "all", type: "boolean", description: "The events of all runs" },
  ],
  examples: [
    { command: "omk events --follow", note: "watch the newest run" },
    {
      command: "omk events --task api --kind retry_scheduled,task_failed",
      note: "why task api had to be repeated",
    },
    { command: "omk events --all --kind run_finished --since 7d", note: "how the runs of this week ended" },
    { command: "omk events latest --since 10m --json", note: "the last ten minutes, for a program" },
    {
      command: "omk events --follow --json --kind gate_passed,gate_failed | while read -r line; do …; done",
      note: "act on gates",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "all events were printed; with --follow, the run is finished" },
    {
      code: 1,
      meaning: "with --follow: the run's omk process is gone before its end; with --all: a log is damaged",
    },
    { code: 2, meaning: "wrong usage, or no such run" },
    { code: 5, meaning: "the log is damaged or cannot be read" },
  ],
  // Only --all writes: the index.
  needs: { run: false, write: true },
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    await checkKinds(args.list("kind"));
    const filter = eventFilter(args, Date.now());
    if (args.flag("all")) return await (await import("../all_events.ts")).printAllEvents(context, filter);
    const { home } = await locate(context);
    const directory = await findRun(home, args.positionals[0]);
    const from = args.number("from") ?? 0;
    const print = async (event: RunEvent) => {
      if (json) output.json(event);
      else await printLines(output, (style, columns) => [eventLine(event, style, columns)]);
    };
    if (args.flag("follow")) {
      const isFinished = await followRun(directory, async (event) => {
        if (event.index >= from && matches(event, filter)) await print(event);
        return !output.closed;
      });
      if (isFinished || output.closed) return ExitCode.OK;
      output.note(`run ${directory.runId} is interrupted; go on with omk resume ${directory.runId}`);
      return ExitCode.NOT_READY;
    }
    for await (const event of readRunLog(directory.events, { from, filter })) {
      if (output.closed) break;
      await print(event);
    }
    return ExitCode.OK;
  },
};

async function checkKinds(kinds: readonly string[]): Promise<void> {
  const unknown = kinds.find((kind) => !Object.hasOwn(KINDS, kind));
  if (unknown === undefined) return;
  const { nearest } = await import("../../plan/nearest.ts");
  const guess = nearest(unknown, Object.keys(KINDS));
  throw new UsageError({
    what: `There is no kind of event "${unknown}"`,
    why: guess === undefined ? undefined : `did you mean ${guess}?`,
    fix: "omk schema events describes all kinds",
  });
}
