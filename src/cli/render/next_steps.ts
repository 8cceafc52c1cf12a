/** The commands that a person would type next, by how a run stands. Pure. */

import { hasLostTests, latestGateRun } from "../../proof/status.ts";
import type { RunState } from "../../scheduler/run_state.ts";
import type { TaskStatus } from "../../scheduler/task_state.ts";

/** A command, and what it is for. */
export interface NextStep {
  readonly command: string;
  readonly purpose: string;
}

/** The most useful first; none where nothing is left to do. `standing` is that of `standingOf`. */
export function nextSteps(state: RunState, standing: string): readonly NextStep[] {
  const { run } = state;
  const id = run.run_id;
  const cancel = step(`omk cancel ${id}`, "end it, and keep what was done");
  switch (standing) {
    case "paused":
      return [step(`omk unpause ${id}`, "go on"), cancel];
    case "running":
      return [
        ...(run.approvals?.open ?? []).slice(0, 1).map(({ approval }) =>
          step(`omk approve ${id} ${approval}`, "let the agent do what it asks for")
        ),
        step(`omk attach ${id}`, "watch it"),
        cancel,
      ];
    case "interrupted":
      return [step(`omk resume ${id}`, "go on where it stopped"), cancel];
    default:
      return [
        ...deliverySteps(state),
        ...failureSteps(state),
        ...infraSteps(state),
        step(`omk proof ${id}`, "see what was done and proved"),
      ];
  }
}

function deliverySteps({ run }: RunState): readonly NextStep[] {
  const { base, head } = run;
  const hasWork = head !== null && base !== null && head.commit !== base.commit;
  const isDelivered = run.deliveries.some((delivery) => delivery.commit === head?.commit);
  if (!hasWork || isDelivered) return [];
  const where = base.branch === null ? "your branch" : base.branch.replace(/^refs\/heads\//, "");
  if (run.verdict?.accepted === false && (run.status === "ready" || run.status === "passed")) {
    return [step(`omk accept ${run.run_id}`, "take the rejection back")];
  }
  if (run.status === "ready") return [step(`omk merge ${run.run_id}`, `deliver it to ${where}`)];
  if (hasLostTests(run)) return [step(`omk accept ${run.run_id}`, "accept that tests are lost")];
  if (run.status !== "passed") return [];
  return [step(`omk merge ${run.run_id} --anyway`, `deliver it to ${where} without proof`)];
}

function failureSteps(state: RunState): readonly NextStep[] {
  const { run } = state;
  const id = run.run_id;
  const isGood = run.status === "ready" || run.status === "passed";
  const failed = withState(state, "failed");
  const hasRedGate = (state.plan.gates ?? []).some(({ name }) =>
    latestGateRun(state, name)?.result === "failed"
  );
  const hasFailed = failed.length > 0 || hasRedGate;
  // What depends on a cancelled task is run again with it; candidates that were passed over are not.
  const cancelled = state.tasks.find((task, ordinal) =>
    task.state === "cancelled" && task.causes.length === 0 && !state.index.isExcepted(ordinal)
  )?.id;
  const retried = failed.length > 1 ? "--failed" : failed[0] ?? cancelled;
  const waiting = state.tasks.find((task) => task.state === "waiting" && task.waiting_on !== "budget")?.id;
  const poor = state.tasks.find((task) => task.waiting_on === "budget")?.id;
  const spent = run.budget_exhausted?.budget;
  return [
    ...(hasFailed && !isGood ? [step(`omk logs ${id} --failed`, "see all that failures printed")] : []),
    ...(retried !== undefined && !run.cancelled && !isGood
      ? [
        step(
          `omk retry ${id} ${retried}`,
          `run what ${failed.length > 0 ? "failed" : "was cancelled"} again`,
        ),
      ]
      : []),
    ...(canBeTakenOver(state) && (hasFailed || run.cancelled) && !isGood
      ? [
        step(
          `omk run --reuse ${id}`,
          run.cancelled ? "run it anew, keep what is done" : "run a mended plan, keep what is done",
        ),
      ]
      : []),
    ...(waiting === undefined ? [] : [step(`omk answer ${id} ${waiting} "…"`, "answer the question")]),
    ...(spent === undefined ? [] : [step(`omk budget add ${id} --${spent} …`, "allow more")]),
    ...(poor === undefined
      ? []
      : [step(`omk budget add ${id} --task ${poor} --usd …`, "allow the task more")]),
    ...(waiting === undefined && spent === undefined && poor === undefined
      ? []
      : [step(`omk resume ${id}`, "then go on")]),
  ];
}

/** Whether another run could take over work of this one: what was completed in a worktree. */
function canBeTakenOver({ run, tasks }: RunState): boolean {
  return run.base !== null && tasks.some((task) => task.state === "completed" && task.base !== null);
}

function infraSteps({ run }: RunState): readonly NextStep[] {
  return run.status === "failed_infra" ? [step("omk doctor", "check this machine")] : [];
}

function withState({ tasks }: RunState, status: TaskStatus): readonly string[] {
  return tasks.filter((task) => task.state === status).map(({ id }) => id);
}

function step(command: string, purpose: string): NextStep {
  return { command, purpose };
}
