/** The part of the reference model that answers what other processes ask for. */

import type { OpenRequest } from "../../src/scheduler/run_record.ts";
import { type Facts, isAtWork, isMerging, isOver, isSelected, statusOf, taskOf } from "./facts.ts";
import { answerToRequest } from "./model_proposals.ts";
import { dependentsOf, specOf, standing } from "./naive.ts";

/** The answer to a request; nothing as long as its end has to be waited for. */
export function answerTo(facts: Facts, request: OpenRequest): string[] {
  const { run, plan } = facts;
  const refusal = [`refuse ${request.index}`];
  const isEnding = run.cancel !== null || run.cancelled;
  switch (request.kind) {
    case "cancel_requested": {
      const id = request.payload.task_id;
      if (id !== null) return cancelOne(facts, request.index, id) ?? refusal;
      const isMine = run.cancel?.request === request.index && !run.cancelled && run.failure === null;
      return isMine ? [] : refusal;
    }
    case "pause_requested":
      return run.paused ? refusal : [`run_paused ${request.index}`];
    case "unpause_requested":
      return run.paused ? [`run_unpaused ${request.index}`] : refusal;
    case "answer_given": {
      const { task_id, answer } = request.payload;
      if (isEnding || taskOf(facts, task_id)?.state !== "waiting") return refusal;
      return [`reopen ${task_id} ${request.index} ${answer}`];
    }
    case "retry_requested": {
      const asked = isEnding ? [] : retriable(facts, request.payload.task_id);
      return asked.length === 0
        ? refusal
        : reopened(facts, asked).map((id) => `reopen ${id} ${request.index} undefined`);
    }
    case "budget_add_requested": {
      const { time_secs, ...others } = plan.budget;
      const planned = { ...others, time: time_secs ?? undefined }[request.payload.budget];
      return planned === undefined ? refusal : [`budget_extended ${request.index}`];
    }
    case "worker_joined": {
      const { worker } = request.payload;
      const isKnown = worker === "local" || run.workers?.some((each) => each.worker === worker);
      const isOpen = !isEnding && run.failure === null && run.tampered_at === null;
      return isKnown !== true && isOpen ? [`worker_started ${request.index}`] : refusal;
    }
    case "worker_left":
      return isServing(facts, request.payload.worker) ? [`worker_stopped ${request.index}`] : refusal;
    case "attempt_started":
    case "attempt_reported": {
      const { task_id, token, worker } = request.payload;
      const task = taskOf(facts, task_id);
      const isTakenIn = task !== undefined && isAtWork(task) && task.token === token && task.owner === worker;
      return isTakenIn ? [] : refusal;
    }
    case "task_proposed": {
      const { task_id, attempt, token, proposal } = request.payload;
      const proposed_by = { task_id, attempt, token };
      return [answerToRequest(facts, { proposed_by, content: proposal, request: request.index })];
    }
    default:
      return refusal;
  }
}

/** Whether a worker beside the controller's own has joined, and has neither left nor died. */
export function isServing({ run }: Facts, worker: string): boolean {
  const record = run.workers?.find((each) => each.worker === worker);
  return worker !== "local" && record?.state === "started";
}

/** The task and all that would wait for its success in vain; what is at work or being merged ends by itself. */
function cancelOne(facts: Facts, index: number, id: string): string[] | null {
  const task = taskOf(facts, id);
  if (task === undefined || isOver(task) || (isAtWork(task) && task.cancel_request !== index)) return null;
  const reached = [id];
  for (const each of reached) {
    for (const spec of dependentsOf(facts.plan, each)) {
      const dependent = taskOf(facts, spec.id);
      const goes = spec.trigger_rule !== "all_done" && dependent !== undefined && !isOver(dependent);
      if (goes && !reached.includes(spec.id)) reached.push(spec.id);
    }
  }
  return reached.flatMap((each) => {
    const going = taskOf(facts, each);
    if (going === undefined || isAtWork(going) || isMerging(facts, going)) return [];
    const token = going.state === "pending" ? null : going.token;
    if (each !== id && going.state === "pending") return [`end ${each}`];
    return [`cancel ${each} ${token} ${each === id ? index : undefined}`];
  }).sort();
}

function retriable(facts: Facts, id: string | null): string[] {
  if (id === null) return facts.tasks.filter(({ state }) => state === "failed").map((task) => task.id);
  const task = taskOf(facts, id);
  const spec = specOf(facts.plan, id);
  if (task === undefined || spec === undefined || !isSelected(facts, id)) return [];
  if (task.state === "completed" || !isOver(task)) return [];
  return standing(facts.plan, spec, statusOf(facts)) === "hopeless" ? [] : [id];
}

/** They, and everything that ended because of others and can start when these have ended well. */
function reopened(facts: Facts, asked: readonly string[]): string[] {
  const open = new Set(asked);
  const before = statusOf(facts);
  const status = (id: string) => open.has(id) ? "pending" : before(id);
  for (let size = -1; size !== open.size;) {
    size = open.size;
    for (const { id, state, causes } of facts.tasks) {
      const spec = specOf(facts.plan, id);
      const endedThroughOthers = state === "blocked" || (state === "cancelled" && causes.length > 0);
      if (spec === undefined || !endedThroughOthers || !spec.dependencies.some((each) => open.has(each))) {
        continue;
      }
      if (standing(facts.plan, spec, status) !== "hopeless") open.add(id);
    }
  }
  return facts.tasks.map(({ id }) => id).filter((id) => open.has(id));
}
