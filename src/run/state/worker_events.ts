/** The fold of the events about workers: who gives signs of life, and which attempts make no progress. */

import type { EventOf } from "../../log/event.ts";
import type { RunRecord, WorkerRecord } from "../../scheduler/run_record.ts";
import type { RunState } from "../../scheduler/run_state.ts";
import { attemptOf, closeRequest, type HandlersOf, timeOf } from "./handler.ts";

type WorkerKind =
  | "worker_started"
  | "worker_stalled"
  | "worker_dead"
  | "worker_recovered"
  | "worker_stopped";

/** See the module. */
export const workerHandlers: HandlersOf<WorkerKind> = {
  worker_started(state, event) {
    const { worker, process, slots, mark } = event.payload;
    closeRequest(state, event.payload);
    const record: WorkerRecord = {
      worker,
      process,
      slots,
      ...(mark === undefined ? {} : { mark }),
      state: "started",
      since: timeOf(event),
      reason: null,
    };
    const { workers = [] } = state.run;
    // A process that comes after another under the same name takes its place.
    const isKnown = workers.some((each) => each.worker === worker);
    state.run.workers = isKnown
      ? workers.map((each) => each.worker === worker ? record : each)
      : [...workers, record];
    return undefined;
  },

  worker_stalled(state, { payload }) {
    const view = attemptOf(state, payload, "claimed", "running");
    if (typeof view === "string") return view;
    view.task.stalled = { since: payload.since, reason: payload.reason ?? "no sign of progress" };
    return undefined;
  },

  worker_recovered(state, event) {
    const { worker, attempt } = event.payload;
    if (attempt === undefined) return become(state, event, "started", null);
    const view = attemptOf(state, attempt, "claimed", "running");
    if (typeof view === "string") return view;
    if (view.task.stalled === undefined) {
      return `attempt ${attempt.attempt} of worker "${worker}" was not stalled`;
    }
    delete view.task.stalled;
    return undefined;
  },

  worker_dead: (state, event) => become(state, event, "dead", event.payload.reason),

  worker_stopped(state, event) {
    closeRequest(state, event.payload);
    return become(state, event, "stopped", event.payload.reason);
  },
};

/** When a run that had ended is gone on with, at `now` on the run clock, its workers have left without another word. */
export function stopWorkers(run: RunRecord, now: number): void {
  if (run.workers === undefined) return;
  const left = { state: "stopped", since: now, reason: "the run had ended" } as const;
  run.workers = run.workers.map((each) => each.state === "started" ? { ...each, ...left } : each);
}

function become(
  state: RunState,
  event: EventOf<"worker_dead" | "worker_recovered" | "worker_stopped">,
  to: WorkerRecord["state"],
  reason: string | null,
): string | undefined {
  const { worker } = event.payload;
  const { workers = [] } = state.run;
  if (!workers.some((each) => each.worker === worker)) return `worker "${worker}" has not started`;
  state.run.workers = workers.map((each) =>
    each.worker === worker ? { ...each, state: to, since: timeOf(event), reason } : each
  );
  return undefined;
}
