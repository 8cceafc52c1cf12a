/** Which events of a log a reader is asked for. */

import type { FreeEvent } from "./event.ts";

/** All that are given must hold; an empty filter passes everything. */
export interface EventFilter {
  readonly kinds?: ReadonlySet<string>;
  readonly actors?: ReadonlySet<string>;
  /** Task id: events about the task, or whose payload names it. */
  readonly task?: string;
  /** Name of the gate in the payload. */
  readonly gate?: string;
  /** Milliseconds since 1970, inclusive. */
  readonly since?: number;
  /** Milliseconds since 1970, inclusive. */
  readonly until?: number;
}

/** Whether an event passes the filter. */
export function matches(event: FreeEvent, filter: EventFilter): boolean {
  const { kinds, actors, task, gate, since, until } = filter;
  if (kinds !== undefined && !kinds.has(event.kind)) return false;
  if (actors !== undefined && !actors.has(event.actor)) return false;
  if (task !== undefined && event.subject !== `task/${task}` && field(event.payload, "task_id") !== task) {
    return false;
  }
  if (gate !== undefined && field(event.payload, "gate") !== gate) return false;
  if (since === undefined && until === undefined) return true;
  const time = Date.parse(event.ts);
  return time >= (since ?? -Infinity) && time <= (until ?? Infinity);
}

function field(payload: unknown, name: string): unknown {
  if (typeof payload !== "object" || payload === null) return undefined;
  return Object.getOwnPropertyDescriptor(payload, name)?.value;
}
