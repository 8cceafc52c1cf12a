/** That attempts end with what they themselves have shown (P8): no outcome comes from a body that has never run. */

import type { RunEvent } from "../../src/log/event.ts";
import type { World } from "./world.ts";

/** The ends that only a body can come to. */
const ENDS_OF_BODIES = [
  "success",
  "exit",
  "signal",
  "timeout",
  "stalled",
  "reported_failed",
  "reported_partial",
  "blocked_on_human",
  "blocked_on_external",
];

/** See the module. */
export class Evidence {
  readonly #world: World;
  /** The attempts that nobody carries out: a script that says it were a worker got them. */
  readonly #pretended = new Set<number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Checks the outcome that an event gives an attempt, if any. */
  check({ index, kind, payload }: RunEvent): void {
    if (kind === "task_claimed" && payload.worker === "w") this.#pretended.add(index);
    if (kind !== "attempt_pinning" && kind !== "retry_scheduled" && kind !== "task_failed") return;
    const { token, outcome } = payload;
    const isOfBody = ENDS_OF_BODIES.includes(outcome.result);
    if (!isOfBody || this.#pretended.has(token) || this.#world.bodies.has(token)) return;
    this.#world.violate(`event ${index} (${kind}): P8: ${outcome.result} of a body that has never run`);
  }
}
