/** `omk log stats`: what is in a log file, in numbers. */

import { ExitCode } from "../../errors.ts";
import { logBytes } from "../../log/stats.ts";
import type { Command, CommandContext } from "../command.ts";
import { logPath } from "../log_path.ts";
import { openLogSource, requireLogFile } from "../log_source.ts";
import { countEvents, type LogStatistics } from "../log_statistics.ts";
import { NEEDS_READ } from "../needs.ts";
import { printLines } from "../print_lines.ts";
import { alignColumns, counted, formatBytes } from "../render/text.ts";

/** See the module. */
export const logStatsCommand: Command = {
  name: "log stats",
  summary: "count what is in a log file",
  usage: ["omk log stats FILE", "omk log stats [RUN]"],
  description: [
    "Counts the lines and events of a log: that of a run, or any file in the format of omk's logs, of omk 0.5, omne or\n" +
    "harn. It reads what can be read, and counts what cannot: lines that are no events, empty lines, and lines of a\n" +
    "commit without an end. With --strict it stops at the first line that is not as it should be, sums included.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    { name: "strict", type: "boolean", description: "Stop at the first damage, instead of counting it" },
  ],
  examples: [
    { command: "omk log stats", note: "the log of the newest run" },
    {
      command: "omk log stats old/events.jsonl --json | jq .parse_failures",
      note: "how much of a log is damaged",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "counted, whatever could not be read" },
    { code: 2, meaning: "wrong usage, no such file or run" },
    { code: 5, meaning: "the log cannot be read; with --strict: it is damaged" },
  ],
  needs: NEEDS_READ,
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    const path = await logPath(context, args.positionals[0]);
    await requireLogFile(path);
    const source = await openLogSource(path, { strict: args.flag("strict") });
    const statistics = await countEvents(source);
    const bytes = await logBytes(path);
    if (json) output.json({ schema_version: 1, path, format: source.format, bytes, ...statistics });
    else {
      const { format } = source;
      output.print(`${path}: ${format === "omk" ? "" : `a log of ${format}, `}${formatBytes(bytes)}`);
      await printLines(output, (_, columns) => alignColumns(rowsOf(statistics), columns));
    }
    return ExitCode.OK;
  },
};

function rowsOf(statistics: LogStatistics): readonly (readonly string[])[] {
  const { total_lines, valid_events, parse_failures, empty_lines, uncommitted_lines } = statistics;
  const { first, last, runs, kinds } = statistics;
  const rows = [
    ["  lines", String(total_lines)],
    ["  events", `${valid_events}${runs > 1 ? ` of ${counted(runs, "run")}` : ""}`],
    ["  not events", String(parse_failures)],
    ["  empty", String(empty_lines)],
    ["  uncommitted", String(uncommitted_lines)],
  ];
  if (first !== null && last !== null) {
    rows.push(["  first", `${first.index} at ${first.ts}`], ["  last", `${last.index} at ${last.ts}`]);
  }
  return [...rows, ...Object.entries(kinds).map(([kind, count]) => [`  ${kind}`, String(count)])];
}
