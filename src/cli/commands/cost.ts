/** `omk cost`: what the agents of a run have used. */

import { ExitCode } from "../../errors.ts";
import type { PayloadOf } from "../../log/kinds.ts";
import { incarnationOf } from "../../run/state.ts";
import type { Command, CommandContext } from "../command.ts";
import { NEEDS_READ } from "../needs.ts";
import { openRun } from "../open_run.ts";
import { printLines } from "../print_lines.ts";
import { costDocument } from "../render/cost_document.ts";
import { costLines } from "../render/cost_lines.ts";

/** See the module. */
export const costCommand: Command = {
  name: "cost",
  summary: "say what the agents of a run have used",
  usage: ["omk cost [RUN]"],
  description: [
    "Shows tokens and money of each attempt that an agent has made, of each task, and of the run, beside the budgets.\n" +
    "Each figure says how good it is: measured, where the agent tells it; estimated, where it is reckoned from tokens by\n" +
    "the prices of the configuration, or the agent tells a part only; unknown, where nobody can tell. A sum is only as\n" +
    "good as its worst part.",
  ],
  positionals: { min: 0, max: 1 },
  options: [],
  examples: [
    { command: "omk cost", note: "the newest run" },
    { command: "omk cost latest --json | jq '.totals'", note: "for scripts" },
  ],
  needs: NEEDS_READ,
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    const records: PayloadOf<"usage_recorded">[] = [];
    let incarnation = 0;
    const { loaded } = await openRun(context, args.positionals[0], (event) => {
      const own = incarnationOf(event.actor) ?? incarnation;
      if (own < incarnation) return;
      incarnation = own;
      if (event.kind === "usage_recorded") records.push(event.payload);
    });
    const document = costDocument(loaded.state, records, Date.now());
    if (json) output.json(document);
    else await printLines(output, (style, columns) => costLines(document, style, columns));
    return ExitCode.OK;
  },
};
