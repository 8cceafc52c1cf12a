/** The colours of task states in drawings, readable on light and on dark ground. */

import type { TaskStatus } from "../../../scheduler/task_state.ts";
import type { Style } from "../../output.ts";

/** A state's colour on a terminal, and its fill with a text colour that stands out from it. */
export interface StateColour {
  readonly terminal: Exclude<keyof Style, "bold">;
  readonly fill: string;
  readonly text: string;
}

/** See the module. */
export const COLOURS: Readonly<Record<TaskStatus, StateColour>> = {
  pending: { terminal: "dim", fill: "#e5e7eb", text: "#111827" },
  claimed: { terminal: "blue", fill: "#bfdbfe", text: "#111827" },
  running: { terminal: "blue", fill: "#60a5fa", text: "#111827" },
  finished: { terminal: "blue", fill: "#93c5fd", text: "#111827" },
  completed: { terminal: "green", fill: "#86efac", text: "#111827" },
  failed: { terminal: "red", fill: "#f87171", text: "#111827" },
  cancelled: { terminal: "yellow", fill: "#d1d5db", text: "#111827" },
  blocked: { terminal: "yellow", fill: "#fcd34d", text: "#111827" },
  waiting: { terminal: "yellow", fill: "#fdba74", text: "#111827" },
};

/** The colour of a task in a drawing of a plan alone. */
export const NO_STATE = { fill: "#f3f4f6", text: "#111827" } as const;

/** The states that a drawing shows, in the order of `COLOURS`; none for a plan alone. */
export function statesIn(nodes: readonly { readonly state: TaskStatus | null }[]): readonly TaskStatus[] {
  const order: readonly string[] = Object.keys(COLOURS);
  return [...new Set(nodes.flatMap(({ state }) => state ?? []))]
    .toSorted((a, b) => order.indexOf(a) - order.indexOf(b));
}
