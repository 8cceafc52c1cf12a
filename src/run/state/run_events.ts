/** The fold of the events about the run as a whole. */

import type { EventOf } from "../../log/event.ts";
import { hasLostTests } from "../../proof/status.ts";
import { spentBudget } from "../../scheduler/budget.ts";
import type { RunState } from "../../scheduler/run_state.ts";
import { forgetRunningGates } from "./gate_events.ts";
import { clearAttempt, closeRequest, type HandlersOf, move, taskOf, timeOf } from "./handler.ts";
import { stopWorkers } from "./worker_events.ts";

type RunKind =
  | "run_started"
  | "run_resumed"
  | "run_paused"
  | "run_unpaused"
  | "run_finished"
  | "run_accepted"
  | "run_rejected"
  | "run_merged"
  | "run_cancelled"
  | "run_failed"
  | "log_tampered"
  | "request_refused"
  | "clock_jumped"
  | "budget_checkpoint"
  | "budget_exhausted"
  | "budget_extended";

/** See the module. */
export const runHandlers: HandlersOf<RunKind> = {
  run_started(state, event) {
    const { run } = state;
    if (run.phase !== "new") return "the run has started already";
    const { payload } = event;
    const now = timeOf(event);
    Object.assign(run, {
      run_id: event.run_id,
      phase: "active",
      incarnation: 1,
      controller: payload.controller,
      name: payload.name,
      plan_digest: payload.plan_digest,
      seed: payload.seed,
      started_at: now,
      base: payload.base,
      directory: payload.directory,
      worktree_directory: payload.worktree_directory,
      identity: payload.identity,
      case_sensitive: payload.case_sensitive,
      head: payload.base === null ? null : { commit: payload.base.commit, tree: payload.base.tree },
      settings: payload.settings,
      selected: payload.selected,
      known_gaps: payload.known_gaps,
      ...(payload.protected === undefined ? {} : { protected: payload.protected }),
    });
    if (payload.reuse !== undefined) run.reuse = { ...payload.reuse, next: 0 };
    for (const task of state.tasks) task.created_at = now;
    const durations = new Map(payload.durations.map((each) => [each.task_id, each.ms]));
    state.index.start(payload.selected, durations, payload.case_sensitive, now);
    return undefined;
  },

  run_resumed(state, event) {
    const { run } = state;
    // Nobody worked since the last event, so that time is not the run's.
    if (state.plan.budget.time_secs !== null && run.paused_at === undefined) {
      run.paused_ms = (run.paused_ms ?? 0) + Math.max(0, timeOf(event) - run.last_ts);
    }
    // Workers leave when a run ends: who goes on with it finds none of before.
    if (run.phase === "finished") stopWorkers(run, timeOf(event));
    run.incarnation = event.payload.incarnation;
    run.controller = event.payload.controller;
    run.phase = "active";
    run.proof_writing = null;
    const { onto } = event.payload;
    if (onto !== null) {
      run.head = { commit: onto.commit, tree: onto.tree };
      run.work_since_proof = true;
      // What the branch has changed besides is not this run's: its own part was compared before.
      if (run.tests !== undefined) run.tests = { ...run.tests, head: onto.tree };
    }
    if (run.tests?.lost === null) delete run.tests;
    forgetRunningGates(state);
    return undefined;
  },

  run_paused(state, event) {
    closeRequest(state, event.payload);
    state.run.paused = true;
    state.run.paused_at ??= timeOf(event);
    return undefined;
  },

  run_unpaused(state, event) {
    const { run } = state;
    closeRequest(state, event.payload);
    run.paused = false;
    if (run.paused_at === undefined) return undefined;
    run.paused_ms = (run.paused_ms ?? 0) + Math.max(0, timeOf(event) - run.paused_at);
    delete run.paused_at;
    return undefined;
  },

  run_finished(state, event) {
    const { run } = state;
    const { status, exit_code } = event.payload;
    const isGood = status === "ready" || status === "passed";
    if (isGood && (run.tampered_at !== null || run.violations.length > 0)) {
      return `the log was tampered with, so the run cannot end as ${status}`;
    }
    run.phase = "finished";
    // A delivery afterwards is no part of how long the run took.
    run.finished_at ??= timeOf(event);
    run.status = status;
    run.exit_code = exit_code;
    return undefined;
  },

  run_accepted(state, { payload }) {
    const { run } = state;
    const { by, reason } = payload;
    run.verdict = { accepted: true, by, reason };
    if (hasLostTests(run) && run.tests !== undefined) {
      run.tests = { ...run.tests, accepted_by: by };
      // The proof said that a person is needed: another one says what this person has accepted.
      run.work_since_proof = true;
    }
    return undefined;
  },

  run_rejected(state, { payload }) {
    state.run.verdict = { accepted: false, by: payload.by, reason: payload.reason };
    return undefined;
  },

  run_merged(state, { payload }) {
    state.run.deliveries.push(payload);
    return undefined;
  },

  run_cancelled(state, { payload }) {
    state.run.cancelled = true;
    closeRequest(state, payload);
    return undefined;
  },

  run_failed(state, { payload }) {
    state.run.failure ??= { reason: payload.reason, detail: payload.detail };
    return undefined;
  },

  log_tampered(state, { payload }) {
    const { run } = state;
    run.tampered_at ??= payload.at;
    // What was forged may have begun or ended something. Nothing of that is waited for, and an end that was forged is
    // none: the controller goes on to the one that the tampering calls for.
    run.merge = null;
    delete run.batch;
    run.proof_writing = null;
    if (run.tests?.lost === null) delete run.tests;
    forgetRunningGates(state);
    if (run.phase === "finished") {
      Object.assign(run, { phase: "active", finished_at: null, status: null, exit_code: null });
    }
    return undefined;
  },

  request_refused: (state, { payload }) => void closeRequest(state, payload),
  clock_jumped: () => undefined,

  budget_checkpoint({ run }, { payload }) {
    run.budget_reported = [...run.budget_reported ?? [], payload.budget];
    return undefined;
  },

  budget_exhausted(state, event) {
    const { payload } = event;
    const { task_id, budget, used, limit } = payload;
    if (task_id === undefined) {
      state.run.budget_exhausted = payload;
      return undefined;
    }
    const view = taskOf(state, task_id);
    if (typeof view === "string") return view;
    return move(state, view, "waiting", timeOf(event), (task) => {
      clearAttempt(task);
      task.waiting_on = "budget";
      task.reason = `its budget of ${budget} is used up: ${used} of ${limit}`;
    });
  },

  budget_extended(state, event) {
    const { run } = state;
    const { budget, by, task_id } = event.payload;
    closeRequest(state, event.payload);
    if (task_id !== undefined) return extendTask(state, event, task_id);
    run.budget_added = { ...run.budget_added, [budget]: (run.budget_added?.[budget] ?? 0) + by };
    run.budget_reported = (run.budget_reported ?? []).filter((each) => each !== budget);
    if (run.budget_exhausted?.budget === budget) run.budget_exhausted = null;
    return undefined;
  },
};

/** Adds to the budget of a task, which goes on where that is what it waited for. */
function extendTask(
  state: RunState,
  event: EventOf<"budget_extended">,
  id: string,
): string | undefined {
  const view = taskOf(state, id);
  if (typeof view === "string") return view;
  const { task } = view;
  const { budget, by } = event.payload;
  task.budget_added = { ...task.budget_added, [budget]: (task.budget_added?.[budget] ?? 0) + by };
  if (task.waiting_on !== "budget" || spentBudget(view) !== undefined) return undefined;
  return move(state, view, "pending", timeOf(event), (task) => {
    task.waiting_on = null;
    task.reason = "its budget was extended";
  });
}
