/** `omk query`: asks the events of all runs a question in SQL. */

import { ExitCode } from "../../errors.ts";
import type { QueryResult } from "../../log/index/event_index.ts";
import type { Command, CommandContext } from "../command.ts";
import { locate } from "../place.ts";
import { printLines } from "../print_lines.ts";
import { alignColumns, cut } from "../render/text.ts";
import { openAnyRunIndex } from "../run_index.ts";

/** Longer values are cut in the table for people. */
const CELL_COLUMNS = 60;

/** See the module. */
export const queryCommand: Command = {
  name: "query",
  summary: "ask the events of all runs a question in SQL",
  usage: ["omk query SQL"],
  description: [
    "Answers one SELECT (SQLite's SQL) on the events of all runs of this repository. It cannot change anything. The\n" +
    "index is brought up to date before; where it cannot be written, the logs are read into memory instead.",
    "Table events: run_id, event_index, id, ts, schema_version, kind, subject, task, actor, gate, payload (JSON text:\n" +
    "payload->>'$.reason' is a field of it). Table runs: run_id, problem (why its log could not be read to its end).",
    "Prints a table; with --json each row is one line of JSON.",
  ],
  positionals: { min: 1, max: 1 },
  options: [],
  examples: [
    {
      command: 'omk query "SELECT kind, count(*) AS n FROM events GROUP BY kind ORDER BY n DESC"',
      note: "what happens most",
    },
    {
      command:
        "omk query \"SELECT task, count(*) AS n FROM events WHERE kind = 'retry_scheduled' GROUP BY task\" --json",
      note: "which tasks are repeated, for a program",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "answered" },
    { code: 2, meaning: "no SELECT, or one that SQLite does not understand" },
  ],
  needs: { run: false, write: true },
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    const { home } = await locate(context);
    const opened = await openAnyRunIndex(home, output);
    using _opened = opened;
    const result = opened.index.query(args.positionals[0] ?? "");
    if (!json) {
      if (result.columns.length > 0) await printLines(output, (_, columns) => table(result, columns));
      return ExitCode.OK;
    }
    for (const row of result.rows) {
      if (output.closed) break;
      output.json(row);
    }
    return ExitCode.OK;
  },
};

function table({ columns, rows }: QueryResult, width: number): readonly string[] {
  const cells = rows.map((row) => columns.map((column) => cellOf(row[column])));
  return alignColumns([columns, ...cells], width);
}

function cellOf(value: unknown): string {
  if (value === null) return "";
  return cut(value instanceof Uint8Array ? `${value.length} bytes` : String(value), CELL_COLUMNS);
}
