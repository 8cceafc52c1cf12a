/** The story of a task, from its log: what happened to it, and why, each with its time. Pure. */

import type { RunEvent } from "../log/event.ts";
import type { AttemptOutcome } from "../log/kinds.ts";
import { whatKeeps } from "../scheduler/explain.ts";
import { causeChain } from "../scheduler/explain_cause.ts";
import { nextInLine, precedenceOver } from "../scheduler/explain_order.ts";
import type { Rank } from "../scheduler/ready_queue.ts";
import { findTask, type RunState, type TaskView } from "../scheduler/run_state.ts";
import { freePlaces } from "../scheduler/workers.ts";
import {
  attemptText,
  conflictText,
  failureText,
  gateText,
  outcomeText,
  readyText,
  refusedReuseText,
  retryText,
  reviewText,
  stallText,
  takenOverText,
} from "./story_text.ts";

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
  /** The evidence of an attempt that ended; null where none did. */
  readonly outcome: AttemptOutcome | null;
}

/** Who asked for something. */
interface Asked {
  readonly actor: string;
  readonly reason: string;
}

/** Collects the story of one task; give it each event once it is folded. */
export class TaskStory {
  readonly points: StoryPoint[] = [];
  readonly #taskId: string;
  #readySince: number | null = null;
  /** Its rank while it is ready. */
  #rank: Rank | null = null;
  /** What kept it from starting last, since its dependencies allowed it. */
  #kept: string | null = null;
  /** Requests to cancel, by index. */
  readonly #cancels = new Map<number, Asked & { readonly task_id: string | null }>();

  constructor(taskId: string) {
    this.#taskId = taskId;
  }

  /** Takes the next event with the state after it. */
  take(event: RunEvent, state: RunState): void {
    const view = findTask(state, this.#taskId);
    if (view === undefined) return;
    if (event.kind === "cancel_requested") {
      const { task_id, reason } = event.payload;
      this.#cancels.set(event.index, { actor: event.actor, reason, task_id });
    }
    const isOwn = taskOf(event) === this.#taskId;
    const text = isOwn ? this.#tell(event, state, view) : undefined;
    if (text !== undefined) this.#add(event, event.kind, text);
    const { ready_since } = view.task;
    if (ready_since !== this.#readySince) {
      this.#readySince = ready_since;
      if (ready_since !== null && !isOwn) this.#add(event, "ready", readyText(event, state, view));
    }
    const isReady = view.task.state === "pending" && ready_since !== null;
    this.#rank = isReady ? state.index.ranks.of(view.ordinal) : null;
    this.#kept = isReady ? whatKept(state, view) ?? this.#kept : null;
  }

  #add(event: RunEvent, what: string, text: string): void {
    const outcome = "outcome" in event.payload ? event.payload.outcome : null;
    this.points.push({ index: event.index, ts: event.ts, what, text, outcome });
  }

  #tell(event: RunEvent, state: RunState, view: TaskView): string | undefined {
    switch (event.kind) {
      case "task_claimed":
        return `attempt ${event.payload.attempt} was given to worker ${event.payload.worker}` +
          this.#whyNow(state);
      case "task_started":
        return `its body started as process ${event.payload.process.pid}`;
      case "worker_stalled":
        return stallText(event, view);
      case "worker_recovered":
        return "it makes progress again";
      case "attempt_pinned": {
        const { changed, ref, iteration } = event.payload;
        const paths = changed.count === 1 ? "1 changed path" : `${changed.count} changed paths`;
        if (iteration !== undefined) {
          return `iteration ${iteration} of its loop ended; ${
            ref === null ? "nothing is changed by now" : `its work so far, ${paths}, is kept as ${ref}`
          }`;
        }
        return ref === null ? "it changed nothing" : `its work, ${paths}, is kept as ${ref}`;
      }
      case "merge_started":
        return event.payload.reused === undefined
          ? undefined
          : `${attemptText(event.payload.reused)} has the same spec and inputs, so its work is taken over`;
      case "merge_staged":
        return "its work is merged with what is before it, for the gates to judge";
      case "merge_deferred":
        return event.payload.paths === undefined
          ? "its merge waits again, as the gates that judged it were ended"
          : `its work does not fit on what gates judge first, in ${
            event.payload.paths.join(", ")
          }, and waits for that`;
      case "task_accepted":
        return `it was added to the run: ${event.payload.reason}`;
      case "task_rejected":
        return event.payload.task_id === this.#taskId
          ? `a proposal was refused: ${event.payload.reason}`
          : `its proposal ${event.payload.task_id} was refused: ${event.payload.reason}`;
      case "candidate_picked":
        return `candidate ${event.payload.picked.task_id} was picked: ${event.payload.reason}`;
      case "task_reviewed":
        return reviewText(event.payload);
      case "task_finished":
        if (event.payload.outcome.pick !== undefined) {
          const { task_id, why } = event.payload.outcome.pick;
          return `it picked candidate ${task_id}: ${why}`;
        }
        if (view.spec.review !== undefined) return "it found nothing that blocks what it reviews";
        return `it ${outcomeText(event.payload.outcome)}, and its work was queued for the merge`;
      case "merge_conflicted":
        return event.payload.reused === undefined
          ? conflictText(event.payload)
          : refusedReuseText(event.payload);
      case "task_completed":
        if (event.payload.reused !== undefined) return takenOverText(event.payload);
        if (event.payload.picked !== undefined) {
          return `it is completed with candidate ${event.payload.picked}`;
        }
        return event.payload.commit === null
          ? "it is completed; there was nothing to merge"
          : `it is completed; its work is in the run's head as ${event.payload.commit.slice(0, 10)}`;
      case "retry_scheduled":
        return retryText(event, view);
      case "task_failed":
        return failureText(event.payload, view);
      case "task_blocked":
        return `it can never start: ${event.payload.reason}`;
      case "task_cancelled":
        return `it was cancelled: ${event.payload.reason}${this.#cancelledBy(event.payload, state, view)}`;
      case "task_waiting":
        return `it waits for ${
          event.payload.on === "human" ? "a person" : "something outside"
        }: ${event.payload.question}`;
      case "budget_exhausted": {
        const { budget, used, limit } = event.payload;
        return `its own budget of ${budget} is used up, ${used} of ${limit}, so it waits for more`;
      }
      case "budget_extended":
        return `its own budget of ${event.payload.budget} was extended by ${event.payload.by}`;
      case "approval_requested":
        return `its agent asked for leave (${event.payload.approval}): ${event.payload.detail}`;
      case "approval_decided":
        return `${
          event.payload.decision === "allow" ? "leave was given" : "leave was denied"
        } (${event.payload.approval}): ${event.payload.reason}`;
      case "task_reopened":
        return `it was reopened: ${event.payload.reason}`;
      case "result_refused":
        return `a result of attempt ${event.payload.attempt} was refused: ${event.payload.reason}`;
      case "gate_passed":
      case "gate_failed":
        return gateText(event);
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

  /** What it had waited for, and whom it came before where it took the last free worker. */
  #whyNow(state: RunState): string {
    const waited = this.#kept === null ? "" : `; until then ${this.#kept}`;
    const rival = freePlaces(state).length > 0 ? undefined : nextInLine(state, state.run.last_ts);
    if (this.#rank === null || rival === undefined) return waited;
    return `${waited}; it came first, as ${precedenceOver(state, this.#rank, rival)}`;
  }

  /** Who asked for the cancellation: of this task, of one that it depends on, or of the run. */
  #cancelledBy(
    { request, causes = [] }: {
      readonly request?: number | undefined;
      readonly causes?: readonly string[] | undefined;
    },
    state: RunState,
    view: TaskView,
  ): string {
    const root = causes.length === 0 ? this.#taskId : causeChain(state, view).at(-1)?.task_id ?? causes[0];
    const asked = request === undefined
      ? [...this.#cancels.values()].findLast(({ task_id }) => task_id === null || task_id === root)
      : this.#cancels.get(request);
    if (asked === undefined) return "";
    const what = asked.task_id === null ? "the run" : asked.task_id === this.#taskId ? "it" : asked.task_id;
    return `, as ${asked.actor} asked to cancel ${what}`;
  }
}

function taskOf({ kind, payload }: RunEvent): string | null {
  // What was refused is no task: whoever proposed it is told.
  if (kind === "task_rejected") return payload.proposed_by?.task_id ?? payload.task_id;
  if ("task_id" in payload) return payload.task_id ?? null;
  // A worker recovers with an attempt, or as a whole.
  const attempt = "attempt" in payload ? payload.attempt : undefined;
  return typeof attempt === "object" ? attempt?.task_id ?? null : null;
}

/** What keeps a ready task; not its rank: while others come first only for that, they are claimed at the same moment. */
function whatKept(state: RunState, view: TaskView): string | undefined {
  return whatKeeps(state, view, state.run.last_ts).find(({ code }) => code !== "rank")?.text;
}
