/**
 * Who asks: before the controller lets a request of another process give a task what only a person may give, it finds out
 * whether a task has sent it. The process waits for its answer meanwhile, so that it can be looked at.
 */

import { reasonOf } from "../errors.ts";
import { draft, type RunEvent } from "../log/event.ts";
import type { Origin } from "../process/origin.ts";
import type { ProcessIdentity } from "../process/port.ts";
import { controllerActor } from "../scheduler/decide.ts";
import type { ControllerHandle } from "./controller_handle.ts";

/** Tells where processes come from. */
export interface Askers {
  originOf(asker: ProcessIdentity): Promise<Origin>;
}

/** What is looked at, and whether it counts although nobody is there any more who could be looked at. */
const VETTED: Readonly<Partial<Record<RunEvent["kind"], { readonly goneCounts: boolean }>>> = {
  approval_given: { goneCounts: false },
  // Given while nobody conducted the run, and taken up by whoever goes on with it.
  answer_given: { goneCounts: true },
  budget_add_requested: { goneCounts: true },
};

/** See the module. */
export class Vetting {
  readonly #controller: ControllerHandle;
  readonly #askers: Askers;
  readonly #held = new Set<number>();

  constructor(controller: ControllerHandle, askers: Askers) {
    this.#controller = controller;
    this.#askers = askers;
  }

  /** Indexes of the requests whose senders are being looked at. */
  get held(): ReadonlySet<number> {
    return this.#held;
  }

  /** Takes note of an event of another process; what it resolves with ends the holding. Undefined: nothing to look at. */
  look(event: RunEvent): Promise<void> | undefined {
    const rule = VETTED[event.kind];
    const { payload } = event;
    if (rule === undefined || !("process" in payload) || !("wall" in payload)) return undefined;
    this.#held.add(event.index);
    return this.#vet(event.index, payload.process, rule.goneCounts);
  }

  async #vet(index: number, process: ProcessIdentity, goneCounts: boolean): Promise<void> {
    try {
      const why = await this.#refusalOf(process, goneCounts);
      if (why === null) return;
      await this.#controller.commit((state) =>
        state.run.open_requests.some((open) => open.index === index)
          ? [draft("request_refused", "run", controllerActor(state), { request: index, reason: why })]
          : []
      );
    } finally {
      this.#held.delete(index);
    }
  }

  async #refusalOf(process: ProcessIdentity, goneCounts: boolean): Promise<string | null> {
    try {
      const origin = await this.#askers.originOf(process);
      if (origin === "task") return "a process of a task has asked for it, and only a person may";
      if (origin === "gone" && !goneCounts) {
        return "the process that asked for it has not waited for its answer";
      }
      return null;
    } catch (error) {
      // Who cannot be looked at may be anybody.
      return `it cannot be told who has asked for it: ${reasonOf(error)}`;
    }
  }
}
