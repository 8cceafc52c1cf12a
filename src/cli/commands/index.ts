/** `omk index`: brings the index of all runs up to date, or makes it anew. */

import { ExitCode } from "../../errors.ts";
import { indexPath } from "../../log/index/index_path.ts";
import type { Command, CommandContext } from "../command.ts";
import { locate } from "../place.ts";
import { counted, formatBytes } from "../render/text.ts";
import { openRunIndex } from "../run_index.ts";

/** See the module. */
export const indexCommand: Command = {
  name: "index",
  summary: "index the events of all runs for queries",
  usage: ["omk index"],
  description: [
    "Reads the logs of all runs of this repository into one SQLite database, index.sqlite beside the runs: only what\n" +
    "is new since the last time, or everything with --rebuild. omk events --all and omk query do so by themselves, so\n" +
    "this is for scripts, and for a first time that may take long. Nothing depends on the index: it can be removed.",
  ],
  positionals: { min: 0, max: 0 },
  options: [
    { name: "rebuild", type: "boolean", description: "Make the index anew from the logs" },
  ],
  examples: [
    { command: "omk index", note: "read what is new" },
    { command: "omk index --rebuild --json", note: "read everything, and say how much it was" },
  ],
  exitCodes: [
    { code: 0, meaning: "the index is up to date" },
    { code: 1, meaning: "some logs could not be read to their end; what could be read is in the index" },
    { code: 5, meaning: "the index cannot be written" },
  ],
  needs: { run: false, write: true },
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    const { home } = await locate(context);
    const path = indexPath(home);
    const started = performance.now();
    const rebuilt = args.flag("rebuild");
    using opened = await openRunIndex(home, output, rebuilt ? "fresh file" : "file");
    const { report } = opened;
    const { runs, events, bytes } = opened.index.counts();
    const duration_ms = Math.round(performance.now() - started);
    const isWhole = report.problems.length === 0;
    if (json) {
      output.json({
        schema_version: 1,
        path,
        rebuilt,
        runs,
        events,
        bytes,
        runs_read: report.runsRead,
        events_read: report.eventsRead,
        runs_removed: report.runsRemoved,
        duration_ms,
        problems: report.problems,
      });
    } else {
      const removed = report.runsRemoved === 0 ? "" : `, forgot ${counted(report.runsRemoved, "run")}`;
      output.print(
        `Read ${counted(report.eventsRead, "event")} of ${counted(report.runsRead, "run")}${removed} ` +
          `in ${duration_ms} ms`,
      );
      output.print(`${path}: ${counted(runs, "run")}, ${counted(events, "event")}, ${formatBytes(bytes)}`);
    }
    return isWhole ? ExitCode.OK : ExitCode.NOT_READY;
  },
};
