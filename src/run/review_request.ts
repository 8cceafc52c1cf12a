/** What a reviewer gets to know: the work that it judges, what it found in it before, and the code of its report. */

import { sha256 } from "../digest.ts";
import type { RunEvent } from "../log/event.ts";
import type { ReviewFinding } from "../log/kinds.ts";
import { redactText } from "../log/redact.ts";
import { tasksToReview } from "../scheduler/reviews.ts";
import type { RunState, TaskView } from "../scheduler/run_state.ts";
import type { AttemptRef } from "../scheduler/task_state.ts";
import { reviewPrompt } from "../worker/prompt/review_prompt.ts";
import type { ReadChanges, ReviewRequest } from "../worker/port.ts";

/** So many characters of the code are enough: nobody can try more than one. */
const CODE_LENGTH = 12;

/** The review of an attempt that is claimed; `events`: the log of the run. */
export function reviewRequest(
  state: RunState,
  view: TaskView,
  ref: AttemptRef,
  events: () => AsyncIterable<RunEvent>,
): ReviewRequest & { readonly prompt: (changes: ReadChanges) => Promise<string> } {
  const works = tasksToReview(state, view).map(({ spec, task }) => ({
    ...{ spec, attempt: task.attempt, base: task.base, pin: task.pin },
  }));
  const { answer } = view.task;
  // It depends on what is reviewed, so nothing of that can hold it.
  const code = sha256(JSON.stringify([state.run.run_id, ref, works.map(({ pin }) => pin)])).slice(
    0,
    CODE_LENGTH,
  );
  return {
    code,
    ...(view.spec.review?.picks_for === undefined ? {} : { candidates: works.map(({ spec }) => spec.id) }),
    prompt: async (changes) =>
      redactText(reviewPrompt({
        spec: view.spec,
        works: await Promise.all(works.map(async (work) => ({
          ...work,
          diff: work.base === null || work.pin === null ? "" : await changes(work.base, work.pin),
        }))),
        earlier: await earlierFindings(view.spec.id, new Set(works.map(({ spec }) => spec.id)), events),
        code,
        ...(answer === undefined ? {} : { answer }),
      })),
  };
}

/** What the review found in earlier attempts of these tasks. */
async function earlierFindings(
  review: string,
  tasks: ReadonlySet<string>,
  events: () => AsyncIterable<RunEvent>,
): Promise<readonly { task: string; round: number; findings: readonly ReviewFinding[] }[]> {
  const found: { task: string; round: number; findings: readonly ReviewFinding[] }[] = [];
  for await (const event of events()) {
    if (event.kind !== "task_reviewed" || event.payload.review.task_id !== review) continue;
    const { task_id, round, findings } = event.payload;
    if (tasks.has(task_id)) found.push({ task: task_id, round, findings });
  }
  return found;
}
