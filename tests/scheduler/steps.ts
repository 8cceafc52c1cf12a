/** Steps of a run that the pure core is tested with: what a controller would append, one call each. */

import { assert, assertEquals } from "@std/assert";
import { draft, type EventDraft, taskSubject } from "../../src/log/event.ts";
import type { Kind, OutcomeResult, PayloadOf, ReviewFinding } from "../../src/log/kinds.ts";
import type { TaskSpec } from "../../src/plan/spec.ts";
import { applyAll } from "../../src/run/state.ts";
import { decide } from "../../src/scheduler/decide.ts";
import { createRunState, findTask, runStateJson } from "../../src/scheduler/run_state.ts";
import { settleAttempt } from "../../src/scheduler/settle.ts";
import type { TaskStatus } from "../../src/scheduler/task_state.ts";
import { Ledger, makeOutcome, makePlan } from "../run/fixture.ts";

/** An object id. */
export const OID = "d".repeat(40);

/** Appends what is decided until nothing is; returns all of it. */
export function decideAll(ledger: Ledger): readonly EventDraft[] {
  const all: EventDraft[] = [];
  for (
    let drafts = decide(ledger.state, ledger.now);
    drafts.length > 0;
    drafts = decide(ledger.state, ledger.now)
  ) {
    all.push(...drafts);
    ledger.add(drafts);
  }
  return all;
}

/** The tasks that were claimed among drafts. */
export function claimed(drafts: readonly EventDraft[]): string[] {
  return drafts.flatMap((each) => each.kind === "task_claimed" ? [each.payload.task_id] : []);
}

/** The current attempt of a task. */
export function refOf(ledger: Ledger, id: string): { task_id: string; attempt: number; token: number } {
  const task = findTask(ledger.state, id)?.task;
  assert(task?.token !== undefined && task.token !== null, `${id} has a token`);
  return { task_id: id, attempt: task.attempt, token: task.token };
}

/** The body of a claimed task has started. */
export function start(ledger: Ledger, id: string): void {
  const process = { pid: 1, pgid: 1, start_time: null, boot_id: null };
  ledger.add([
    draft("task_started", taskSubject(id), "controller/1", {
      ...refOf(ledger, id),
      process,
      slot: "w1",
      output: "",
    }),
  ]);
}

/** The claimed attempt of a task starts and ends with a result. */
export function end(ledger: Ledger, id: string, result: OutcomeResult, exitCode?: number): void {
  start(ledger, id);
  const outcome = makeOutcome(result, exitCode === undefined ? {} : { exit_code: exitCode });
  ledger.add(settleAttempt(ledger.state, refOf(ledger, id), outcome, [], ledger.now));
}

/** The claimed attempt of a review starts and ends with findings. */
export function review(ledger: Ledger, id: string, findings: readonly ReviewFinding[] = []): void {
  start(ledger, id);
  const outcome = makeOutcome("success", { findings: [...findings] });
  ledger.add(settleAttempt(ledger.state, refOf(ledger, id), outcome, [], ledger.now));
}

/** The work of a task was pinned; with the size of its patch where that is known. */
export function pin(ledger: Ledger, id: string, patchBytes?: number): void {
  ledger.add([draft("attempt_pinned", taskSubject(id), "controller/1", {
    ...refOf(ledger, id),
    ref: "r",
    commit: OID,
    tree: OID,
    changed: { count: 1, paths: [] },
    by_products: [],
    by_products_capped: false,
    ...(patchBytes === undefined ? {} : { patch_bytes: patchBytes }),
    unpinned: [],
    set_aside: false,
    secrets: [],
  })]);
}

/** The claimed attempt of a task does its work, which is pinned, and ends well. */
export function work(ledger: Ledger, id: string, patchBytes?: number): void {
  start(ledger, id);
  pin(ledger, id, patchBytes);
  ledger.add(settleAttempt(ledger.state, refOf(ledger, id), makeOutcome("success"), [], ledger.now));
}

/** The merge of a task that is under way gets into the head. */
export function land(ledger: Ledger, id: string): void {
  const merged = { ...refOf(ledger, id), commit: OID, tree: OID };
  ledger.add([draft("task_completed", taskSubject(id), "controller/1", merged)]);
}

/** Where every task stands, as the plan orders them. */
export function states(ledger: Ledger): string {
  return ledger.state.tasks.map(({ id, state }) => `${id} ${state}`).join(", ");
}

/** P1: the log of a run of these tasks gives the same state when it is folded again, and holds nothing that may not be. */
export function foldsAgain(ledger: Ledger, specs: readonly TaskSpec[]): void {
  const again = applyAll(createRunState({ ...ledger.state.plan, tasks: specs }), ledger.events);
  assertEquals(runStateJson(again), runStateJson(ledger.state));
  assertEquals(ledger.state.run.violations, []);
}

/** Where a task stands. */
export function stateOf(ledger: Ledger, id: string): TaskStatus | undefined {
  return findTask(ledger.state, id)?.task.state;
}

/** A started run of these tasks. */
export function ledgerOf(tasks: readonly TaskSpec[], overrides: Parameters<typeof makePlan>[1] = {}): Ledger {
  return new Ledger(makePlan(tasks, overrides)).start();
}

/** Another process asks for something. */
export function ask<
  K extends Extract<
    Kind,
    | `${string}_requested`
    | "answer_given"
    | `worker_${"joined" | "left"}`
    | `attempt_${"started" | "reported"}`
  >,
>(
  ledger: Ledger,
  kind: K,
  payload: Omit<PayloadOf<K>, "process" | "wall">,
): void {
  const requester = { process: { pid: 2, pgid: 2, start_time: null, boot_id: null }, wall: 0 };
  const request = { kind, subject: "run", actor: "cli/2", payload: { ...payload, ...requester } };
  // A kind with its own payload is a draft; the compiler cannot see that for a kind that is a parameter.
  ledger.add([request as unknown as EventDraft]);
}

/** Why the last request, or result, was refused; undefined where it was not. */
export function refusal(drafts: readonly EventDraft[]): string | undefined {
  const refused = drafts.findLast(({ kind }) => kind === "request_refused" || kind === "result_refused");
  const isRefusal = refused?.kind === "request_refused" || refused?.kind === "result_refused";
  return isRefusal ? refused.payload.reason : undefined;
}
