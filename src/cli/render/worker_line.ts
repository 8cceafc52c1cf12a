/** What an event of the log means to somebody who watches an extra worker: one line each. Pure. */

import type { RunEvent } from "../../log/event.ts";
import { describeOutcome } from "../../scheduler/retry.ts";
import type { Style } from "../output.ts";
import { formatDuration } from "./duration.ts";
import { reasonText, type Telling, tellingLine } from "./telling.ts";

/** The line for an event that concerns the worker; undefined for those that need none. */
export function workerLine(event: RunEvent, style: Style): string | undefined {
  const told = telling(event);
  return told === undefined ? undefined : tellingLine(told, style);
}

function telling(event: RunEvent): Telling | undefined {
  switch (event.kind) {
    case "worker_started":
      return { word: "joined", colour: "green", text: "the controller has taken it in" };
    case "attempt_started":
      return { word: "start", colour: "blue", text: attemptText(event.payload) };
    case "attempt_reported": {
      const { outcome } = event.payload;
      const took = formatDuration(outcome.duration_ms);
      const text = `${attemptText(event.payload)} ${describeOutcome(outcome)} after ${took}`;
      return { word: "report", colour: outcome.result === "success" ? "green" : "yellow", text };
    }
    case "result_refused":
      return {
        word: "refused",
        colour: "red",
        text: `${attemptText(event.payload)}: ${reasonText(event.payload)}`,
      };
    case "worker_dead":
      return { word: "dead", colour: "red", text: reasonText(event.payload) };
    default:
      return undefined;
  }
}

function attemptText({ task_id, attempt }: { readonly task_id: string; readonly attempt: number }): string {
  return attempt === 1 ? task_id : `${task_id} (attempt ${attempt})`;
}
