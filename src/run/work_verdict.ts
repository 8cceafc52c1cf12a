/** Whether pinned work is what its task was to do: each check can only lower the outcome. Pure. */

import type { Pin } from "../git/port.ts";
import type { AttemptOutcome } from "../log/kinds.ts";
import { matchesAny } from "../plan/path_set.ts";
import { isProtectedFrom } from "../plan/protection.ts";
import { isReadOnly } from "../plan/read_only.ts";
import type { TaskSpec } from "../plan/spec.ts";
import { tasksToReview } from "../scheduler/reviews.ts";
import type { RunState, TaskView } from "../scheduler/run_state.ts";
import { emptyDiff } from "../worker/agents/agent_outcome.ts";
import { checkPin, PATHS_NAMED, worsen } from "./pin_verdict.ts";

/** What an attempt has left. */
export interface Work {
  readonly pin: Pin;
  /** The tree that the gate of its loop passed on; null where there is none. */
  readonly judgedTree: string | null;
}

/** The outcome of an attempt whose body had one, now that its work is known. */
export function judgeWork(
  state: RunState,
  view: TaskView,
  body: AttemptOutcome,
  { pin, judgedTree }: Work,
): AttemptOutcome {
  const { spec } = view;
  const checks: readonly ((outcome: AttemptOutcome) => AttemptOutcome)[] = [
    (outcome) => checkPin(outcome, pin),
    (outcome) => checkDiff(outcome, spec, pin),
    (outcome) => checkTree(outcome, pin, judgedTree),
    (outcome) => checkWriteSet(outcome, state, spec, pin),
    (outcome) => checkProtected(outcome, state, spec, pin),
    (outcome) => checkFindings(outcome, state, view),
  ];
  return checks.reduce((outcome, check) => outcome.result === "success" ? check(outcome) : outcome, body);
}

/** An agent that says that it is done has changed something, unless the plan says that it writes nothing (P8). */
function checkDiff(outcome: AttemptOutcome, spec: TaskSpec, pin: Pin): AttemptOutcome {
  const { prompt, write_set, outputs } = spec;
  const mayBeEmpty = prompt === undefined || write_set?.length === 0 || outputs.length > 0;
  if (mayBeEmpty || pin.changed.length > 0) return outcome;
  const { result, detail } = emptyDiff(outcome);
  return worsen(outcome, result, detail);
}

/** What the gate of a loop passed on is what is merged, or nothing is. */
function checkTree(outcome: AttemptOutcome, pin: Pin, judged: string | null): AttemptOutcome {
  if (judged === null || judged === pin.tree) return outcome;
  return worsen(outcome, "workspace_error", "its files changed after the gate of its loop had passed");
}

function checkWriteSet(outcome: AttemptOutcome, { run }: RunState, spec: TaskSpec, pin: Pin): AttemptOutcome {
  const { write_set } = spec;
  if (write_set === null || spec.planning !== undefined) return outcome;
  const caseSensitive = run.case_sensitive;
  const outside = changedPaths(pin).filter((path) => !matchesAny(write_set, path, { caseSensitive }));
  return outside.length === 0 ? outcome : worsen(outcome, "write_set_violated", named(outside));
}

/** What judges the work may be changed only where the plan names that very path (P7). */
function checkProtected(
  outcome: AttemptOutcome,
  { plan, run }: RunState,
  spec: TaskSpec,
  pin: Pin,
): AttemptOutcome {
  const { case_sensitive: caseSensitive, protected: paths = [] } = run;
  if (!isProtectedFrom(plan, spec) || isReadOnly(spec) || paths.length === 0) return outcome;
  const allowed = new Set(spec.write_set ?? []);
  const changed = changedPaths(pin).filter((path) =>
    !allowed.has(path) && matchesAny(paths, path, { caseSensitive })
  );
  return changed.length === 0 ? outcome : worsen(outcome, "protected_changed", named(changed));
}

/** A review without findings, or without the pick that it was asked for, is no review, whoever carried it out (P8). */
function checkFindings(outcome: AttemptOutcome, state: RunState, view: TaskView): AttemptOutcome {
  const { review } = view.spec;
  if (review === undefined) return outcome;
  if (review.picks_for === undefined) {
    return outcome.findings === undefined
      ? worsen(outcome, "findings_invalid", "its worker reported none")
      : outcome;
  }
  const candidates = tasksToReview(state, view).map(({ spec }) => spec.id);
  return candidates.includes(outcome.pick?.task_id ?? "")
    ? outcome
    : worsen(outcome, "pick_invalid", "its worker reported none of the candidates that have passed");
}

function changedPaths({ changed }: Pin): readonly string[] {
  return changed.map(({ path }) => path);
}

function named(paths: readonly string[]): string {
  const more = paths.length > PATHS_NAMED ? ` and ${paths.length - PATHS_NAMED} more` : "";
  return paths.slice(0, PATHS_NAMED).join(", ") + more;
}
