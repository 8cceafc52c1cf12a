/** What an event of a run means to somebody who watches: one line each. Pure. */

import type { RunEvent } from "../../log/event.ts";
import type { PayloadOf } from "../../log/kinds.ts";
import type { RunState } from "../../scheduler/run_state.ts";
import { LOCAL_WORKER } from "../../scheduler/workers.ts";
import type { Style } from "../output.ts";
import { wantedOf } from "./approval_lines.ts";
import { formatDuration } from "./duration.ts";
import { lostTestsText } from "./lost_tests.ts";
import { REASON_COLUMNS, reasonText, type Telling, tellingLine } from "./telling.ts";
import { counted, cut, judgedText, namedFirst, oneLine, shortId } from "./text.ts";

/** The line for an event; undefined for those that only fill the log. */
export function runEventLine(event: RunEvent, state: RunState, style: Style): string | undefined {
  const told = telling(event, state);
  return told === undefined ? undefined : tellingLine(told, style);
}

/** Whether an event is bad news: what somebody sees who asks for quiet. */
export function isBadNews(event: RunEvent): boolean {
  switch (event.kind) {
    case "task_failed":
    case "task_waiting":
    case "gate_failed":
    case "result_refused":
    case "budget_exhausted":
    case "log_tampered":
    case "run_failed":
    case "worker_dead":
      return true;
    case "approval_requested":
      // Somebody has to answer.
      return event.payload.expires !== undefined;
    case "attempt_pinned":
      return event.payload.set_aside || event.payload.secrets.length > 0;
    default:
      return false;
  }
}

function telling(event: RunEvent, state: RunState): Telling | undefined {
  switch (event.kind) {
    case "task_started":
      return {
        word: "start",
        colour: "blue",
        text: `${event.payload.task_id}${attemptText(event.payload.attempt)}`,
      };
    case "task_completed": {
      const { task_id, commit } = event.payload;
      const outcome = state.tasks[state.index.ordinalOf(task_id) ?? -1]?.outcome;
      const took = outcome === null || outcome === undefined
        ? ""
        : ` in ${formatDuration(outcome.duration_ms)}`;
      const { reused } = event.payload;
      if (reused !== undefined) {
        return {
          word: "reuse",
          colour: "green",
          text: `${task_id}, from attempt ${reused.attempt} of run ${reused.run}`,
        };
      }
      const { picked } = event.payload;
      if (picked !== undefined) {
        return { word: "done", colour: "green", text: `${task_id}, by candidate ${picked}` };
      }
      const merged = commit === null ? "nothing to merge" : `merged as ${shortId(commit)}`;
      return { word: "done", colour: "green", text: `${task_id}${took}, ${merged}` };
    }
    case "retry_scheduled": {
      const wait = Math.max(0, event.payload.not_before - Date.parse(event.ts));
      const when = wait === 0 ? "at once" : `in ${formatDuration(wait)}`;
      return {
        word: "retry",
        colour: "yellow",
        text: `${event.payload.task_id} ${when}: ${reasonText(event.payload)}`,
      };
    }
    case "task_failed":
      return {
        word: "failed",
        colour: "red",
        text: `${event.payload.task_id}: ${reasonText(event.payload)}`,
      };
    case "task_blocked":
      return {
        word: "blocked",
        colour: "yellow",
        text: `${event.payload.task_id}: ${reasonText(event.payload)}`,
      };
    case "task_waiting":
      return {
        word: "waits",
        colour: "yellow",
        text: `${event.payload.task_id}: ${cut(event.payload.question, REASON_COLUMNS)}`,
      };
    case "task_cancelled":
      return {
        word: "cancel",
        colour: "yellow",
        text: `${event.payload.task_id}: ${reasonText(event.payload)}`,
      };
    case "task_reopened":
      return {
        word: "again",
        colour: "blue",
        text: `${event.payload.task_id}: ${reasonText(event.payload)}`,
      };
    case "result_refused":
      return {
        word: "refused",
        colour: "yellow",
        text: `a result of ${event.payload.task_id}: ${reasonText(event.payload)}`,
      };
    case "task_accepted":
      return {
        word: "added",
        colour: "blue",
        text: `${event.payload.task_id}: ${reasonText(event.payload)}`,
      };
    case "task_rejected": {
      const { task_id, proposed_by } = event.payload;
      const whose = proposed_by === undefined ? "" : ` of ${proposed_by.task_id}`;
      return {
        word: "refused",
        colour: "yellow",
        text: `proposal ${task_id}${whose}: ${reasonText(event.payload)}`,
      };
    }
    case "merge_conflicted": {
      const { task_id, paths, detail } = event.payload;
      // What is taken over may also be refused by a gate.
      const where = paths.length === 0 ? cut(detail, REASON_COLUMNS) : `in ${namedFirst(paths)}`;
      return { word: "clash", colour: "yellow", text: `${task_id} ${where}` };
    }
    case "gate_started":
      return { word: "gate", colour: "blue", text: gateName(event.payload) };
    case "gate_passed":
      return {
        word: "passed",
        colour: "green",
        text: `gate ${gateName(event.payload)} in ${formatDuration(event.payload.duration_ms)}`,
      };
    case "gate_failed":
      return {
        word: "failed",
        colour: "red",
        text: `gate ${gateName(event.payload)}: ${reasonText(event.payload)}`,
      };
    case "gate_skipped":
      return {
        word: "skipped",
        colour: "yellow",
        text: `gate ${gateName(event.payload)}: ${reasonText(event.payload)}`,
      };
    case "gate_reset":
      return {
        word: "reset",
        colour: "blue",
        text: `the breaker of gate ${event.payload.gates.map(oneLine).join(", ")}: ${
          reasonText(event.payload)
        }`,
      };
    case "tests_compared":
      return testsTelling(event.payload);
    case "attempt_pinned":
      return pinTelling(event.payload);
    case "worker_stalled": {
      const { task_id, since } = event.payload;
      const silence = formatDuration(Math.max(0, Date.parse(event.ts) - since));
      const reason = event.payload.reason ?? `no sign of progress for ${silence}`;
      const follows = state.plan.tasks[state.index.ordinalOf(task_id) ?? -1]?.on_stall === "warn"
        ? "it may go on, as its on_stall says"
        : "it is ended";
      return { word: "stalled", colour: "yellow", text: `${task_id}: ${reason}; ${follows}` };
    }
    case "worker_dead":
      return {
        word: "dead",
        colour: "red",
        text: `worker ${event.payload.worker}: ${reasonText(event.payload)}`,
      };
    case "worker_recovered":
      return {
        word: "goes on",
        colour: "blue",
        text: event.payload.attempt?.task_id ?? `worker ${event.payload.worker} gives signs of life again`,
      };
    case "approval_requested": {
      const { task_id, approval, tool, expires } = event.payload;
      if (expires === undefined) return undefined;
      const wanted = wantedOf(event.payload);
      return {
        word: "asks",
        colour: "yellow",
        text: `${task_id} to ${tool}: ${wanted} (omk approve ${approval})`,
      };
    }
    case "budget_checkpoint":
    case "budget_exhausted":
      return budgetTelling(event.kind === "budget_exhausted", event.payload);
    case "budget_extended":
      return {
        word: "budget",
        colour: "blue",
        text: `${amountText(event.payload.budget, event.payload.by)} more${ofTask(event.payload.task_id)}`,
      };
    case "worker_started": {
      const { worker, slots } = event.payload;
      // The run's own process is no news; it is recorded once it has worked for a while.
      if (worker === LOCAL_WORKER) return undefined;
      return { word: "worker", colour: "blue", text: `${worker} joined with ${counted(slots, "slot")}` };
    }
    case "worker_stopped":
      if (event.payload.worker === LOCAL_WORKER) return undefined;
      return {
        word: "worker",
        colour: "blue",
        text: `${event.payload.worker} left: ${reasonText(event.payload)}`,
      };
    case "run_paused":
      return {
        word: "paused",
        colour: "yellow",
        text: `nothing new starts until omk unpause: ${reasonText(event.payload)}`,
      };
    case "run_unpaused":
      return { word: "goes on", colour: "blue", text: "the run is not paused any more" };
    case "clock_jumped":
      return {
        word: "clock",
        colour: "yellow",
        text: "the clock of the machine jumped; the run keeps its own",
      };
    case "log_tampered":
      return {
        word: "tampered",
        colour: "red",
        text: `event ${event.payload.at} of the log was not written by omk`,
      };
    case "run_failed":
      return { word: "failed", colour: "red", text: `the run: ${cut(event.payload.detail, REASON_COLUMNS)}` };
    default:
      return undefined;
  }
}

/** Nothing where all is well: that the work is kept goes without saying. */
function pinTelling(
  { task_id, set_aside, secrets }: {
    readonly task_id: string;
    readonly set_aside: boolean;
    readonly secrets: readonly string[];
  },
): Telling | undefined {
  if (set_aside) {
    const text = `the worktree of ${task_id}: not everything in it could be pinned`;
    return { word: "aside", colour: "yellow", text };
  }
  if (secrets.length === 0) return undefined;
  const text = `${task_id}: what looks like one stops omk merge, in ${namedFirst(secrets)}`;
  return { word: "secret", colour: "yellow", text };
}

/** Nothing where no test is lost. */
function testsTelling({ lost, lost_count }: PayloadOf<"tests_compared">): Telling | undefined {
  if (lost_count === 0) return undefined;
  return { word: "tests", colour: "yellow", text: lostTestsText(lost, lost_count) };
}

function budgetTelling(
  isSpent: boolean,
  { budget, used, limit, task_id }: {
    readonly budget: string;
    readonly used: number;
    readonly limit: number;
    readonly task_id?: string | undefined;
  },
): Telling {
  const share = `${amountText(budget, used)} of ${amountText(budget, limit)}`;
  if (isSpent && task_id !== undefined) {
    return {
      word: "budget",
      colour: "yellow",
      text: `${share} are used up${ofTask(task_id)}: it waits for more`,
    };
  }
  return isSpent
    ? { word: "budget", colour: "yellow", text: `${share} are used up: nothing new starts` }
    : { word: "budget", colour: "yellow", text: `${share} are used` };
}

function ofTask(id: string | undefined): string {
  return id === undefined ? "" : ` for ${id}`;
}

/** An amount of a budget: `1h 00m`, `$2.00`, `1 attempt`. */
export function amountText(budget: string, amount: number): string {
  if (budget === "time") return formatDuration(amount * 1000);
  return budget === "usd" ? `$${amount.toFixed(2)}` : counted(amount, budget.replace(/s$/, ""));
}

function gateName(payload: PayloadOf<"gate_started"> | PayloadOf<"gate_skipped">): string {
  return `${oneLine(payload.gate)}${judgedText(payload)}`;
}

function attemptText(attempt: number): string {
  return attempt === 1 ? "" : ` (attempt ${attempt})`;
}
