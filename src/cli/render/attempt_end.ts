/** Which events end an attempt for somebody who watches. Pure. */

import type { RunEvent } from "../../log/event.ts";

/** The end of an attempt. */
export interface AttemptEnd {
  readonly taskId: string;
  readonly attempt: number;
  /** Whether it did not do what it should. */
  readonly isFailure: boolean;
  /** Whether the task is not tried again by itself. */
  readonly isFinal: boolean;
  /** The artifact with all that it printed, relative to the run's directory; null where there is none. */
  readonly output: string | null;
}

/** The attempt that an event ends; undefined where it ends none. */
export function attemptEnd(event: RunEvent): AttemptEnd | undefined {
  switch (event.kind) {
    case "task_finished":
    case "task_waiting":
      return endOf(event.payload, false, true);
    case "retry_scheduled":
      return endOf(event.payload, true, false);
    case "task_failed":
      return endOf(event.payload, true, true);
    case "task_cancelled": {
      const { attempt } = event.payload;
      return attempt === null ? undefined : endOf({ ...event.payload, attempt }, false, true);
    }
    default:
      return undefined;
  }
}

function endOf(
  { task_id, attempt, outcome }: {
    readonly task_id: string;
    readonly attempt: number;
    readonly outcome: { readonly output: { readonly path: string } | null } | null;
  },
  isFailure: boolean,
  isFinal: boolean,
): AttemptEnd {
  return { taskId: task_id, attempt, isFailure, isFinal, output: outcome?.output?.path ?? null };
}
