/**
 * An extra worker: it follows the log of a run, carries out what the controller assigns to it, and says in the log what
 * it has done. It pins, merges and decides nothing. It outlives the controller, whose next incarnation goes on with it.
 */

import { draft, type EventDraft, type RunEvent, taskSubject } from "../log/event.ts";
import { type AttemptOutcome, KINDS } from "../log/kinds.ts";
import type { EventLog } from "../log/port.ts";
import { type RunState, taskAt } from "../scheduler/run_state.ts";
import type { AttemptRef } from "../scheduler/task_state.ts";
import { unwantedEnd } from "../scheduler/wanted.ts";
import type { Heartbeats } from "../watchdog/port.ts";
import { Heart, HEARTBEAT_MS } from "../worker/heart.ts";
import type { Attempt, AttemptRequest } from "../worker/port.ts";
import { appendPatiently } from "./append_patiently.ts";
import { claimedRequest } from "./claimed_request.ts";
import type { RunDirectory } from "./directory.ts";
import type { ControllerClock } from "./ports.ts";
import { apply } from "./state.ts";

/** How often it looks for what others have appended. */
const POLL_MS = 200;

/** An attempt in a slot of this process. */
export interface OwnAttempt extends Attempt {
  /** Frees the slot for the controller, its record as it is. */
  letGo(): Promise<void>;
}

/** What an extra worker works with; all of it can be simulated. */
export interface ExtraWorkerPorts {
  readonly log: EventLog;
  readonly clock: Pick<ControllerClock, "monotonic" | "sleep">;
  readonly attempts: { start(request: AttemptRequest): OwnAttempt };
  readonly runDirectory: RunDirectory;
  readonly heartbeats: Heartbeats;
  /** Called for each event once it is folded. */
  readonly onEvent?: (event: RunEvent) => void;
}

/** Who it is. */
export interface ExtraWorkerIdentity {
  /** Unique in the run. */
  readonly worker: string;
  readonly mark: string;
  /** How many attempts it takes at once. */
  readonly slots: number;
  /** It leaves when it had nothing to do for so long, milliseconds. */
  readonly idleMs: number;
}

/** Why a worker has left. */
export type Leaving = "run_finished" | "idle" | "told" | "refused";

/** See the module. Make one for a state that is folded up to the end of the log, then `run` it once. */
export class ExtraWorker {
  readonly state: RunState;
  readonly #identity: ExtraWorkerIdentity;
  readonly #ports: ExtraWorkerPorts;
  readonly #heart: Heart;
  #beaten = -Infinity;
  readonly #attempts = new Map<number, OwnAttempt>();
  /** Tokens of the attempts that it is done with; a claim stays in the state until the controller takes that in. */
  readonly #reported = new Set<number>();
  readonly #work = new Set<Promise<void>>();
  #wake = Promise.withResolvers<void>();
  #leaving: Leaving | null = null;
  #joined: number | null = null;
  #fault: unknown = null;

  constructor(state: RunState, identity: ExtraWorkerIdentity, ports: ExtraWorkerPorts) {
    this.state = state;
    this.#identity = identity;
    this.#ports = ports;
    this.#heart = new Heart(identity.worker, ports.heartbeats, () => this.#attempts.values());
  }

  /** Takes nothing new and ends what is at work; `now` without grace. What it did is kept, and given to others. */
  leave(now = false): void {
    this.#leaving ??= "told";
    for (const attempt of this.#attempts.values()) attempt.end("shutdown", now);
    this.#wake.resolve();
  }

  /** The attempts at work. */
  attempts(): readonly Attempt[] {
    return [...this.#attempts.values()];
  }

  /**
   * Joins the run and works for it until it is finished, nothing was to be done for a while, or somebody told it to leave.
   *
   * @throws what the log throws when it cannot be written or folded; what is at work has been ended by then.
   */
  async run(): Promise<Leaving> {
    const { log, clock } = this.#ports;
    const unsubscribe = log.subscribe((event) => this.#applied(event));
    try {
      await this.#heart.beat();
      await this.#append([draft("worker_joined", "run", this.#actor, {
        ...this.#requester(),
        worker: this.#identity.worker,
        slots: this.#identity.slots,
        mark: this.#identity.mark,
      })]);
      let idleSince = clock.monotonic();
      while (this.#leaving === null || this.#attempts.size > 0) {
        if (this.#fault !== null) throw this.#fault;
        const wake = this.#wake = Promise.withResolvers<void>();
        await log.poll();
        await this.#beat();
        this.#reconcile();
        if (this.#attempts.size > 0) idleSince = clock.monotonic();
        if (clock.monotonic() - idleSince >= this.#identity.idleMs) this.#leaving ??= "idle";
        if (this.#leaving !== null && this.#attempts.size === 0) break;
        const timer = disposableAbort();
        using _timer = timer;
        await Promise.race([wake.promise, clock.sleep(POLL_MS, timer.signal)]);
      }
      await this.#say();
      return this.#leaving ?? "told";
    } finally {
      for (const attempt of this.#attempts.values()) attempt.end("shutdown", true);
      await Promise.allSettled([...this.#work]);
      unsubscribe();
      await this.#heart.stop();
    }
  }

  async #beat(): Promise<void> {
    const now = this.#ports.clock.monotonic();
    if (now - this.#beaten < HEARTBEAT_MS) return;
    this.#beaten = now;
    await this.#heart.beat();
  }

  /** Says that it leaves, while there is somebody, now or later, who wants to know. */
  async #say(): Promise<void> {
    if (this.#leaving === "refused" || this.state.run.phase === "finished") {
      return;
    }
    const reason = this.#leaving === "idle" ? "it had nothing to do" : "it was told to leave";
    await this.#append([
      draft("worker_left", "run", this.#actor, {
        ...this.#requester(),
        worker: this.#identity.worker,
        reason,
      }),
    ]);
  }

  /** Folds one committed event. Runs inside the log's delivery, so it must not throw. */
  #applied(event: RunEvent): void {
    try {
      apply(this.state, event);
      this.#see(event);
      this.#ports.onEvent?.(event);
    } catch (error) {
      this.#fault ??= error;
    }
    this.#wake.resolve();
  }

  #see(event: RunEvent): void {
    const { worker } = this.#identity;
    switch (event.kind) {
      case "worker_joined":
        if (event.payload.worker === worker) this.#joined = event.index;
        break;
      case "request_refused":
        if (this.#joined !== null && event.payload.request === this.#joined) this.#leaving ??= "refused";
        break;
      case "run_finished":
        this.#leaving ??= "run_finished";
        break;
      default:
        break;
    }
  }

  /** Starts what was claimed for this worker, and ends what is not wanted any more. */
  #reconcile(): void {
    for (const attempt of this.#attempts.values()) {
      const end = unwantedEnd(this.state, attempt.ref);
      if (end !== null) attempt.end(end.reason, end.now);
    }
    if (this.#leaving !== null) return;
    for (const ordinal of this.state.index.active) {
      const { task } = taskAt(this.state, ordinal);
      const { token } = task;
      const isMine = task.owner === this.#identity.worker && task.state === "claimed";
      if (!isMine || token === null || this.#attempts.has(token) || this.#reported.has(token)) continue;
      const attempt = this.#ports.attempts.start(
        claimedRequest(this.state, task.id, this.#ports.runDirectory, this.#ports.log),
      );
      this.#attempts.set(token, attempt);
      this.#track(this.#follow(attempt));
    }
  }

  /** Says in the log that an attempt has begun, and how it ended. */
  async #follow(attempt: OwnAttempt): Promise<void> {
    const { ref } = attempt;
    const { worker } = this.#identity;
    const started = await attempt.started;
    if (started !== null) {
      const { process: body, slot } = started;
      await this.#append([
        draft("attempt_started", taskSubject(ref.task_id), this.#actor, {
          ...this.#requester(),
          ...ref,
          worker,
          body,
          slot,
        }),
      ]);
    }
    const outcome = await attempt.ended;
    await attempt.letGo();
    await this.#append([
      draft("attempt_reported", taskSubject(ref.task_id), this.#actor, {
        ...this.#requester(),
        ...ref,
        worker,
        outcome: this.#told(ref, outcome),
      }),
    ]);
    this.#reported.add(ref.token);
  }

  /** What ended because this worker leaves is nobody's failure: another worker starts it anew. */
  #told(ref: AttemptRef, outcome: AttemptOutcome): AttemptOutcome {
    const isOwnDoing = outcome.result === "cancelled" && unwantedEnd(this.state, ref) === null;
    return isOwnDoing ? { ...outcome, result: "lost", detail: "its worker has left" } : outcome;
  }

  #track(work: Promise<void>): void {
    const watched = work.catch((error) => {
      this.#fault ??= error;
    }).finally(() => {
      this.#work.delete(watched);
      for (const token of this.#reported) this.#attempts.delete(token);
      this.#wake.resolve();
    });
    this.#work.add(watched);
  }

  async #append(drafts: readonly EventDraft[]): Promise<void> {
    await appendPatiently(this.#ports, drafts, {});
  }

  get #actor(): string {
    return `worker/${this.#identity.worker}`;
  }

  #requester() {
    const { heartbeats } = this.#ports;
    return { process: heartbeats.process, wall: heartbeats.wall() };
  }
}

/** Whether an event is about this worker, its attempts included: what it shows of the run. */
export function concernsWorker(event: RunEvent, worker: string): boolean {
  if (event.actor === `worker/${worker}`) return true;
  return KINDS[event.kind].class === "fact" && "worker" in event.payload && event.payload.worker === worker;
}

function disposableAbort(): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  return { signal: controller.signal, [Symbol.dispose]: () => controller.abort("over") };
}
