/** One sentence that says what a run has come to, and whether its head may be merged. Pure. */

import type { RunStatus } from "../log/kinds.ts";
import type { RunState } from "../scheduler/run_state.ts";
import type { RunEvidence } from "./evidence.ts";
import type { Proof } from "./schema.ts";
import { named } from "./shortcomings.ts";
import { hasLostTests, requiredGates } from "./status.ts";
import { taskLists } from "./task_lists.ts";

/** The summary of a run with this status. */
export function summaryOf(state: RunState, status: RunStatus, evidence: RunEvidence): string {
  const why = reasonFor(state, status, evidence);
  return why === "" ? tally(state) : `${tally(state)}; ${why}`;
}

/** Whether `omk merge` delivers the head as it is. */
export function mergeVerdict(state: RunState, status: RunStatus, evidence: RunEvidence): Proof["merge"] {
  if (status !== "ready") {
    const allowed = false;
    return { allowed, reason: `only a run that is ready is delivered, and this one is ${status}` };
  }
  const secrets = evidence.heads.flatMap(({ attempt }) => attempt?.pin?.secrets ?? []);
  if (secrets.length > 0) {
    return { allowed: false, reason: `files of the delivered tree seem to hold secrets: ${named(secrets)}` };
  }
  const { base, head } = state.run;
  const isUnchanged = base !== null && !base.snapshot && head?.commit === base.commit;
  if (isUnchanged) return { allowed: false, reason: "the run is ready, but it changed nothing" };
  return { allowed: true, reason: "the run is ready" };
}

function tally(state: RunState): string {
  const { completed, failed, open } = taskLists(state);
  const selected = completed.length + failed.length + open.length;
  const counts = [`${completed.length} of ${selected} ${selected === 1 ? "task" : "tasks"} completed`];
  if (failed.length > 0) counts.push(`${failed.length} failed`);
  for (const rest of ["blocked", "cancelled", "waiting"] as const) {
    const count = open.filter((task) => task.state === rest).length;
    if (count > 0) counts.push(`${count} ${rest}`);
  }
  return counts.join(", ");
}

function reasonFor(state: RunState, status: RunStatus, evidence: RunEvidence): string {
  const { run } = state;
  switch (status) {
    case "cancelled":
      return `cancelled: ${evidence.cancelled ?? "no reason is recorded"}`;
    case "failed_infra":
      return infraReason(state);
    case "needs_more_budget":
      return run.budget_exhausted === null
        ? named(
          state.tasks.filter((task) => task.waiting_on === "budget").map((task) =>
            `"${task.id}": ${task.reason}`
          ),
        )
        : `the ${run.budget_exhausted.budget} budget of ${run.budget_exhausted.limit} is used up`;
    case "blocked_on_human":
    case "blocked_on_external": {
      const on = status === "blocked_on_human" ? "human" : "external";
      const waiting = state.tasks.filter((task) => task.waiting_on === on);
      const reasons = waiting.map((task) =>
        `"${task.id}" waits for ${on === "human" ? "a person" : "something else"}`
      );
      const lost = on === "human" && hasLostTests(run) ? run.tests?.lost_count ?? 0 : 0;
      const tests = lost === 1 ? "1 test was" : `${lost} tests were`;
      return named(
        lost === 0 ? reasons : [...reasons, `${tests} deleted or skipped, which a person must accept`],
      );
    }
    case "not_ready":
      return gateProblems(state);
    case "ready": {
      const gates = requiredGates(state);
      const tree = run.head?.tree.slice(0, 12) ?? "";
      return `${gates.length} of ${gates.length} required ${
        gates.length === 1 ? "gate" : "gates"
      } passed on tree ${tree}`;
    }
    case "passed":
      return run.head === null
        ? "nothing is proved, as there is no tree that could be delivered"
        : "nothing is proved, as the plan has no required gate";
  }
}

function infraReason({ run }: RunState): string {
  if (run.tampered_at !== null) {
    return `event ${run.tampered_at} of the log was not written by the controller`;
  }
  if (run.failure !== null) return `${run.failure.reason}: ${run.failure.detail}`;
  const first = run.violations[0];
  return first === undefined ? "" : `event ${first.index} of the log breaks a rule: ${first.why}`;
}

function gateProblems(state: RunState): string {
  const problems = requiredGates(state).filter(({ record }) => record?.result !== "passed").map((
    { gate, record },
  ) =>
    record === null
      ? `gate "${gate}" did not run`
      : `gate "${gate}" ${record.result === "skipped" ? "was skipped" : "failed"}`
  );
  return named(problems);
}
