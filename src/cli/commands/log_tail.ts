/** `omk log tail`: the end of a log file, a run's or a free one, or what a consumer has not had of it. */

import { ExitCode, UsageError } from "../../errors.ts";
import type { FreeEvent } from "../../log/event.ts";
import { type EventFilter, matches } from "../../log/event_filter.ts";
import { followLog } from "../../log/follow.ts";
import type { Command, CommandContext } from "../command.ts";
import { EVENT_OPTIONS, eventFilter } from "../event_options.ts";
import { logPath } from "../log_path.ts";
import { openLogSource, requireLogFile } from "../log_source.ts";
import { printLines } from "../print_lines.ts";
import { eventLine } from "../render/event_line.ts";
import { counted } from "../render/text.ts";

/** Events that are shown where the user does not say how many. */
const DEFAULT_COUNT = 10;

/** See the module. */
export const logTailCommand: Command = {
  name: "log tail",
  summary: "print the end of a log file",
  usage: ["omk log tail FILE", "omk log tail [RUN]"],
  description: [
    "Prints the last events of a log: that of a run, or any file in the format of omk's logs. It reads what can be\n" +
    "read: lines that are no events are skipped and counted on stderr; kinds that this omk does not know are shown\n" +
    "as they are. Only whole commits count. Sums are not checked: --strict does that, and stops at the first line\n" +
    "that is not as it should be. It also reads the logs of omk 0.5, omne and harn, and shows them in omk's terms.",
    "With --consumer it prints everything that NAME has not had yet, and remembers how far that is in a file beside\n" +
    "the log. The place only moves forward, behind what was printed: whoever dies in between gets the last events\n" +
    "again, and never misses one.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    {
      name: "lines",
      short: "n",
      type: "number",
      placeholder: "N",
      description: "The last N events (default: 10)",
    },
    {
      name: "follow",
      short: "f",
      type: "boolean",
      description: "Wait for further events, until it is stopped",
    },
    {
      name: "consumer",
      type: "string",
      placeholder: "NAME",
      description: "Print what NAME has not had yet, and remember it",
    },
    { name: "strict", type: "boolean", description: "Stop at the first damage, instead of skipping it" },
    ...EVENT_OPTIONS,
  ],
  examples: [
    { command: "omk log tail", note: "the last ten events of the newest run" },
    { command: "omk log tail audit.jsonl -n 50", note: "a log of your own" },
    { command: "omk log tail latest -f --json", note: "every new event as a line of JSON" },
    {
      command: "omk log tail audit.jsonl -f --json --consumer shipper | ship",
      note: "ship a log, each event at least once",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "printed, whatever could not be read" },
    {
      code: 2,
      meaning: "wrong usage, no such file or run, or the place of NAME is in use or not of this log",
    },
    { code: 5, meaning: "the log cannot be read; with --strict, --follow or --consumer: it is damaged" },
  ],
  // Only --consumer writes: its place.
  needs: { run: false, write: true },
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    const filter = eventFilter(args, Date.now());
    const path = await logPath(context, args.positionals[0]);
    await requireLogFile(path);
    const print = async (event: FreeEvent) => {
      if (json) output.json(event);
      else await printLines(output, (style, columns) => [eventLine(event, style, columns)]);
    };
    const consumer = args.text("consumer");
    if (consumer !== undefined) await printNew(context, path, consumer, filter, print);
    else await printLast(context, path, filter, print);
    return ExitCode.OK;
  },
};

/** Prints what a consumer has not had yet. */
async function printNew(
  { args, output }: CommandContext,
  path: string,
  consumer: string,
  filter: EventFilter,
  print: (event: FreeEvent) => Promise<void>,
): Promise<void> {
  if (args.number("lines") !== undefined) {
    throw new UsageError({
      what: "Option --consumer does not go with --lines",
      fix: "leave one of them out",
    });
  }
  const { Cursor } = await import("../../log/sinks/cursor.ts");
  const { consume } = await import("../../log/sinks/consume.ts");
  const cursor = await Cursor.open(path, consumer);
  using _cursor = cursor;
  await consume(path, cursor, async (event) => {
    if (matches(event, filter)) await print(event);
    // What nobody has read was not had.
    return !output.closed;
  }, { follow: args.flag("follow") });
}

/** Prints the last events, and then, if that is wanted, those to come. */
async function printLast(
  { args, output }: CommandContext,
  path: string,
  filter: EventFilter,
  print: (event: FreeEvent) => Promise<void>,
): Promise<void> {
  const count = args.number("lines") ?? DEFAULT_COUNT;
  const source = await openLogSource(path, { strict: args.flag("strict"), filter });
  if (args.flag("follow") && source.format !== "omk") {
    throw new UsageError({
      what: "Option --follow needs a log of this omk",
      where: path,
      why: `it is one of ${source.format}`,
      fix: "leave --follow out",
    });
  }
  let last: FreeEvent[] = [];
  let end = -1;
  for await (const event of source.events) {
    end = event.index;
    last.push(event);
    // Cutting now and then is cheaper than shifting each time.
    if (last.length > 2 * count + 1000) last = last.slice(last.length - count);
  }
  for (const event of last.slice(Math.max(0, last.length - count))) await print(event);
  const { parse_failures = 0, uncommitted_lines = 0 } = source.counts ?? {};
  if (parse_failures > 0) {
    output.note(
      `${counted(parse_failures, "line")} of ${path} could not be read; omk log verify ${path} says more`,
    );
  }
  if (uncommitted_lines > 0) {
    output.note(`the end has ${counted(uncommitted_lines, "line")} of no whole commit`);
  }
  if (!args.flag("follow")) return;
  for await (const event of followLog(path, { from: end + 1, filter })) {
    await print(event);
    if (output.closed) break;
  }
}
