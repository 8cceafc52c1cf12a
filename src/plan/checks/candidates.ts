/** Several candidates for one task: each works in a worktree of its own, under an id that no other task has. */

import type { PlanDraft } from "../draft.ts";
import { type Finding, quote } from "../problem.ts";
import type { TaskFields } from "../task_schema.ts";
import { isTaskId } from "../spec.ts";

/** The ids of the candidates for a task. */
export function candidateIds(id: string, parallel: number): readonly string[] {
  return Array.from({ length: parallel }, (_, at) => `${id}.${at + 1}`);
}

/** The id of the review that picks one of the candidates for a task. */
export function pickReviewId(id: string): string {
  return `${id}.review`;
}

/** How the review is done that picks among the candidates of a task with these fields; undefined where none does. */
export function pickReviewOf(
  { attempts, review }: Pick<Partial<TaskFields>, "attempts" | "review">,
  defaults: Pick<Partial<TaskFields>, "attempts"> = {},
): Partial<Pick<NonNullable<TaskFields["review"]>, "agent" | "rubric">> | undefined {
  // A review of other tasks has no candidates, whatever the defaults say.
  const pick = (attempts ?? (review === undefined ? defaults.attempts : undefined))?.pick;
  return pick === "review" ? {} : typeof pick === "object" ? pick.review : undefined;
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
    const reviews = pickReviewOf({ attempts }) === undefined ? [] : [pickReviewId(id)];
    for (const each of [...candidateIds(id, attempts.parallel), ...reviews]) {
      const what = reviews.includes(each)
        ? `the review of its candidates, ${quote(each)},`
        : `its candidate ${quote(each)}`;
      const other = taken.get(each.toLowerCase());
      if (other !== undefined) {
        refuse(`${what} would have the id of task ${quote(other)}`, "rename that task");
      } else if (!isTaskId(each)) {
        refuse(`${what} would have too long an id`, "give the task a shorter id");
      }
    }
  }
  return findings;
}
