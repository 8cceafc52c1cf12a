/** A plan of `omk clean` for people. Pure. */

import type { CleanPlan } from "../clean/clean_plan.ts";
import { isEmpty } from "../clean/clean_plan.ts";
import type { Style } from "../output.ts";
import { oneLine } from "./text.ts";

/** Things of one kind that are shown; the rest is counted. */
const SHOWN = 50;

/** What would be removed, then what is kept. */
export function cleanPlanLines(plan: CleanPlan, style: Style): readonly string[] {
  const loses = (text: string | null) => text === null ? "" : style.red(`, and with it ${text}`);
  const removals = [
    ...plan.runs.map((run) =>
      `run ${run.runId}, ${run.standing}${
        run.ended_at === null ? "" : `, ended ${run.ended_at.slice(0, 10)}`
      }${loses(run.loses)}`
    ),
    ...plan.slots.map((slot) =>
      `worktree ${slot.directory}/${slot.name}, ${slot.state.replace("_", " ")}${loses(slot.loses)}`
    ),
    ...plan.leftovers.map((path) => `leftover ${path}`),
  ];
  const kept = plan.kept.map((each) => `${each.kind} ${each.name}: ${oneLine(each.why)}`);
  return [
    ...(isEmpty(plan) ? ["Nothing to remove"] : ["To be removed:", ...shown(removals)]),
    ...(kept.length === 0 ? [] : ["Kept:", ...shown(kept)]),
  ];
}

function shown(lines: readonly string[]): readonly string[] {
  const some = lines.slice(0, SHOWN).map((line) => `  ${line}`);
  return lines.length > SHOWN ? [...some, `  and ${lines.length - SHOWN} more`] : some;
}
