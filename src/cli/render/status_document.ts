/** How a run stands, as one document: what machines get, and what the screen for people is made of. Pure. */

import type { RunStatus } from "../../log/kinds.ts";
import { hasFailedBefore, latestGateRun } from "../../proof/status.ts";
import type { GateRecord, RunRecord } from "../../scheduler/run_record.ts";
import { LOCAL_WORKER } from "../../scheduler/workers.ts";
import type { Verdict, WorkerCheck } from "../../watchdog/watch.ts";
import { findTask, type RunState } from "../../scheduler/run_state.ts";
import { currentIteration, type TaskState, type TaskStatus } from "../../scheduler/task_state.ts";
import { nextSteps } from "./next_steps.ts";

/** The version of the document. */
export const STATUS_VERSION = 1;

/** A task at work. */
export interface ActiveTask {
  readonly task_id: string;
  readonly state: TaskStatus;
  readonly attempt: number;
  /** The extra worker that does it; null where the run's own omk process does. */
  readonly worker: string | null;
  /** Of its loop; absent where it is none. */
  readonly iteration?: number;
  /** ISO 8601; null while the attempt has only been claimed. */
  readonly started_at: string | null;
  readonly elapsed_ms: number;
  /** Its worktree; null where it works in the directory itself. */
  readonly slot: string | null;
  /** The last line that it printed; null where it has printed nothing. */
  readonly last_line: string | null;
}

/** A worker process, as it was found at this moment, with the attempts that it has in hand. */
export interface WorkerStatus {
  readonly worker: string;
  readonly verdict: WorkerCheck["verdict"];
  /** Why, for people; null where it is healthy. */
  readonly reason: string | null;
  readonly pid: number;
  /** How many attempts it takes at once. */
  readonly slots: number;
  /** ISO 8601; null where none was found, or one without a time. */
  readonly heartbeat_at: string | null;
  readonly tasks: readonly WorkerTask[];
}

/** An attempt in the hands of a worker, as its heartbeat tells of it. */
export interface WorkerTask {
  readonly task_id: string;
  readonly attempt: number;
  readonly verdict: Verdict;
  readonly reason: string | null;
  /** Since when it makes no progress, ISO 8601; null where it does. */
  readonly stalled_since: string | null;
  readonly output_bytes: number;
  readonly cpu_ms: number | null;
  /** The last line that it printed, finished or not; null where there is none. */
  readonly last_line: string | null;
}

/** A gate of the run on the tree that would be delivered now. */
export interface GateStatus {
  readonly gate: string;
  readonly required: boolean;
  readonly result: GateRecord["result"] | "not_run";
  /** Why it failed or was skipped, or that it had failed before it passed; null where there is nothing to say. */
  readonly reason: string | null;
}

/** See the module. `run` and `tasks` are as the log folds them. */
export interface StatusDocument {
  readonly schema_version: typeof STATUS_VERSION;
  readonly run_id: string;
  readonly name: string;
  /** The status of a finished run; of another: `running`, `paused` or `interrupted`. */
  readonly standing: string;
  readonly status: RunStatus | null;
  readonly exit_code: number | null;
  /** Whether a living omk process works on the run. */
  readonly controlled: boolean;
  /** The run's files. */
  readonly directory: string;
  readonly started_at: string;
  readonly finished_at: string | null;
  /** Until now, until the end, or until the last event of an interrupted run. */
  readonly elapsed_ms: number;
  /** How many tasks were selected, and how many of these are in each state; without candidates that were passed over. */
  readonly counts: { readonly selected: number } & Readonly<Record<TaskStatus, number>>;
  readonly active: readonly ActiveTask[];
  /** The workers that may have something in hand; empty once the run is finished. */
  readonly workers: readonly WorkerStatus[];
  readonly gates: readonly GateStatus[];
  /** Commands that go on from here. */
  readonly next: readonly string[];
  readonly run: RunRecord;
  readonly tasks: readonly TaskState[];
}

/** What the log does not tell. */
export interface StatusFacts {
  readonly standing: string;
  readonly controlled: boolean;
  readonly directory: string;
  /** Wall clock, milliseconds. */
  readonly now: number;
  /** The last line of output of each task at work, by id. */
  readonly lastLines: ReadonlyMap<string, string>;
  readonly workers: readonly WorkerStatus[];
}

/** Makes the document. */
export function statusDocument(state: RunState, facts: StatusFacts): StatusDocument {
  const { run, tasks } = state;
  const end = run.finished_at ?? (facts.controlled ? facts.now : run.last_ts);
  return {
    schema_version: STATUS_VERSION,
    run_id: run.run_id,
    name: run.name,
    standing: facts.standing,
    status: run.phase === "finished" ? run.status : null,
    exit_code: run.phase === "finished" ? run.exit_code : null,
    controlled: facts.controlled,
    directory: facts.directory,
    started_at: isoTime(run.started_at),
    finished_at: run.finished_at === null ? null : isoTime(run.finished_at),
    elapsed_ms: Math.max(0, end - run.started_at),
    counts: countTasks(state),
    active: activeTasks(state).map((task) => ({
      task_id: task.id,
      state: task.state,
      attempt: task.attempt,
      worker: task.owner === LOCAL_WORKER ? null : task.owner,
      ...(findTask(state, task.id)?.spec.loop === undefined ? {} : { iteration: currentIteration(task) }),
      started_at: task.started_at === null ? null : isoTime(task.started_at),
      elapsed_ms: Math.max(0, end - (task.started_at ?? end)),
      slot: task.slot,
      last_line: facts.lastLines.get(task.id) ?? null,
    })),
    workers: facts.workers,
    gates: gateStandings(state),
    next: nextSteps(state, facts.standing).map(({ command }) => command),
    run,
    tasks,
  };
}

/** The tasks that hold a worker. */
export function activeTasks(state: RunState): readonly TaskState[] {
  return state.tasks.filter((task) => task.state === "claimed" || task.state === "running");
}

function countTasks(state: RunState): StatusDocument["counts"] {
  const counts = {
    selected: 0,
    pending: 0,
    claimed: 0,
    running: 0,
    finished: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    blocked: 0,
    waiting: 0,
  };
  state.tasks.forEach((task, ordinal) => {
    if (!state.index.isSelected(ordinal) || state.index.isExcepted(ordinal)) return;
    counts.selected += 1;
    counts[task.state] += 1;
  });
  return counts;
}

function gateStandings(state: RunState): readonly GateStatus[] {
  const tree = state.run.head?.tree ?? null;
  return (state.plan.gates ?? []).filter((gate) => gate.scope === "run").map((gate) => {
    const running = state.run.gates.findLast((each) =>
      each.scope === "run" && each.gate === gate.name && each.tree === tree && each.result === "running"
    );
    const record = running ?? latestGateRun(state, gate.name);
    return {
      gate: gate.name,
      required: gate.required && !gate.allow_fail,
      result: record?.result ?? "not_run",
      reason: record !== null && hasFailedBefore(state, record)
        ? "after it had failed on the same tree"
        : record?.reason ?? null,
    };
  });
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
