/** Several candidates for one task: each works in a worktree of its own, under an id that no other task has. */

import type { PlanDraft } from "../draft.ts";
import { type Finding, quote } from "../problem.ts";
import { isTaskId } from "../spec.ts";

/** The ids of the candidates for a task. */
export function candidateIds(id: string, parallel: number): readonly string[] {
  return Array.from({ length: parallel }, (_, at) => `${id}.${at + 1}`);
}

/** Checks the tasks that have candidates. */
export function checkCandidates(draft: PlanDraft): Finding[] {
  const findings: Finding[] = [];
  const taken = new Map(draft.tasks.flatMap(({ id }) => id === undefined ? [] : [[id.toLowerCase(), id]]));
  for (const [place, task] of draft.tasks.entries()) {
    const attempts = task.attempts ?? (task.review === undefined ? draft.defaults?.attempts : undefined);
    if (attempts?.parallel === undefined) continue;
    const path = task.attempts === undefined ? ["defaults", "attempts"] : ["tasks", place, "attempts"];
    const refuse = (message: string, hint: string): void => {
      findings.push({ code: "conflict", path, target: "key", message, hint });
    };
    if ((task.isolation ?? draft.defaults?.isolation) === "none") {
      refuse(
        '"attempts" needs a worktree for each candidate, and "isolation" is "none"',
        "remove one of the two",
      );
    }
    const { id } = task;
    if (id === undefined || !isTaskId(id)) continue;
    for (const each of candidateIds(id, attempts.parallel)) {
      const other = taken.get(each.toLowerCase());
      if (other !== undefined) {
        refuse(`its candidate ${quote(each)} would have the id of task ${quote(other)}`, "rename that task");
      } else if (!isTaskId(each)) {
        refuse(`its candidate ${quote(each)} would have too long an id`, "give the task a shorter id");
      }
    }
  }
  return findings;
}
