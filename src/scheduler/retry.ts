/** What follows a failed attempt: pure rules over its evidence. */

import type { AttemptOutcome } from "../log/kinds.ts";
import { isAgentWork } from "../plan/agent_work.ts";
import type { RetryPolicy, TaskSpec } from "../plan/spec.ts";
import type { TaskState } from "./task_state.ts";

/** sysexits.h: a temporary failure, worth another try. */
const EX_TEMPFAIL = 75;
/** The third recovery of one task in a row is quarantine. */
export const RECOVERY_LIMIT = 3;
/** How many merge conflicts in a row send a task back; the next one is final. */
export const CONFLICT_LIMIT = 3;

/** What is to be done with a task whose attempt did not succeed. */
export type Verdict =
  | {
    readonly kind: "retry";
    readonly class: "retry" | "recovery";
    readonly delay_ms: number;
    readonly reason: string;
  }
  | { readonly kind: "fail"; readonly reason: string }
  | { readonly kind: "wait"; readonly on: "human" | "external"; readonly question: string };

/** Decides over an attempt that ended other than by success or cancellation. */
export function judgeFailure(
  spec: TaskSpec,
  task: TaskState,
  outcome: AttemptOutcome,
  seed: string,
): Verdict {
  const reason = describeOutcome(outcome);
  if (outcome.result === "blocked_on_human" || outcome.result === "blocked_on_external") {
    return {
      kind: "wait",
      on: outcome.result === "blocked_on_human" ? "human" : "external",
      question: outcome.reported?.question ?? reason,
    };
  }
  if (outcome.result === "lost") {
    if (task.recovery_count + 1 >= RECOVERY_LIMIT) {
      return { kind: "fail", reason: `quarantined after ${RECOVERY_LIMIT} recoveries in a row: ${reason}` };
    }
    return { kind: "retry", class: "recovery", delay_ms: 0, reason };
  }
  if (!isRetryable(spec, outcome) || task.retry_count >= spec.retry_policy.max_attempts) {
    return { kind: "fail", reason };
  }
  // An answer that was read and refused needs no pause before the next one.
  if (outcome.result === "plan_invalid") return { kind: "retry", class: "retry", delay_ms: 0, reason };
  const delay_ms = backoffMs(spec.retry_policy, seed, spec.id, task.retry_count + 1);
  return { kind: "retry", class: "retry", delay_ms, reason };
}

/** Whether the kind of failure is one that another attempt may cure. */
export function isRetryable(spec: TaskSpec, outcome: AttemptOutcome): boolean {
  const isAgents = isAgentWork(spec);
  const declared = spec.retry_declared || isAgents;
  switch (outcome.result) {
    case "stalled":
      return spec.on_stall !== "kill";
    case "timeout":
    case "spawn_error":
    case "signal":
    case "workspace_error":
      return true;
    case "out_of_memory":
      // Another attempt needs as much; a plan that gives a policy says that it may help.
      return declared;
    case "exit":
      return declared || outcome.exit_code === EX_TEMPFAIL;
    case "gate_failed":
    case "iterations_exhausted":
    case "outputs_missing":
    case "reported_failed":
    case "reported_partial":
    case "setup_failed":
      return declared;
    case "write_set_violated":
    case "protected_changed":
    case "wrote_outside":
      return isAgents;
    case "findings_invalid":
    case "pick_invalid":
    case "empty_diff":
    case "model_unreachable":
    case "agent_died":
    case "protocol_error":
    case "plan_invalid":
      return true;
    // Another attempt would meet the same answer: a person has to change something first.
    case "permission_denied":
    case "refused":
    case "out_of_credit":
    case "login_required":
      return false;
    case "success":
    case "blocked_on_human":
    case "blocked_on_external":
    case "cancelled":
    case "lost":
      return false;
  }
}

/**
 * Delay before retry number `retry` (from 1), milliseconds: base × multiplier^(retry−1), capped, and varied by
 * at most `jitter` of itself in either direction. The variation is a hash, so that a replay finds the same one.
 * Whatever the policy holds, it is a whole number from 0 to the cap.
 */
export function backoffMs(policy: RetryPolicy, seed: string, taskId: string, retry: number): number {
  const capSeconds = policy.max_backoff_seconds;
  // Without a base there is nothing to grow: 0 × ∞ would be no number.
  const raw = policy.backoff_seconds > 0
    ? policy.backoff_seconds * policy.backoff_multiplier ** Math.max(0, retry - 1)
    : 0;
  const seconds = raw >= 0 && raw < capSeconds ? raw : capSeconds;
  const swing = 2 * hashFraction(`${seed}\n${taskId}\n${retry}`) - 1;
  return Math.round(Math.min(seconds * (1 + policy.jitter * swing), capSeconds) * 1000);
}

/** An outcome in one clause, for reasons and displays. */
export function describeOutcome(outcome: AttemptOutcome): string {
  const text = phrase(outcome);
  return outcome.detail === undefined ? text : `${text}: ${outcome.detail}`;
}

function phrase(outcome: AttemptOutcome): string {
  switch (outcome.result) {
    case "success":
      return "succeeded";
    case "exit":
      return `exited with ${outcome.exit_code ?? "an unknown code"}`;
    case "signal":
      return `was ended by ${outcome.signal ?? "a signal"}`;
    case "timeout":
      return "took longer than its time limit";
    case "stalled":
      return "made no progress";
    case "spawn_error":
      return "could not be started";
    case "out_of_memory":
      return "took more memory than its limit";
    case "setup_failed":
      return "could not be set up";
    case "workspace_error":
      return "failed in its worktree";
    case "write_set_violated":
      return "wrote outside its write set";
    case "protected_changed":
      return "changed what judges it, without leave in its write set";
    case "outputs_missing":
      return "did not make its outputs";
    case "gate_failed":
      return "failed a gate";
    case "iterations_exhausted":
      return "ran as often as its loop allows";
    case "reported_failed":
      return "reported failure";
    case "reported_partial":
      return "reported that it is not done";
    case "blocked_on_human":
      return "waits for a person";
    case "blocked_on_external":
      return "waits for something outside";
    case "cancelled":
      return "was cancelled";
    case "lost":
      return "was lost with the process that ran it";
    case "empty_diff":
      return "changed nothing";
    case "permission_denied":
      return "was denied a permission";
    case "wrote_outside":
      return "wrote outside its worktree";
    case "refused":
      return "was refused by the model";
    case "model_unreachable":
      return "could not reach its model";
    case "out_of_credit":
      return "has no credit left for its model";
    case "login_required":
      return "needs a login for its model";
    case "agent_died":
      return "lost its agent before the end";
    case "protocol_error":
      return "could not speak with its agent";
    case "plan_invalid":
      return "answered with no plan that can be run";
    case "findings_invalid":
      return "gave no findings that can be read";
    case "pick_invalid":
      return "picked no candidate in a way that can be read";
  }
}

/** A number from 0 up to 1 that depends on the text alone (FNV-1a, 32 bits, with a final mix). */
function hashFraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash ^= text.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  return (hash >>> 0) / 2 ** 32;
}
