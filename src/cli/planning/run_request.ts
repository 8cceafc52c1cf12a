/** `omk run "PROMPT"`: an agent plans what is asked for, and the plan is run once somebody agrees to it. */

import { UsageError } from "../../errors.ts";
import type { CommandContext } from "../command.ts";
import { BASE } from "../config/settings.ts";
import { conductPlanning } from "./conduct_planning.ts";
import { goOnWithPlan } from "./go_on.ts";

/** Options of `omk run` that are about a plan that is there already. */
const FOR_PLANS = ["only", "from", "reuse", "resume", "dry-run"] as const;

/** Plans, asks and runs; resolves with the exit code. */
export async function runRequest(context: CommandContext, request: string): Promise<number> {
  const { args, config } = context;
  const wrong = FOR_PLANS.find((name) =>
    args.flag(name) || args.list(name).length > 0 || args.text(name) !== undefined
  );
  if (wrong !== undefined) {
    throw new UsageError({
      what: `Option --${wrong} needs a plan that is there`,
      why: "this is a prompt, whose plan is still to be made",
      fix: 'make it with omk plan "…", and run what that keeps',
    });
  }
  if (!context.interactive && !args.flag("yes") && !context.json) {
    context.output.note(
      "note: nobody can be asked here, so the plan will be kept and not run; --yes runs it",
    );
  }
  const end = await conductPlanning(context, {
    request,
    then: "run",
    output: null,
    base: config.value(BASE),
  });
  return await goOnWithPlan(context, end, {
    yes: args.flag("yes"),
    replace: false,
    detach: args.flag("detach"),
  });
}
