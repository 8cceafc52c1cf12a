/** What a run would do if everything went well: the real scheduler over a virtual clock. Pure. */

import { draft, type EventDraft, type RunEvent, taskSubject } from "../log/event.ts";
import type { AttemptOutcome, PayloadOf } from "../log/kinds.ts";
import type { Plan } from "../plan/spec.ts";
import { decide } from "../scheduler/decide.ts";
import { createRunState, type RunState } from "../scheduler/run_state.ts";
import { settleAttempt } from "../scheduler/settle.ts";
import { apply } from "./state.ts";

/** When a task would run, in milliseconds from the start. */
export interface PredictedTask {
  readonly task_id: string;
  readonly start_ms: number;
  readonly end_ms: number;
}

/** What is assumed of a task that has never been timed. */
const UNKNOWN_MS = 1_000;

/** The moment at which a predicted run starts, milliseconds; only distances matter. */
export const PREDICTED_START = Date.UTC(2000, 0, 1);

/** What else is known of a run that is predicted. */
export interface PredictOptions {
  /** Sees each imagined event once it is folded; its time counts from `PREDICTED_START`. */
  readonly onEvent?: (event: RunEvent, state: RunState) => void;
  /** What it takes over, which costs no time; what does not fit after all is not foreseen. */
  readonly reuse?: PayloadOf<"run_started">["reuse"];
}

/**
 * The tasks in the order in which they would be claimed. Tasks that would never start, or are taken over, are left
 * out.
 */
export function predictRun(
  plan: Plan,
  selected: readonly string[] | null,
  durations: PayloadOf<"run_started">["durations"],
  { onEvent = () => {}, reuse }: PredictOptions = {},
): readonly PredictedTask[] {
  const state = createRunState({
    ...plan,
    on_failure: "continue",
    budget: { time_secs: null },
    lease_secs: 10 ** 9,
  });
  const known = new Map(durations.map((each) => [each.task_id, each.ms]));
  const tasks: PredictedTask[] = [];
  const atWork: { readonly token: number; readonly task_id: string; readonly end: number }[] = [];
  let now = PREDICTED_START;
  let index = 0;
  const add = (drafts: readonly EventDraft[]) => {
    for (const each of drafts) {
      const event: RunEvent = {
        ...each,
        index,
        id: "",
        run_id: "",
        ts: new Date(now).toISOString(),
        schema_version: 1,
      };
      index += 1;
      apply(state, event);
      onEvent(event, state);
      if (event.kind !== "task_claimed") continue;
      const { task_id } = event.payload;
      const end = now + (known.get(task_id) ?? UNKNOWN_MS);
      atWork.push({ token: event.index, task_id, end });
      tasks.push({ task_id, start_ms: now - PREDICTED_START, end_ms: end - PREDICTED_START });
    }
  };
  add([draft("run_started", "run", "controller/1", {
    ...imaginedStart(plan, selected, durations),
    // In an imagined run there is nothing to merge.
    ...(reuse === undefined
      ? {}
      : { reuse: { ...reuse, tasks: reuse.tasks.map((each) => ({ ...each, pin: null })) } }),
  })]);
  add((reuse?.tasks ?? []).map(({ task_id, from, token }) => {
    const payload = { task_id, attempt: from.attempt, token, reused: from, commit: null, tree: null };
    return draft("task_completed", taskSubject(task_id), "controller/1", payload);
  }));
  while (true) {
    const decided = decide(state, now);
    if (decided.length > 0) {
      add(decided);
      continue;
    }
    atWork.sort((a, b) => b.end - a.end);
    const next = atWork.pop();
    if (next === undefined) return tasks;
    now = Math.max(now, next.end);
    const ref = { task_id: next.task_id, attempt: 1, token: next.token };
    add([draft("task_started", taskSubject(next.task_id), "controller/1", {
      ...ref,
      process: { pid: 0, pgid: 0, start_time: null, boot_id: null },
      slot: null,
      output: "",
    })]);
    add(settleAttempt(state, ref, IMAGINED_SUCCESS, [], now));
  }
}

const IMAGINED_SUCCESS: AttemptOutcome = {
  result: "success",
  exit_code: 0,
  signal: null,
  duration_ms: 0,
  output: null,
  strays_ended: 0,
  proven_dead: true,
};

function imaginedStart(
  plan: Plan,
  selected: readonly string[] | null,
  durations: PayloadOf<"run_started">["durations"],
): PayloadOf<"run_started"> {
  return {
    incarnation: 1,
    controller: { pid: 0, pgid: 0, start_time: null, boot_id: null, mark: "none" },
    name: plan.name,
    plan_digest: "0".repeat(64),
    base: null,
    directory: "",
    worktree_directory: null,
    seed: "",
    selected: selected === null ? null : [...selected],
    settings: {
      workers: plan.workers,
      on_failure: plan.on_failure,
      durability: plan.durability,
      gates_detected: false,
    },
    durations: [...durations],
    containment: "group",
    versions: { omk: "", runtime: "", git: null, os: "" },
    identity: null,
    case_sensitive: true,
    file_system: null,
    known_gaps: [],
  };
}
