/** The attempts of a run that extra workers carry out, and what becomes of them when a worker is gone. */

import { draft, type RunEvent } from "../log/event.ts";
import { controllerActor, lostOutcome } from "../scheduler/decide.ts";
import { findTask, type RunState } from "../scheduler/run_state.ts";
import type { AttemptRef } from "../scheduler/task_state.ts";
import { extraWorkers, isAtService } from "../scheduler/workers.ts";
import { AttemptFlow } from "./attempt_flow.ts";
import { claimedRequest } from "./claimed_request.ts";
import type { ControllerHandle } from "./controller_handle.ts";
import type { ExtraWorkers } from "./ports.ts";
import { RemoteAttempt } from "./remote_attempt.ts";

/** See the module. */
export class RemoteAttempts {
  readonly #controller: ControllerHandle;
  readonly #extra: ExtraWorkers;
  readonly #onFault: (error: unknown) => void;
  readonly #attempts = new Map<number, RemoteAttempt>();
  /** What was started by workers that are gone, as it is being ended; by worker. */
  readonly #settling = new Map<string, Promise<void>>();

  /** `onFault` gets what keeps it from ending what a dead worker has left. */
  constructor(controller: ControllerHandle, extra: ExtraWorkers, onFault: (error: unknown) => void) {
    this.#controller = controller;
    this.#onFault = onFault;
    this.#extra = extra;
  }

  /** The attempt of a task that was claimed for `worker`, with what the log says of it already. */
  flowOf(worker: string, taskId: string): AttemptFlow {
    const { state, ports } = this.#controller;
    const request = claimedRequest(state, taskId, ports.runDirectory, ports.log);
    const hasBegun = findTask(state, taskId)?.task.state !== "claimed";
    const attempt = new RemoteAttempt(worker, request, { extra: this.#extra, clock: ports.clock, hasBegun });
    const { token } = request.ref;
    this.#attempts.set(token, attempt);
    attempt.ended.finally(() => this.#attempts.delete(token));
    for (const open of state.run.open_requests) {
      if (open.kind === "attempt_started" || open.kind === "attempt_reported") this.#tell(open);
    }
    if (!isAtService(state, worker)) this.#lose(worker);
    const { stage, outcome } = findTask(state, taskId)?.task ?? { stage: null, outcome: null };
    if ((stage === "pinning" || stage === "pinned") && outcome !== null) attempt.reported(outcome);
    return new AttemptFlow(this.#controller, attempt);
  }

  /** What an attempt has left whose report was refused; null where it has left nothing, or still works in its slot. */
  async staleFlow(ref: AttemptRef): Promise<AttemptFlow | null> {
    const view = findTask(this.#controller.state, ref.task_id);
    if (view === undefined || view.spec.isolation !== "worktree" || view.task.base === null) return null;
    const { task_id, attempt, token } = ref;
    const request = { ref: { task_id, attempt, token }, spec: view.spec, base: view.task.base, restore: [] };
    const left = await this.#extra.takeOver(request, lostOutcome("its report came too late"));
    return left === null ? null : new AttemptFlow(this.#controller, left);
  }

  /** Takes in what an event of the log, own or foreign, says of a worker or of its attempts. */
  see(event: RunEvent): void {
    switch (event.kind) {
      case "attempt_started":
      case "attempt_reported":
        this.#tell(event);
        break;
      case "worker_dead":
      case "worker_stopped":
        this.#lose(event.payload.worker);
        break;
      default:
        break;
    }
  }

  /** Looks whether the processes of the workers are there; who is not is recorded as dead. */
  async look(): Promise<void> {
    const { state } = this.#controller;
    const missing = extraWorkers(state.run).filter(({ worker }) => !this.#extra.isPresent(worker));
    if (missing.length === 0 || state.run.phase !== "active" || state.run.proof_writing !== null) return;
    await this.#controller.commit((current) =>
      missing.filter(({ worker }) => isAtService(current, worker) && !hasLeft(current, worker)).map((
        { worker },
      ) => draft("worker_dead", "run", controllerActor(current), { worker, reason: "its process is gone" }))
    );
  }

  #tell(
    said: Extract<RunEvent, { readonly kind: "attempt_started" | "attempt_reported" }> | OpenReport,
  ): void {
    const attempt = this.#attempts.get(said.payload.token);
    if (attempt === undefined || attempt.worker !== said.payload.worker) return;
    if (said.kind === "attempt_started") attempt.tookUp(said.payload.body, said.payload.slot ?? null);
    else attempt.reported(said.payload.outcome);
  }

  /** A worker that is gone says no more: its attempts are over once nothing that it had started is alive. */
  #lose(worker: string): void {
    if (![...this.#attempts.values()].some((each) => each.worker === worker)) return;
    const record = this.#controller.state.run.workers?.find((each) => each.worker === worker);
    const settled = this.#settling.get(worker) ??
      (record === undefined ? Promise.resolve() : this.#extra.settle(record));
    this.#settling.set(worker, settled);
    void settled.then(() => {
      for (const each of this.#attempts.values()) {
        if (each.worker === worker) each.lost(`worker ${worker} is gone`);
      }
    }, this.#onFault);
  }
}

type OpenReport = Extract<
  RunState["run"]["open_requests"][number],
  { readonly kind: "attempt_started" | "attempt_reported" }
>;

/** Whether a worker has said that it leaves, and is still to be answered. */
function hasLeft({ run }: RunState, worker: string): boolean {
  return run.open_requests.some((each) => each.kind === "worker_left" && each.payload.worker === worker);
}
