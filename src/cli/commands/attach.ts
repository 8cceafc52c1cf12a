/** `omk attach`: watch a run that goes on in the background or elsewhere. */

import { ExitCode } from "../../errors.ts";
import type { RunEvent } from "../../log/event.ts";
import type { Command, CommandContext } from "../command.ts";
import { NEEDS_READ } from "../needs.ts";
import { openRun } from "../open_run.ts";
import { OUTPUT_OPTIONS } from "../output_options.ts";
import { RUN_EXIT_CODES } from "../run_exit_codes.ts";

/** See the module. */
export const attachCommand: Command = {
  name: "attach",
  summary: "watch a run that goes on elsewhere",
  usage: ["omk attach [RUN]"],
  description: [
    "Shows a run as its own omk process would: on a terminal a live view, elsewhere lines, and at the end its summary.\n" +
    "Ctrl-C leaves, and the run goes on; omk cancel ends it. Ends with the exit code of the run. It only reads, and any\n" +
    "number may watch. Without RUN it takes the newest one.",
  ],
  positionals: { min: 0, max: 1 },
  options: OUTPUT_OPTIONS,
  examples: [
    { command: "omk attach", note: "watch the newest run" },
    {
      command: "omk run --detach && omk attach --output prefix",
      note: "start one in the background and watch it",
    },
  ],
  exitCodes: [
    ...RUN_EXIT_CODES.filter(({ code }) => code !== ExitCode.INTERRUPTED),
    { code: ExitCode.INTERRUPTED, meaning: "the run was cancelled, or you left it with Ctrl-C" },
  ],
  needs: NEEDS_READ,
  async run(context: CommandContext): Promise<number> {
    const begun: RunEvent[] = [];
    const { loaded } = await openRun(context, context.args.positionals[0], (event) => {
      if (event.kind === "task_started" || event.kind === "gate_started") begun.push(event);
    });
    const { attachRun } = await import("../attach_run.ts");
    return await attachRun(context, loaded, begun);
  },
};
