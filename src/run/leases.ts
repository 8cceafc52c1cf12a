/** The leases of a controller's attempts: renewed while they are alive and get on, and after a sleep before anything else. */

import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import { controllerActor } from "../scheduler/decide.ts";
import type { RunState } from "../scheduler/run_state.ts";
import { LONGEST_GAP_MS } from "../watchdog/thresholds.ts";
import type { AttemptFlow } from "./attempt_flow.ts";
import type { ControllerHandle } from "./controller_handle.ts";

/** See the module. */
export class Leases {
  readonly #controller: ControllerHandle;
  readonly #flows: () => Iterable<AttemptFlow>;
  readonly #longestGap: number;
  #awakeAt: number;
  #hasSlept = false;

  /** `flows` are the attempts at work at the moment. */
  constructor(controller: ControllerHandle, flows: () => Iterable<AttemptFlow>) {
    this.#controller = controller;
    this.#flows = flows;
    // Whoever was away for half of a lease could not renew it, which is nobody else's fault.
    this.#longestGap = Math.min(LONGEST_GAP_MS, halfLease(controller.state));
    this.#awakeAt = controller.ports.clock.monotonic();
  }

  /** To be called whenever the controller is awake: so it learns that it, or the machine, has slept. */
  tick(): void {
    const now = this.#controller.ports.clock.monotonic();
    if (now - this.#awakeAt > this.#longestGap) this.#hasSlept = true;
    this.#awakeAt = now;
  }

  /**
   * The renewals that are due: of what is half over, or of every lease after a sleep. Where there are none, no lease of
   * an attempt that deserves it has run out.
   */
  renewals(now: number): readonly EventDraft[] {
    this.tick();
    const { state } = this.#controller;
    const due = this.#hasSlept ? Infinity : now + halfLease(state);
    const drafts: EventDraft[] = [];
    for (const flow of this.#flows()) {
      const expires = flow.leaseExpires();
      if (expires === null || expires > due) continue;
      if (this.#hasSlept || flow.deservesLease()) drafts.push(renewal(state, flow.attempt.ref, now));
    }
    this.#hasSlept = false;
    return drafts;
  }

  /** When the next renewal is due, on the run clock; Infinity where none is. */
  nextRenewal(): number {
    let next = Infinity;
    for (const flow of this.#flows()) {
      const expires = flow.deservesLease() ? flow.leaseExpires() : null;
      if (expires !== null) next = Math.min(next, expires - halfLease(this.#controller.state));
    }
    return next;
  }
}

/** The event that gives an attempt a whole lease from now on. */
export function renewal(state: RunState, ref: AttemptFlow["attempt"]["ref"], now: number): EventDraft {
  return draft("lease_renewed", taskSubject(ref.task_id), controllerActor(state), {
    task_id: ref.task_id,
    attempt: ref.attempt,
    token: ref.token,
    lease_expires: now + state.plan.lease_secs * 1000,
  });
}

/** The tokens of the attempts whose leases the drafts renew. */
export function renewedIn(drafts: readonly EventDraft[]): ReadonlySet<number> {
  return new Set(drafts.flatMap(({ kind, payload }) => kind === "lease_renewed" ? [payload.token] : []));
}

function halfLease({ plan }: RunState): number {
  return plan.lease_secs * 500;
}
