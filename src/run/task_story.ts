/** The story of a task, from its log: what happened to it, and why, each with its time. Pure. */

import type { RunEvent } from "../log/event.ts";
import { whatKeeps } from "../scheduler/explain.ts";
import { findTask, type RunState } from "../scheduler/run_state.ts";

/** One thing that happened. */
export interface StoryPoint {
  /** Index of the event. */
  readonly index: number;
  /** ISO 8601, on the run clock. */
  readonly ts: string;
  /** Kind of the event, or `ready`: its dependencies allowed it to start. */
  readonly what: string;
  /** For people: what happened, and why. */
  readonly text: string;
}

/** Collects the story of one task; give it each event once it is folded. */
export class TaskStory {
  readonly points: StoryPoint[] = [];
  readonly #taskId: string;
  #readySince: number | null = null;
  /** What kept it from starting last, since its dependencies allowed it. */
  #kept: string | null = null;

  constructor(taskId: string) {
    this.#taskId = taskId;
  }

  /** Takes the next event with the state after it. */
  take(event: RunEvent, state: RunState): void {
    const view = findTask(state, this.#taskId);
    if (view === undefined) return;
    const isOwn = "task_id" in event.payload && event.payload.task_id === this.#taskId;
    const text = isOwn ? this.#tell(event) : undefined;
    if (text !== undefined) this.#add(event, event.kind, text);
    const { ready_since } = view.task;
    if (ready_since !== this.#readySince) {
      this.#readySince = ready_since;
      if (ready_since !== null && !isOwn) this.#add(event, "ready", readyText(event, view.spec.dependencies));
    }
    if (view.task.state !== "pending" || ready_since === null) this.#kept = null;
    else this.#kept = whatKeeps(state, view, state.run.last_ts)[0]?.text ?? this.#kept;
  }

  #add(event: RunEvent, what: string, text: string): void {
    this.points.push({ index: event.index, ts: event.ts, what, text });
  }

  #tell(event: RunEvent): string | undefined {
    switch (event.kind) {
      case "task_claimed": {
        const { attempt, worker } = event.payload;
        const waited = this.#kept === null ? "" : `; until then ${this.#kept}`;
        return `attempt ${attempt} was given to worker ${worker}${waited}`;
      }
      case "task_started":
        return `its body started as process ${event.payload.process.pid}`;
      case "attempt_pinned": {
        const { changed, ref } = event.payload;
        const paths = changed.count === 1 ? "the path" : `the ${changed.count} paths`;
        return ref === null ? "it changed nothing" : `${paths} that it changed are kept as ${ref}`;
      }
      case "task_finished":
        return "it succeeded, and its work was queued for the merge";
      case "merge_conflicted":
        return `its work conflicts with what was merged before it in ${event.payload.paths.join(", ")}`;
      case "task_completed":
        return event.payload.commit === null
          ? "it is completed; there was nothing to merge"
          : `it is completed; its work is in the run's head as ${event.payload.commit.slice(0, 10)}`;
      case "retry_scheduled": {
        const { class: kind, reason, not_before } = event.payload;
        return `${RETRIES[kind]}: ${reason}; the next attempt may start at ${
          new Date(not_before).toISOString()
        }`;
      }
      case "task_failed":
        return `it failed for good: ${event.payload.reason}`;
      case "task_blocked":
        return `it can never start: ${event.payload.reason}`;
      case "task_cancelled":
        return `it was cancelled: ${event.payload.reason}`;
      case "task_waiting":
        return `it waits for ${
          event.payload.on === "human" ? "a person" : "something outside"
        }: ${event.payload.question}`;
      case "task_reopened":
        return `it was reopened: ${event.payload.reason}`;
      case "result_refused":
        return `a result of attempt ${event.payload.attempt} was refused: ${event.payload.reason}`;
      case "gate_passed":
        return `its gate ${event.payload.gate} passed`;
      case "gate_failed":
        return `its gate ${event.payload.gate} failed: ${event.payload.reason}`;
      case "cancel_requested":
        return `${event.actor} asked to cancel it: ${event.payload.reason}`;
      case "retry_requested":
        return `${event.actor} asked to run it again: ${event.payload.reason}`;
      case "answer_given":
        return `${event.actor} answered its question: ${event.payload.answer}`;
      default:
        return undefined;
    }
  }
}

const RETRIES = {
  retry: "it is tried again, which counts against its retries",
  recovery: "it is tried again, which does not count: its worker was lost",
  conflict: "it is tried again on the new head, which counts as a conflict only",
} as const;

function readyText(event: RunEvent, dependencies: readonly string[]): string {
  const cause = "task_id" in event.payload ? event.payload.task_id : null;
  if (cause !== null && dependencies.includes(cause)) {
    return `its dependencies allowed it to start, the last of them ${cause}`;
  }
  return dependencies.length === 0
    ? "it depends on nothing, so it was ready from the start"
    : "it was ready to start";
}
