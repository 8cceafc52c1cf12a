/**
 * The watchdog of a run: the controller gives its own signs of life, looks at those of the other workers, and records
 * what has changed. What follows from a verdict is decided from the log, like everything else.
 */

import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import { controllerActor } from "../scheduler/decide.ts";
import { LOCAL_WORKER } from "../scheduler/workers.ts";
import type { WorkerRecord } from "../scheduler/run_record.ts";
import { findTask, type RunState } from "../scheduler/run_state.ts";
import type { HeartbeatReading, HeartbeatSlot } from "../watchdog/heartbeat.ts";
import { type Thresholds, thresholdsOf } from "../watchdog/thresholds.ts";
import { type Transition, transitionsOf } from "../watchdog/transitions.ts";
import { judge, observe, startWatch, type Watch } from "../watchdog/watch.ts";
import { Heart, HEARTBEAT_MS } from "../worker/heart.ts";
import type { AttemptFlow } from "./attempt_flow.ts";
import type { ControllerHandle } from "./controller_handle.ts";
import { renewal } from "./leases.ts";

/** A worker as it was found at one moment. */
interface Sight {
  readonly worker: string;
  /** Run clock and wall clock of the look. */
  readonly now: number;
  readonly wall: number;
  readonly reading: HeartbeatReading;
  readonly isGone: boolean;
}

/** See the module. Where nothing is at work, it rests. */
export class WorkerWatch {
  readonly #controller: ControllerHandle;
  readonly #flows: () => Iterable<AttemptFlow>;
  readonly #heart: Heart;
  readonly #thresholds: Thresholds;
  readonly #watches = new Map<string, Watch>();
  #work = Promise.withResolvers<void>();

  /** `flows` are the attempts at work at the moment. */
  constructor(controller: ControllerHandle, flows: () => Iterable<AttemptFlow>) {
    this.#controller = controller;
    this.#flows = flows;
    const { state, ports } = controller;
    this.#heart = new Heart(LOCAL_WORKER, ports.heartbeats, () => this.#ownAttempts());
    this.#thresholds = thresholdsOf(state.plan, (taskId) => findTask(state, taskId)?.spec);
  }

  /** Says that something has begun that is to be watched. */
  wake(): void {
    this.#work.resolve();
  }

  /** Watches until the controller ends. Rejects where a verdict cannot be recorded while the controller goes on. */
  async run(): Promise<void> {
    const { signal, ports } = this.#controller;
    signal.addEventListener("abort", () => this.wake(), { once: true });
    while (!signal.aborted) {
      if (!this.#hasWork()) await this.#rest();
      await ports.clock.sleep(HEARTBEAT_MS, signal);
      if (!signal.aborted && this.#hasWork()) await this.#look();
    }
    await this.#heart.stop();
  }

  /** Whoever rests does not look late: the watches begin anew, or a few rests would be taken for a slow machine. */
  async #rest(): Promise<void> {
    this.#watches.clear();
    this.#work = Promise.withResolvers();
    if (this.#controller.signal.aborted) return;
    await this.#work.promise;
  }

  #hasWork(): boolean {
    return !this.#ownAttempts().next().done || this.#others().length > 0;
  }

  *#ownAttempts(): Generator<AttemptFlow["attempt"]> {
    for (const flow of this.#flows()) if (flow.worker() === LOCAL_WORKER) yield flow.attempt;
  }

  #others(): readonly WorkerRecord[] {
    const { state: { run: { workers = [] } }, ports: { extra } } = this.#controller;
    // Whoever looks for the processes of extra workers says at once when one is gone.
    return workers.filter(({ worker, state }) =>
      worker !== LOCAL_WORKER && state !== "stopped" && extra?.isPresent(worker) !== false
    );
  }

  async #look(): Promise<void> {
    const { signal, ports: { heartbeats } } = this.#controller;
    const heartbeat = await this.#heart.beat();
    const own: Sight = {
      worker: LOCAL_WORKER,
      ...this.#moment(),
      reading: { kind: "read", heartbeat },
      isGone: false,
    };
    const others = await Promise.all(
      this.#others().map(async ({ worker, process }): Promise<Sight> => {
        const isGone = !await heartbeats.isAlive(process);
        const reading = await heartbeats.read(worker);
        return { worker, ...this.#moment(), reading, isGone };
      }),
    );
    try {
      // Verdicts are about attempts of which a flow may be about to tell the end.
      await this.#controller.commitFirst((state, now) => this.#verdicts(state, now, [own, ...others]));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #moment(): Pick<Sight, "now" | "wall"> {
    const { clock, heartbeats } = this.#controller.ports;
    return { now: clock.now(), wall: heartbeats.wall() };
  }

  #verdicts(state: RunState, now: number, sights: readonly Sight[]): readonly EventDraft[] {
    // A proof tells everything up to its intent, so nothing may come between the two.
    if (state.run.phase !== "active" || state.run.proof_writing !== null) return [];
    return sights.flatMap((sight) => {
      const record = state.run.workers?.find(({ worker }) => worker === sight.worker);
      const introduction = sight.worker === LOCAL_WORKER ? this.#introduce(state, record) : [];
      const known = introduction.length > 0 ? "started" : record?.state ?? "started";
      const transitions = transitionsOf(this.#judge(sight), {
        state: known,
        attempt: (slot) => knownOf(state, sight.worker, slot),
      }).filter((each) => each.kind !== "stalled" || !this.#hasMovedSince(sight, each.slot));
      return [...introduction, ...transitions.flatMap((each) => draftsOf(state, sight.worker, each, now))];
    });
  }

  #judge({ worker, ...seen }: Sight) {
    const before = this.#watches.get(worker) ?? startWatch(seen.now);
    const watch = observe(before, seen);
    this.#watches.set(worker, watch);
    return judge(watch, this.#thresholds);
  }

  /** The log may be slow to take a verdict, and an attempt of this process may have got on meanwhile. */
  #hasMovedSince({ worker }: Sight, { token, stage, progress }: HeartbeatSlot): boolean {
    if (worker !== LOCAL_WORKER) return false;
    const attempt = this.#ownAttempts().find(({ ref }) => ref.token === token);
    if (attempt === undefined) return true;
    const now = attempt.activity();
    return now.stage !== stage || now.voice.output_bytes !== progress.output_bytes;
  }

  /** With its first sign of life this process enters the log, in the place of one that has died. */
  #introduce(state: RunState, record: WorkerRecord | undefined): readonly EventDraft[] {
    const { process } = this.#controller.ports.heartbeats;
    const isOther = record?.process.pid !== process.pid || record.process.start_time !== process.start_time ||
      record.process.boot_id !== process.boot_id;
    if (record?.state === "started" && !isOther) return [];
    const actor = controllerActor(state);
    const slots = state.run.settings?.workers ?? state.plan.workers;
    const started = draft("worker_started", "run", actor, { worker: LOCAL_WORKER, process, slots });
    if (record?.state !== "started") return [started];
    const reason = "its omk process is gone";
    return [draft("worker_dead", "run", actor, { worker: LOCAL_WORKER, reason }), started];
  }
}

/** Only a body that the log takes for the current one can stall. */
function knownOf(state: RunState, worker: string, slot: HeartbeatSlot) {
  const view = findTask(state, slot.task_id);
  if (view === undefined) return undefined;
  const { task, spec } = view;
  const isCurrent = task.token === slot.token && task.owner === worker;
  if (!isCurrent || task.state !== "running" || task.stage !== "body") return undefined;
  return { isStalled: task.stalled !== undefined, mayRecover: spec.on_stall === "warn" };
}

function draftsOf(
  state: RunState,
  worker: string,
  transition: Transition,
  now: number,
): readonly EventDraft[] {
  const actor = controllerActor(state);
  switch (transition.kind) {
    case "dead":
      return [draft("worker_dead", "run", actor, { worker, reason: transition.reason })];
    case "stopped":
      return [draft("worker_stopped", "run", actor, { worker, reason: transition.reason })];
    case "recovered": {
      if (transition.slot === null) return [draft("worker_recovered", "run", actor, { worker })];
      const { task_id, attempt, token } = transition.slot;
      return [
        draft("worker_recovered", taskSubject(task_id), actor, {
          worker,
          attempt: { task_id, attempt, token },
        }),
      ];
    }
    case "stalled": {
      const { slot, since, reason } = transition;
      const { task_id, attempt, token } = slot;
      // The last renewal: whoever ends the attempt has a whole lease for that.
      return [
        renewal(state, slot, now),
        draft("worker_stalled", taskSubject(task_id), actor, {
          worker,
          task_id,
          attempt,
          token,
          since,
          reason,
        }),
      ];
    }
  }
}
