/** How the story of a task is told: the rules behind what the log says, in words. Pure. */

import type { EventOf, RunEvent } from "../log/event.ts";
import type { AttemptOutcome, PayloadOf } from "../log/kinds.ts";
import { findingText } from "../log/review_finding.ts";
import type { ReusedFrom } from "../scheduler/run_record.ts";
import { secondsText } from "../scheduler/explain_order.ts";
import { CONFLICT_LIMIT, describeOutcome, isRetryable, RECOVERY_LIMIT } from "../scheduler/retry.ts";
import { findTask, type RunState, type TaskView } from "../scheduler/run_state.ts";

/** How many dependencies are named. */
const NAMED = 10;

/** Which of its dependencies allowed a task to start with this event, and under which rule. */
export function readyText(event: RunEvent, state: RunState, { spec }: TaskView): string {
  if (spec.dependencies.length === 0) return "it depends on nothing, so it was ready from the start";
  const ended = spec.dependencies.flatMap((id) => {
    const task = findTask(state, id)?.task;
    if (task === undefined || task.completed_at === null) return [];
    return [`${id} (${task.state} at ${new Date(task.completed_at).toISOString().slice(11, 19)})`];
  });
  const told = ended.slice(0, NAMED).join(", ");
  const more = ended.length > NAMED ? ` and ${ended.length - NAMED} more` : "";
  const last = "task_id" in event.payload ? event.payload.task_id : null;
  const by = last !== null && last !== undefined && ended.length > 1 && spec.dependencies.includes(last)
    ? `, the last of them ${last}`
    : "";
  return `its dependencies allowed it to start, by ${spec.trigger_rule}: ${told}${more}${by}`;
}

/** What the work of an attempt did not fit on. */
export function conflictText({ paths, diffs }: PayloadOf<"merge_conflicted">): string {
  const kept = diffs === undefined ? "" : `; ${diffs.path} has what both sides changed there`;
  return `its work conflicts with what was merged before it in ${paths.join(", ")}${kept}`;
}

/** What a review said of an attempt. */
export function reviewText({ review, round, verdict, findings }: PayloadOf<"task_reviewed">): string {
  const found = findings.map((each) => `\n- ${each.severity}: ${findingText(each)}`).join("");
  const what = verdict === "passed" ? "passed it" : "found what blocks it";
  return `review ${review.task_id} ${what} (round ${round}, attempt ${review.attempt} of the review)${found}`;
}

/** Why an attempt is repeated, what that counts as, and when. */
export function retryText({ ts, payload }: EventOf<"retry_scheduled">, { spec, task }: TaskView): string {
  const { class: kind, not_before, reason, outcome } = payload;
  const wait = Math.max(0, not_before - Date.parse(ts));
  const when = wait === 0
    ? "at once"
    : `${secondsText(wait)} later, from ${new Date(not_before).toISOString()} on`;
  switch (kind) {
    case "retry": {
      const count = `retry ${task.retry_count} of at most ${spec.retry_policy.max_attempts}`;
      return `${reason}${after(outcome)}: ${count}, ${when}`;
    }
    case "recovery": {
      const count = `recovery ${task.recovery_count} of at most ${RECOVERY_LIMIT - 1} in a row`;
      return `${reason}: ${count}, which counts against no retries, ${when}`;
    }
    case "review":
      return `${reason}: it is tried again`;
    case "conflict": {
      const count = `conflict ${task.conflict_count} of at most ${CONFLICT_LIMIT}`;
      return `${reason}: it is tried again on the new head, ${count}`;
    }
  }
}

/** Why a task failed, and why it is not tried again. */
export function failureText({ reason, outcome }: PayloadOf<"task_failed">, { spec, task }: TaskView): string {
  return `it failed for good: ${reason}${after(outcome)}${finality(spec, task.retry_count, outcome)}`;
}

function finality(spec: TaskView["spec"], retries: number, outcome: AttemptOutcome): string {
  if (outcome.result === "lost" || outcome.result === "success") return "";
  if (isRetryable(spec, outcome)) {
    if (retries === 0) return "; its plan allows no retry";
    return retries === 1 ? "; its one retry is used up" : `; all ${retries} retries are used up`;
  }
  if (outcome.result === "stalled") return "; its on_stall is kill";
  return isRetryable({ ...spec, retry_declared: true }, outcome)
    ? "; that is tried again only where the plan gives a retry_policy"
    : "; that is never tried again";
}

/** That an attempt makes no progress, and what follows by the plan. */
export function stallText({ payload }: EventOf<"worker_stalled">, { spec }: TaskView): string {
  const reason = payload.reason ?? "no sign of progress";
  switch (spec.on_stall) {
    case "warn":
      return `it is stalled: ${reason}; its on_stall is warn, so it may go on`;
    case "kill":
      return `it is stalled: ${reason}; its on_stall is kill, so it is ended for good`;
    case "retry":
      return `it is stalled: ${reason}; its on_stall is retry, so it is ended`;
  }
}

/** What a gate of a task found. */
export function gateText(event: EventOf<"gate_passed"> | EventOf<"gate_failed">): string {
  const { gate, duration_ms, iteration } = event.payload;
  const what = iteration === undefined ? `its gate ${gate}` : `the gate ${gate} of its loop`;
  const time = `${iteration === undefined ? "" : ` iteration ${iteration}`} after ${
    secondsText(duration_ms)
  }`;
  if (event.kind === "gate_passed") return `${what} passed${time}`;
  const { reason, output } = event.payload;
  return `${what} failed${time}: ${reason}${output === null ? "" : `; ${output.path} has what it printed`}`;
}

/** How an attempt ended, and after how long. */
export function outcomeText(outcome: AttemptOutcome): string {
  return `${describeOutcome(outcome)}${after(outcome)}`;
}

function after({ duration_ms }: AttemptOutcome): string {
  return duration_ms === 0 ? "" : ` (after ${secondsText(duration_ms)})`;
}

/** An attempt of another run. */
export function attemptText({ run, attempt }: ReusedFrom): string {
  return `attempt ${attempt} of run ${run}`;
}

/** Why what an earlier run made is not taken over after all. */
export function refusedReuseText({ reused, paths, detail }: PayloadOf<"merge_conflicted">): string {
  const from = reused === undefined ? "an earlier run" : attemptText(reused);
  const where = paths.length === 0 ? `: ${detail}` : ` in ${paths.join(", ")}`;
  return `what ${from} made does not fit the head of this run${where}, so it will be run`;
}

/** How a task was completed that was not run. */
export function takenOverText({ commit, reused }: PayloadOf<"task_completed">): string {
  const from = reused === undefined ? "an earlier run" : attemptText(reused);
  return commit === null
    ? `it is completed without being run: ${from} had changed nothing`
    : `it is completed without being run: the work of ${from} is in the run's head as ${commit.slice(0, 10)}`;
}
