/** What of a run is listed beside a job of a CI system. Pure. */

import type { RunEvent } from "../../../log/event.ts";
import { latestGateRun } from "../../../proof/status.ts";
import type { RunState } from "../../../scheduler/run_state.ts";
import type { Annotation } from "./marks.ts";

/**
 * The annotations for an event. A task or a gate that is tried again is a warning; what fails for good is an error.
 * Gates of the run are told at its end, when it is known which of their runs count.
 */
export function annotationsOf(event: RunEvent, state: RunState): readonly Annotation[] {
  switch (event.kind) {
    case "task_failed":
      return [error(`Task ${event.payload.task_id} failed`, event.payload.reason)];
    case "retry_scheduled":
      if (event.payload.class !== "retry") return [];
      return [warning(`Task ${event.payload.task_id} is tried again`, event.payload.reason)];
    case "task_waiting":
      return [error(`Task ${event.payload.task_id} waits`, event.payload.question)];
    case "budget_exhausted":
      return event.payload.task_id === undefined
        ? [error(`The budget of ${event.payload.budget} is used up`, "nothing new was started")]
        : [
          error(
            `Task ${event.payload.task_id} waits`,
            `its own budget of ${event.payload.budget} is used up`,
          ),
        ];
    case "run_failed":
      return [error("The run failed", event.payload.detail)];
    case "log_tampered":
      return [error("The run failed", `event ${event.payload.at} of its log was not written by omk`)];
    case "run_finished":
      return failedGates(state);
    default:
      return [];
  }
}

function failedGates(state: RunState): readonly Annotation[] {
  return (state.plan.gates ?? []).filter((gate) => gate.scope === "run").flatMap((gate) => {
    const record = latestGateRun(state, gate.name);
    if (record?.result !== "failed") return [];
    const annotate = gate.required && !gate.allow_fail ? error : warning;
    return [annotate(`Gate ${gate.name} failed`, record.reason ?? "no reason is recorded")];
  });
}

function error(title: string, message: string): Annotation {
  return { level: "error", title, message };
}

function warning(title: string, message: string): Annotation {
  return { level: "warning", title, message };
}
