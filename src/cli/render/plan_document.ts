/** What planning has come to, as one document. Pure. */

import { promptOf } from "../../plan/spec.ts";
import { isOwnTask } from "./planned_lines.ts";
import type { PlanningEnd } from "../planning/conduct_planning.ts";
import { type MadePlan, runCommandFor } from "../planning/go_on.ts";

/** See the module; `made` is null where there is no plan. */
export function planDocument({ directory, state, outcome, code }: PlanningEnd, made: MadePlan | null) {
  const question = outcome.kind === "waiting" ? outcome.question : null;
  const plan = made?.prepared.plan;
  return {
    schema_version: 1,
    run_id: directory.runId,
    status: state.run.status,
    agent: state.plan.tasks[0]?.agent ?? null,
    answers: state.tasks[0]?.attempt ?? 0,
    path: made?.path ?? null,
    fallback: made?.fallback ?? null,
    question,
    name: plan?.name ?? null,
    tasks: (plan?.tasks ?? []).filter(isOwnTask).map((task) => ({
      id: task.id,
      agent: task.agent ?? null,
      run: task.run ?? null,
      prompt: promptOf(task) ?? null,
      review: task.review === undefined ? null : { of: task.review.of, rubric: task.review.rubric.name },
      dependencies: task.dependencies.filter((each) => task.attempts?.candidates.includes(each) !== true),
      candidates: task.attempts?.candidates ?? [],
      write_set: task.write_set,
      acceptance_criteria: task.acceptance_criteria,
      gates: task.gates.map(({ name, command }) => ({ name, command })),
    })),
    gates: (plan?.gates ?? []).map(({ name, command, scope }) => ({ name, command, scope })),
    may_change_judges: made?.lifted ?? [],
    next: made !== null
      ? [runCommandFor(made.path)]
      : question !== null
      ? [`omk answer ${directory.runId} plan "…"`, `omk resume ${directory.runId}`]
      : code === 0
      ? []
      : [`omk logs ${directory.runId} plan`],
  };
}
