/** The part of the reference model that takes over what an earlier run made. */

import { type Facts, startsNothing, taskOf } from "./facts.ts";
import { specOf } from "./naive.ts";

/** What an earlier run made comes before anything is run: the first whose dependencies were all taken over. */
export function takeOver(facts: Facts): string[] {
  const { run, plan } = facts;
  if (run.merge !== null || run.paused || startsNothing(facts) || run.head === null) return [];
  const next = run.reuse?.tasks.slice(run.reuse.next).find(({ task_id }) => {
    const task = taskOf(facts, task_id);
    const isOpen = task?.state === "pending" && task.attempt === 0;
    return isOpen &&
      specOf(plan, task_id)?.dependencies.every((id) => taskOf(facts, id)?.reused !== undefined);
  });
  if (next === undefined) return [];
  return [
    next.pin === null
      ? `complete ${next.task_id}`
      : `merge ${next.task_id} ${next.pin} on ${run.head.commit}`,
  ];
}
