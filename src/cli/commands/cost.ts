/** `omk cost`: what the agents of a run have used. */

import { ExitCode } from "../../errors.ts";
import type { PayloadOf } from "../../log/kinds.ts";
import type { RunEvent } from "../../log/event.ts";
import { isRunId } from "../../log/run_id.ts";
import { readRunLog } from "../../log/reader.ts";
import { sumUsage } from "../../proof/usage_sum.ts";
import { readIfThere } from "../../read_if_there.ts";
import { runDirectory } from "../../run/directory.ts";
import { incarnationOf } from "../../run/state.ts";
import type { Command, CommandContext } from "../command.ts";
import { NEEDS_READ } from "../needs.ts";
import { openRun } from "../open_run.ts";
import { printLines } from "../print_lines.ts";
import { type CostDocument, costDocument } from "../render/cost_document.ts";
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
    "good as its worst part. What the agent has used that made the plan is told besides.",
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
    const usage = new RecordedUsage();
    const { place, loaded } = await openRun(context, args.positionals[0], (event) => usage.take(event));
    const planning = await planningCost(place.home, usage.plannedBy);
    const document = costDocument(loaded.state, usage.records, Date.now(), planning);
    if (json) output.json(document);
    else await printLines(output, (style, columns) => costLines(document, style, columns));
    return ExitCode.OK;
  },
};

/** What a log says of the use of agents. Facts of an older incarnation count for nothing. */
class RecordedUsage {
  readonly records: PayloadOf<"usage_recorded">[] = [];
  /** The run in which the plan was made; null where nobody knows of one. */
  plannedBy: string | null = null;
  #incarnation = 0;

  take(event: RunEvent): void {
    const own = incarnationOf(event.actor) ?? this.#incarnation;
    if (own < this.#incarnation) return;
    this.#incarnation = own;
    if (event.kind === "usage_recorded") this.records.push(event.payload);
    if (event.kind === "run_started") this.plannedBy = event.payload.plan_lock?.planned_by ?? null;
  }
}

/** What was used in the run that planned; null where there is none, or it was removed since. */
async function planningCost(home: string, runId: string | null): Promise<CostDocument["planning"]> {
  if (runId === null || !isRunId(runId)) return null;
  const { events } = runDirectory(home, runId);
  if (await readIfThere(events) === null) return null;
  const usage = new RecordedUsage();
  for await (const event of readRunLog(events, {})) usage.take(event);
  return { run_id: runId, totals: sumUsage(usage.records) };
}
