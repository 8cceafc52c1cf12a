/** What the events say of gates that run side by side, and that they have room. */

import type { RunEvent } from "../../src/log/event.ts";
import type { PayloadOf } from "../../src/log/kinds.ts";
import type { GateSpec, Plan } from "../../src/plan/spec.ts";
import type { Broken } from "./run_shadow.ts";

/** See the module. */
export class GateShadow {
  readonly #plan: Plan;
  /** The gates that run: where a task is tried again, one may judge its merge while it still judges the head before. */
  readonly #running = new Map<string, GateSpec | undefined>();
  #workers = 1;

  /** Takes a plan that grows as the events say. */
  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** How many gates run in a pool. */
  inPool(pool: string): number {
    return [...this.#running.values()].filter((gate) => gate?.pool === pool).length;
  }

  /** Checks an event against what came before it. */
  read(event: RunEvent, broken: Broken): void {
    switch (event.kind) {
      case "run_started":
        this.#workers = event.payload.settings.workers;
        break;
      case "run_resumed":
        this.#running.clear();
        break;
      case "gate_started":
        this.#begin(event.payload, broken);
        break;
      case "gate_passed":
      case "gate_failed":
        this.#running.delete(keyOf(event.payload));
        break;
      default:
        break;
    }
  }

  #begin(payload: PayloadOf<"gate_started">, broken: Broken): void {
    const key = keyOf(payload);
    if (this.#running.has(key)) broken(`gate ${key} runs already`);
    const spec = this.#plan.tasks.find(({ id }) => id === payload.task_id);
    const known = [...this.#plan.gates ?? [], ...spec?.gates ?? [], ...spec?.loop ? [spec.loop.until] : []];
    const gate = known.find(({ name }) => name === payload.gate);
    this.#running.set(key, gate);
    if (this.#running.size > this.#workers) {
      broken(`${this.#running.size} gates run, for ${this.#workers} workers`);
    }
    const pool = gate?.pool;
    if (pool !== undefined && this.inPool(pool) > (this.#plan.pools[pool] ?? Infinity)) {
      broken(`pool ${pool} is full`);
    }
  }
}

function keyOf(
  { gate, task_id, tree }: Pick<PayloadOf<"gate_started">, "gate" | "task_id" | "tree">,
): string {
  return `${gate} ${task_id} ${tree}`;
}
