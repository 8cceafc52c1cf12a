/** `omk log tail`: the end of a log file, a run's or a free one. */

import { ExitCode, UsageError } from "../../errors.ts";
import type { FreeEvent } from "../../log/event.ts";
import { matches } from "../../log/event_filter.ts";
import { TolerantReader } from "../../log/tolerant_reader.ts";
import type { Command, CommandContext } from "../command.ts";
import { EVENT_OPTIONS, eventFilter } from "../event_options.ts";
import { followLog } from "../follow_log.ts";
import { logPath } from "../log_path.ts";
import { NEEDS_READ } from "../needs.ts";
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
    "as they are. Only whole commits count. Sums are not checked: omk log verify does that.",
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
    ...EVENT_OPTIONS,
  ],
  examples: [
    { command: "omk log tail", note: "the last ten events of the newest run" },
    { command: "omk log tail audit.jsonl -n 50", note: "a log of your own" },
    { command: "omk log tail latest -f --json", note: "every new event as a line of JSON" },
  ],
  needs: NEEDS_READ,
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    const filter = eventFilter(args, Date.now());
    const path = await logPath(context, args.positionals[0]);
    const count = args.number("lines") ?? DEFAULT_COUNT;
    const print = async (event: FreeEvent) => {
      if (json) output.json(event);
      else await printLines(output, (style, columns) => [eventLine(event, style, columns)]);
    };
    await requireFile(path);
    const reader = new TolerantReader(path);
    let last: FreeEvent[] = [];
    let end = -1;
    for await (const event of reader) {
      end = event.index;
      if (!matches(event, filter)) continue;
      last.push(event);
      // Cutting now and then is cheaper than shifting each time.
      if (last.length > 2 * count + 1000) last = last.slice(last.length - count);
    }
    for (const event of last.slice(Math.max(0, last.length - count))) await print(event);
    const { parse_failures, uncommitted_lines } = reader.counts;
    if (parse_failures > 0) {
      output.note(
        `${counted(parse_failures, "line")} of ${path} could not be read; omk log verify ${path} says more`,
      );
    }
    if (uncommitted_lines > 0) {
      output.note(`${counted(uncommitted_lines, "line")} at the end belong to no whole commit`);
    }
    if (args.flag("follow")) {
      for await (const event of followLog(path, end + 1)) {
        if (matches(event, filter)) await print(event);
        if (output.closed) break;
      }
    }
    return ExitCode.OK;
  },
};

async function requireFile(path: string): Promise<void> {
  try {
    if ((await Deno.stat(path)).isFile) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
  }
  throw new UsageError({
    what: "Cannot find the log",
    where: path,
    why: "there is no such file",
    fix: "check the path",
  });
}
