/** How the workers of a run are at this moment: a look at their heartbeats that changes nothing. */

import { workerLock } from "../run/directory.ts";
import { heartbeatPath, readHeartbeat } from "../run/heartbeat_files.ts";
import type { LoadedRun } from "../run/load_run.ts";
import { ProcessLock } from "../run/process_lock.ts";
import type { WorkerRecord } from "../scheduler/run_record.ts";
import { findTask, type RunState } from "../scheduler/run_state.ts";
import { LOCAL_WORKER } from "../scheduler/workers.ts";
import { timeOfHeartbeat } from "../watchdog/heartbeat.ts";
import { thresholdsOf } from "../watchdog/thresholds.ts";
import { checkOnce, type SlotCheck } from "../watchdog/watch.ts";
import type { WorkerStatus, WorkerTask } from "./render/status_document.ts";

/** The workers of a run that is not finished; `now` is the wall clock in milliseconds. */
export async function examineWorkers(loaded: LoadedRun, now: number): Promise<readonly WorkerStatus[]> {
  return await Promise.all(workersOf(loaded, now).map((record) => examine(loaded, record, now)));
}

/** Those of the log, and the controller's own before its first sign of life. */
function workersOf({ state, isControlled }: LoadedRun, now: number): readonly WorkerRecord[] {
  const { run, plan } = state;
  if (run.phase === "finished") return [];
  const { workers = [], controller } = run;
  const alive = workers.filter((each) => each.state !== "stopped");
  const isKnown = alive.some((each) => each.worker === LOCAL_WORKER && each.process.pid === controller?.pid);
  if (isKnown || !isControlled || controller === null) return alive;
  const { pid, pgid, start_time, boot_id } = controller;
  const slots = run.settings?.workers ?? plan.workers;
  const own = {
    worker: LOCAL_WORKER,
    process: { pid, pgid, start_time, boot_id },
    slots,
    state: "started",
    since: now,
    reason: null,
  } as const;
  return [own, ...alive.filter(({ worker }) => worker !== LOCAL_WORKER)];
}

async function examine(
  { state, directory, isControlled }: LoadedRun,
  record: WorkerRecord,
  now: number,
): Promise<WorkerStatus> {
  const { worker, process, slots, since } = record;
  const found = await readHeartbeat(heartbeatPath(directory.path, worker));
  // What a predecessor with the same name has left is no sign of this one.
  const isOwn = found.kind !== "read" || found.heartbeat.pid === process.pid;
  const reading = isOwn ? found : { kind: "absent" } as const;
  const isPresent = worker === LOCAL_WORKER
    ? isControlled
    : ProcessLock.isHeld(workerLock(directory, worker));
  const thresholds = thresholdsOf(state.plan, (taskId) => findTask(state, taskId)?.spec);
  const check = checkOnce(since, { now, wall: now, reading, isGone: !isPresent }, thresholds);
  const at = reading.kind === "read" ? timeOfHeartbeat(reading.heartbeat) : null;
  return {
    worker,
    verdict: check.verdict,
    reason: check.reason,
    pid: process.pid,
    slots,
    heartbeat_at: at === null ? null : new Date(at).toISOString(),
    tasks: check.slots.map((each) => taskOf(state, each)),
  };
}

/** One look knows nothing of progress, but the log does. */
function taskOf(state: RunState, { slot, verdict, reason }: SlotCheck): WorkerTask {
  const { task_id, attempt, token, progress, last_line } = slot;
  const task = findTask(state, task_id)?.task;
  const stalled = task?.token === token ? task.stalled : undefined;
  const isStalled = verdict === "healthy" && stalled !== undefined;
  return {
    task_id,
    attempt,
    verdict: isStalled ? "stalled" : verdict,
    reason: isStalled ? stalled.reason : reason,
    stalled_since: stalled === undefined ? null : new Date(stalled.since).toISOString(),
    ...progress,
    last_line: last_line === "" ? null : last_line,
  };
}
