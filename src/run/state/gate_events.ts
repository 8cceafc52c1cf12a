/** The fold of the events about gates and the proof. */

import type { EventOf } from "../../log/event.ts";
import type { PayloadOf } from "../../log/kinds.ts";
import { type GateTrouble, troublesAfter } from "../../scheduler/breaker.ts";
import type { GateRecord } from "../../scheduler/run_record.ts";
import { findTask, type RunState } from "../../scheduler/run_state.ts";
import { closeRequest, type HandlersOf, timeOf } from "./handler.ts";

type GateKind =
  | "gate_started"
  | "gate_passed"
  | "gate_failed"
  | "gate_skipped"
  | "gate_reset"
  | "tests_comparing"
  | "tests_compared"
  | "proof_writing"
  | "proof_written"
  | "proof_attached";

/** See the module. */
export const gateHandlers: HandlersOf<GateKind> = {
  gate_started(state, { payload }) {
    const pool = poolOf(state, payload);
    if (pool !== undefined) state.index.enterPool(pool);
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
      ...(payload.merges === undefined ? {} : { merges: payload.merges }),
      ...(pool === undefined ? {} : { pool }),
    });
    return undefined;
  },

  gate_passed: (state, event) => endGate(state, event, "passed", null),
  gate_failed: (state, event) => endGate(state, event, "failed", event.payload.reason),

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

  gate_reset(state, { payload }) {
    closeRequest(state, payload);
    const { run } = state;
    keepTroubles(run, (run.gate_troubles ?? []).filter(({ gate }) => !payload.gates.includes(gate)));
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
  event: EventOf<"gate_passed" | "gate_failed">,
  result: "passed" | "failed",
  reason: string | null,
): string | undefined {
  const { payload } = event;
  const record = state.run.gates.findLast((each) => isRunOf(each, payload));
  if (record === undefined) return `run ${payload.run_number} of gate "${payload.gate}" was not started`;
  if (record.pool !== undefined) state.index.leavePool(record.pool);
  record.result = result;
  record.exit_code = payload.exit_code;
  record.timed_out = payload.timed_out;
  record.duration_ms = payload.duration_ms;
  record.reason = reason;
  if (payload.tests !== undefined) record.tests = payload.tests;
  if ("ended" in payload && payload.ended !== undefined) record.ended = payload.ended;
  if (result === "failed" && record.merges !== undefined && payload.output !== null) {
    record.output = payload.output.path;
  }
  judgeIteration(state, payload, result);
  // A gate that was ended with the run has come to no verdict, and nobody knows whether the machine would let it.
  const isInfrastructure = "infrastructure" in payload && payload.infrastructure;
  const hasEnded = payload.exit_code !== null || payload.signal !== null;
  if (isInfrastructure || hasEnded) {
    const { gate_troubles = [] } = state.run;
    keepTroubles(state.run, troublesAfter(gate_troubles, record, isInfrastructure, timeOf(event)));
  }
  return undefined;
}

/** Forgets the gates that run: whoever had begun them will not report any more. */
export function forgetRunningGates({ run, index }: RunState): void {
  for (const { result, pool } of run.gates) {
    if (result === "running" && pool !== undefined) index.leavePool(pool);
  }
  run.gates = run.gates.filter((gate) => gate.result !== "running");
}

/** The pool of the gate as the plan defines it. */
function poolOf(state: RunState, { gate, task_id }: PayloadOf<"gate_started">): string | undefined {
  const spec = task_id === null ? undefined : findTask(state, task_id)?.spec;
  const own = spec?.loop === undefined ? spec?.gates : [...spec.gates, spec.loop.until];
  return (own ?? state.plan.gates)?.find(({ name }) => name === gate)?.pool;
}

function keepTroubles(run: RunState["run"], troubles: readonly GateTrouble[]): void {
  if (troubles.length > 0) run.gate_troubles = troubles;
  else delete run.gate_troubles;
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
