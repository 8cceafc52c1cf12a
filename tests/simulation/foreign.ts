/** What other processes append: requests of every kind, to the point or not, and facts that they may not write. */

import { draft, type EventDraft, taskSubject } from "../../src/log/event.ts";
import type { PayloadOf } from "../../src/log/kinds.ts";
import type { RunState } from "../../src/scheduler/run_state.ts";
import type { TaskState } from "../../src/scheduler/task_state.ts";
import { BASE_COMMIT, makeOutcome } from "../run/fixture.ts";
import type { FaultKind } from "./faults.ts";
import { ENTRIES } from "./plans.ts";
import { randomProposals } from "./proposals.ts";
import type { Random } from "./random.ts";

const ACTOR = "cli/2";
const PROCESS = { pid: 2, pgid: 2, start_time: null, boot_id: null };
const REQUESTER = { process: PROCESS, wall: 0 };

/** The requests and forgeries, each with its usual probability for one event of the log. */
export const DISTURBANCES: readonly (readonly [FaultKind, number])[] = [
  ["task_cancelled", 0.016],
  ["run_cancelled", 0.008],
  ["paused", 0.008],
  ["unpaused", 0.008],
  ["answered", 0.012],
  ["retried", 0.012],
  ["budget_added", 0.006],
  ["proposed", 0.03],
  ["approval_given", 0.005],
  ["worker_joined", 0.006],
  ["report_twice", 0.012],
  ["report_old_token", 0.008],
  ["fact_forged", 0.007],
  ["fact_of_old_incarnation", 0.014],
];

/** A request or a forged fact of this kind, fit for the state; undefined where the state has no place for one. */
export function foreignDraft(kind: FaultKind, state: RunState, random: Random): EventDraft | undefined {
  const task = random.pick(state.tasks);
  const inState = (...states: readonly string[]) => {
    const fitting = state.tasks.filter((each) => states.includes(each.state));
    return fitting.length > 0 && random.chance(0.8)
      ? random.pick(fitting).id
      : random.chance(0.2)
      ? "nobody"
      : task.id;
  };
  const atWork = () => state.tasks.find(({ id }) => id === inState("claimed", "running")) ?? task;
  switch (kind) {
    case "task_cancelled": {
      const task_id = inState("claimed", "running", "finished", "waiting", "pending");
      return draft("cancel_requested", "run", ACTOR, { ...REQUESTER, task_id, reason: "simulated" });
    }
    case "run_cancelled":
      return draft("cancel_requested", "run", ACTOR, { ...REQUESTER, task_id: null, reason: "simulated" });
    case "paused":
      return draft("pause_requested", "run", ACTOR, { ...REQUESTER, reason: "simulated" });
    case "unpaused":
      return draft("unpause_requested", "run", ACTOR, REQUESTER);
    case "answered":
      return draft("answer_given", "run", ACTOR, {
        ...REQUESTER,
        task_id: inState("waiting"),
        answer: "yes",
      });
    case "retried": {
      const task_id = random.chance(0.3) ? null : inState("failed", "cancelled", "blocked", "waiting");
      return draft("retry_requested", "run", ACTOR, { ...REQUESTER, task_id, reason: "simulated" });
    }
    case "budget_added":
      return draft("budget_add_requested", "run", ACTOR, {
        ...REQUESTER,
        ...moreBudget(state, task.id, random),
      });
    case "proposed": {
      const ref = refOf(random.chance(0.8) ? atWork() : task);
      // A process of an attempt that was given up may have the token of that one.
      const token = random.chance(0.3) ? Math.max(0, ref.token - 1) : ref.token;
      return draft("task_proposed", taskSubject(ref.task_id), ACTOR, {
        ...REQUESTER,
        ...ref,
        token,
        proposal: random.pick(randomProposals(random, knownTo(state, random), ENTRIES)),
      });
    }
    case "approval_given": {
      // Half of them ask for something else that nobody waits for here.
      const half = random.split(`reset ${state.run.next_index}`);
      if (half.chance(0.5)) {
        const gate = half.chance(0.5) ? null : "each";
        return draft("gate_reset_requested", "run", ACTOR, { ...REQUESTER, gate, reason: "simulated" });
      }
      const approval = { approval: "a1", decision: "allow", reason: "simulated" } as const;
      return draft("approval_given", "run", ACTOR, { ...REQUESTER, ...approval });
    }
    case "worker_joined":
      return random.chance(0.5)
        ? draft("worker_joined", "run", "worker/w", { ...REQUESTER, worker: "w", slots: 1 })
        : draft("worker_left", "run", "worker/w", { ...REQUESTER, worker: "w", reason: "simulated" });
    case "report_twice":
    case "report_old_token": {
      const ref = refOf(random.chance(0.5) ? atWork() : task);
      const token = kind === "report_twice" ? ref.token : Math.max(0, ref.token - 1);
      const result = random.pick(["success", "exit"] as const);
      const report = { ...REQUESTER, ...ref, token, worker: "w" };
      return random.chance(0.5)
        ? draft("attempt_reported", taskSubject(ref.task_id), "worker/w", {
          ...report,
          outcome: makeOutcome(result),
        })
        : draft("attempt_started", taskSubject(ref.task_id), "worker/w", { ...report, body: PROCESS });
    }
    case "fact_forged":
      return random.pick(forgeries(state, task, `controller/${state.run.incarnation}`));
    case "fact_of_old_incarnation":
      if (state.run.incarnation < 2) return undefined;
      return random.pick(
        forgeries(state, task, `controller/${random.between(1, state.run.incarnation - 1)}`),
      );
    default:
      return undefined;
  }
}

/** More for a task that waits for it, not always enough; or for any task, or for the run. */
function moreBudget(
  state: RunState,
  anyId: string,
  random: Random,
): Pick<PayloadOf<"budget_add_requested">, "budget" | "by" | "task_id"> {
  const waiting = state.tasks.find(({ waiting_on }) => waiting_on === "budget");
  if (waiting !== undefined && random.chance(0.6)) {
    const spec = state.plan.tasks.find(({ id }) => id === waiting.id);
    const budget = spec?.budget?.usd === undefined ? "tokens" : "usd";
    return { budget, by: random.between(1, budget === "usd" ? 3 : 3_000), task_id: waiting.id };
  }
  const isOfTask = random.chance(0.1);
  const budget = (isOfTask ? undefined : state.run.budget_exhausted?.budget) ??
    random.pick(["time", "attempts", "tokens", "usd"] as const);
  const by = random.between(1, budget === "tokens" ? 5_000 : 60);
  return { budget, by, ...(isOfTask ? { task_id: anyId } : {}) };
}

/** What a proposal may depend on: all tasks, or those alone that have not started. */
function knownTo({ tasks }: RunState, random: Random): readonly string[] {
  const open = tasks.filter((task) => task.state === "pending");
  return (open.length > 0 && random.chance(0.6) ? open : tasks).map(({ id }) => id);
}

function refOf(task: TaskState) {
  return { task_id: task.id, attempt: Math.max(1, task.attempt), token: task.token ?? 1 };
}

/** Facts that a forger could want. */
function forgeries(state: RunState, task: TaskState, actor: string): readonly EventDraft[] {
  const ref = refOf(task);
  const subject = taskSubject(task.id);
  const outcome = makeOutcome("success");
  const head = state.run.head?.commit ?? BASE_COMMIT;
  const claim = {
    task_id: task.id,
    attempt: task.attempt + 1,
    worker: "local",
    lease_expires: 9e12,
    base: head,
  };
  return [
    draft("run_finished", "run", actor, { status: "ready", exit_code: 0 }),
    draft("run_paused", "run", actor, { reason: "forged" }),
    draft("proof_writing", "run", actor, { status: "ready", commit: head, tree: head }),
    draft("task_claimed", subject, actor, claim),
    draft("task_finished", subject, actor, { ...ref, outcome, outputs: [] }),
    draft("task_completed", subject, actor, { ...ref, commit: head, tree: head }),
    draft("task_failed", subject, actor, { ...ref, outcome: makeOutcome("exit"), reason: "forged" }),
    draft("task_cancelled", subject, actor, { ...ref, outcome: null, reason: "forged" }),
    draft("merge_started", subject, actor, { ...ref, head, base: head, pin: head, date: 1 }),
    draft("retry_scheduled", subject, actor, {
      ...ref,
      outcome,
      class: "retry",
      not_before: 0,
      reason: "forged",
    }),
    draft("run_merged", "run", actor, { branch: "refs/heads/main", from: head, commit: head, anyway: true }),
  ];
}
