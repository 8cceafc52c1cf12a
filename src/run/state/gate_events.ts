/** The fold of the events about gates and the proof. */

import type { PayloadOf } from "../../log/kinds.ts";
import type { GateRecord } from "../../scheduler/run_record.ts";
import { findTask, type RunState } from "../../scheduler/run_state.ts";
import type { HandlersOf } from "./handler.ts";

type GateKind =
  | "gate_started"
  | "gate_passed"
  | "gate_failed"
  | "gate_skipped"
  | "tests_comparing"
  | "tests_compared"
  | "proof_writing"
  | "proof_written"
  | "proof_attached";

/** See the module. */
export const gateHandlers: HandlersOf<GateKind> = {
  gate_started(state, { payload }) {
    state.run.gates.push({
      gate: payload.gate,
      scope: payload.scope,
      run_number: payload.run_number,
      required: payload.required,
      tree: payload.tree,
      commit: payload.commit,
      task_id: payload.task_id,
      result: "running",
      exit_code: null,
      timed_out: false,
      duration_ms: 0,
      reason: null,
      ...(payload.at_base === undefined ? {} : { at_base: true }),
    });
    return undefined;
  },

  gate_passed: (state, { payload }) => endGate(state, payload, "passed", null),
  gate_failed: (state, { payload }) => endGate(state, payload, "failed", payload.reason),

  gate_skipped(state, { payload }) {
    state.run.gates.push({
      gate: payload.gate,
      scope: payload.scope,
      run_number: 0,
      required: payload.required,
      tree: payload.tree,
      commit: payload.commit,
      task_id: payload.task_id,
      result: "skipped",
      exit_code: null,
      timed_out: false,
      duration_ms: 0,
      reason: payload.reason,
    });
    return undefined;
  },

  tests_comparing({ run }, { payload: { base, head } }) {
    run.tests = { base: base.tree, head: head.tree, lost: null, lost_count: 0 };
    return undefined;
  },

  tests_compared({ run }, { payload: { base, head, lost, lost_count } }) {
    if (run.tests?.lost !== null) return "no tests are being compared";
    run.tests = { base: base.tree, head: head.tree, lost, lost_count };
    return undefined;
  },

  proof_writing(state, event) {
    state.run.proof_writing = event.index;
    return undefined;
  },

  proof_written(state, { payload }) {
    if (state.run.proof_writing === null) return "no proof is being written";
    state.run.proof_writing = null;
    state.run.proof = payload;
    state.run.work_since_proof = false;
    return undefined;
  },

  proof_attached: () => undefined,
};

function endGate(
  state: RunState,
  payload: PayloadOf<"gate_passed">,
  result: "passed" | "failed",
  reason: string | null,
): string | undefined {
  const record = state.run.gates.findLast((each) => isRunOf(each, payload));
  if (record === undefined) return `run ${payload.run_number} of gate "${payload.gate}" was not started`;
  record.result = result;
  record.exit_code = payload.exit_code;
  record.timed_out = payload.timed_out;
  record.duration_ms = payload.duration_ms;
  record.reason = reason;
  if (payload.tests !== undefined) record.tests = payload.tests;
  judgeIteration(state, payload, result);
  return undefined;
}

/** Takes note of what the gate of a loop says of the iteration that was kept last. */
function judgeIteration(
  state: RunState,
  payload: PayloadOf<"gate_passed">,
  verdict: "passed" | "failed",
): void {
  const { task_id, token, iteration, output } = payload;
  if (task_id === null || iteration === undefined) return;
  const task = findTask(state, task_id)?.task;
  if (task?.loop?.iteration !== iteration || task.token !== token) return;
  task.loop = { ...task.loop, verdict, gate_output: output?.path ?? null };
}

function isRunOf(record: GateRecord, payload: PayloadOf<"gate_passed">): boolean {
  return record.result === "running" && record.gate === payload.gate &&
    record.run_number === payload.run_number &&
    record.task_id === payload.task_id && record.tree === payload.tree;
}
