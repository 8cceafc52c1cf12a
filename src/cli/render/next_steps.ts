/** The commands that a person would type next, by how a run stands. Pure. */

import type { RunState } from "../../scheduler/run_state.ts";

/** The most useful first; none where nothing is left to do. `standing` is that of `standingOf`. */
export function nextSteps(state: RunState, standing: string): readonly string[] {
  const { run } = state;
  const id = run.run_id;
  switch (standing) {
    case "paused":
      return [`omk unpause ${id}`, `omk cancel ${id}`];
    case "running":
      return [`omk events ${id} --follow`, `omk cancel ${id}`];
    case "interrupted":
      return [`omk resume ${id}`, `omk cancel ${id}`];
    default:
      return [...deliverySteps(state), ...failureSteps(state), `omk proof ${id}`];
  }
}

function deliverySteps({ run }: RunState): readonly string[] {
  const hasWork = run.head !== null && run.base !== null && run.head.commit !== run.base.commit;
  const isDelivered = run.deliveries.some((delivery) => delivery.commit === run.head?.commit);
  if (!hasWork || isDelivered) return [];
  if (run.status === "ready") return [`omk merge ${run.run_id}`];
  return run.status === "passed" ? [`omk merge ${run.run_id} --anyway`] : [];
}

function failureSteps({ run, tasks }: RunState): readonly string[] {
  const hasFailed = tasks.some((task) => task.state === "failed") ||
    run.gates.some((gate) => gate.result === "failed");
  const isGood = run.status === "ready" || run.status === "passed";
  const failed = tasks.filter((task) => task.state === "failed");
  const retried = failed.length === 1 ? failed[0]?.id : "--failed";
  const waiting = tasks.find((task) => task.state === "waiting");
  const spent = run.budget_exhausted?.budget;
  return [
    ...(hasFailed && !isGood ? [`omk logs ${run.run_id} --failed`] : []),
    ...(failed.length > 0 && !run.cancelled && !isGood ? [`omk retry ${run.run_id} ${retried}`] : []),
    ...(waiting === undefined ? [] : [`omk answer ${run.run_id} ${waiting.id} "…"`]),
    ...(spent === undefined ? [] : [`omk budget add ${run.run_id} --${spent} …`]),
  ];
}
