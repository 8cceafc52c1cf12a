/** `omk resume`: go on with a run whose controller is gone. */

import { findRun } from "../../run/find_run.ts";
import type { Command, CommandContext } from "../command.ts";
import { OUTPUT_OPTIONS } from "../output_options.ts";
import { locate } from "../place.ts";
import { resumeRun } from "../resume_run.ts";
import { RUN_EXIT_CODES } from "../run_exit_codes.ts";

/** See the module. */
export const resumeCommand: Command = {
  name: "resume",
  summary: "go on with an interrupted run",
  usage: ["omk resume [RUN]"],
  description: [
    "Takes over a run whose omk process is gone: ends what that process left running, keeps the work of its\n" +
    "attempts under refs/omk, and goes on with the plan that was pinned at the start. Tasks that are completed,\n" +
    "failed, blocked or cancelled are not run again; omk retry does that. A run that has ended goes on where an\n" +
    "answer or a budget was given meanwhile. Without RUN it takes the newest one. Where the run was to plan what\n" +
    "omk run was asked for, the plan is then shown and run.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    {
      name: "yes",
      short: "y",
      type: "boolean",
      description: "Agree beforehand to what an agent plans in a run of omk run PROMPT",
    },
    ...OUTPUT_OPTIONS,
  ],
  examples: [
    { command: "omk resume", note: "go on with the newest run" },
    { command: "omk resume 20261120-2350", note: "any unique beginning of a run id will do" },
  ],
  exitCodes: RUN_EXIT_CODES,
  async run(context: CommandContext): Promise<number> {
    const { home } = await locate(context);
    const directory = await findRun(home, context.args.positionals[0]);
    const code = await resumeRun(context, directory, home);
    const { goOnAfter } = await import("../planning/go_on.ts");
    return await goOnAfter(context, directory, code);
  },
};
