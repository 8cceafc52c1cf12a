import { assertEquals } from "@std/assert";
import { draft, taskSubject } from "../../src/log/event.ts";
import { keepsAllWork } from "../../src/scheduler/controller_bound.ts";
import { decide } from "../../src/scheduler/decide.ts";
import { findTask } from "../../src/scheduler/run_state.ts";
import { unwantedEnd } from "../../src/scheduler/wanted.ts";
import { freePlaces } from "../../src/scheduler/workers.ts";
import { type Ledger, makeGate, makeOutcome, makeTask } from "../run/fixture.ts";
import { ask, claimed, decideAll, end, ledgerOf, refOf, refusal, stateOf } from "./steps.ts";

const BODY = { pid: 9, pgid: 9, start_time: null, boot_id: null };

function join(ledger: Ledger, worker: string, slots: number) {
  ask(ledger, "worker_joined", { worker, slots, mark: `mark-${worker}` });
  return decide(ledger.state, ledger.now);
}

function ownerOf(ledger: Ledger, id: string): string | null | undefined {
  return findTask(ledger.state, id)?.task.owner;
}

Deno.test("an extra worker adds its places to those of the controller, which come first", () => {
  const ledger = ledgerOf(["a", "b", "c", "d"].map((id) => makeTask(id)), { workers: 1 });
  assertEquals(claimed(decideAll(ledger)), ["a"]);
  assertEquals(join(ledger, "w", 2).map(({ kind }) => kind), ["worker_started"]);
  assertEquals(claimed(decideAll(ledger)), ["b", "c"]);
  assertEquals(["a", "b", "c"].map((id) => ownerOf(ledger, id)), ["local", "w", "w"]);
  assertEquals(freePlaces(ledger.state), []);
  end(ledger, "b", "success");
  assertEquals(freePlaces(ledger.state), ["w"]);
  assertEquals(ledger.state.run.open_requests, []);
});

Deno.test("prompts and loops wait for the controller in their turn, and keep nothing else from a worker", () => {
  const until = makeGate({ name: "until", scope: "task" });
  const ledger = ledgerOf([
    makeTask("a"),
    makeTask("loop", { loop: { run: "true", max_iterations: 2, until } }),
    makeTask("prompt", { prompt: "Do it" }),
    makeTask("b"),
    makeTask("c"),
  ], { workers: 1 });
  assertEquals(claimed(decideAll(ledger)), ["a"]);
  join(ledger, "w", 1);
  assertEquals(claimed(decideAll(ledger)), ["b"]);
  end(ledger, "a", "exit", 1);
  assertEquals(claimed(decideAll(ledger)), ["loop"], "it is before c");
  end(ledger, "b", "exit", 1);
  assertEquals(claimed(decideAll(ledger)), ["c"]);
  assertEquals([ownerOf(ledger, "loop"), ownerOf(ledger, "c")], ["local", "w"]);
  assertEquals(keepsAllWork(ledger.state), false, "c may come back");
  end(ledger, "c", "exit", 1);
  assertEquals(decideAll(ledger), []);
  assertEquals([stateOf(ledger, "prompt"), keepsAllWork(ledger.state)], ["pending", true]);
});

Deno.test("a worker joins once, and not a run that is ending; who has left or died gets nothing more", () => {
  const ledger = ledgerOf([makeTask("a"), makeTask("b")], { workers: 1 });
  decideAll(ledger);
  join(ledger, "w", 1);
  decideAll(ledger);
  join(ledger, "w", 1);
  assertEquals(refusal(decideAll(ledger)), 'worker "w" has joined already');
  join(ledger, "local", 1);
  assertEquals(refusal(decideAll(ledger)), 'worker "local" has joined already');
  ask(ledger, "worker_left", { worker: "nobody", reason: "x" });
  assertEquals(refusal(decideAll(ledger)), 'no worker "nobody" is part of this run');
  ask(ledger, "worker_left", { worker: "w", reason: "enough" });
  assertEquals(decideAll(ledger).map(({ kind }) => kind), ["worker_stopped"]);
  assertEquals(freePlaces(ledger.state), []);
  ask(ledger, "cancel_requested", { task_id: null, reason: "stop" });
  join(ledger, "late", 1);
  assertEquals(refusal(decideAll(ledger)), "the run is ending");
});

Deno.test("a recovered task prefers a different worker, and takes the same one where no other has a place", () => {
  const ledger = ledgerOf([makeTask("a"), makeTask("b")], { workers: 1 });
  join(ledger, "w", 1);
  decideAll(ledger);
  assertEquals(["a", "b"].map((id) => ownerOf(ledger, id)), ["local", "w"]);
  const lose = (id: string) => {
    const task = findTask(ledger.state, id)?.task;
    if (task !== undefined) task.lease_expires = ledger.now;
    assertEquals(decide(ledger.state, ledger.now).map(({ kind }) => kind), ["retry_scheduled"]);
    decideAll(ledger);
  };
  lose("a");
  assertEquals(ownerOf(ledger, "a"), "local", "no other has a place");
  end(ledger, "b", "success");
  lose("a");
  assertEquals(ownerOf(ledger, "a"), "w");
  assertEquals(findTask(ledger.state, "a")?.task.lost_by, undefined);
});

Deno.test("P3: only the worker of the current attempt reports it; all else is refused, and told", () => {
  const ledger = ledgerOf([makeTask("a"), makeTask("b")], { workers: 1 });
  decideAll(ledger);
  join(ledger, "w", 1);
  decideAll(ledger);
  const ref = refOf(ledger, "b");
  const outcome = makeOutcome("success");
  ask(ledger, "attempt_started", { ...ref, worker: "w", body: BODY, slot: "w2" });
  assertEquals(decideAll(ledger), [], "the flow of the attempt answers it");
  ask(ledger, "attempt_reported", { ...ref, worker: "other", outcome });
  assertEquals(refusal(decideAll(ledger)), 'worker "other" does not hold this attempt');
  ask(ledger, "attempt_reported", { ...ref, token: ref.token - 1, worker: "w", outcome });
  assertEquals(refusal(decideAll(ledger)), "the attempt is no longer the current one of its task");
  // Its lease runs out: another attempt begins, and the word of the first comes too late.
  ledger.now += ledger.state.plan.lease_secs * 1000 + 1;
  assertEquals(decideAll(ledger).some(({ kind }) => kind === "retry_scheduled"), true);
  ask(ledger, "attempt_reported", { ...ref, worker: "w", outcome });
  assertEquals(refusal(decideAll(ledger)), "the attempt is no longer the current one of its task");
  assertEquals(ledger.state.run.violations, []);
});

Deno.test("what a worker says of an attempt is answered by what becomes of it; a report that is not taken in stays open", () => {
  const ledger = ledgerOf([makeTask("a")], { workers: 1 });
  decideAll(ledger);
  const ref = refOf(ledger, "a");
  const open = () => ledger.state.run.open_requests.map(({ kind }) => kind);
  ask(ledger, "attempt_started", { ...ref, worker: "local", body: BODY });
  ask(ledger, "attempt_reported", { ...ref, worker: "local", outcome: makeOutcome("exit") });
  ledger.add([
    draft("task_started", taskSubject("a"), "controller/1", {
      ...ref,
      process: BODY,
      slot: "w1",
      output: "",
    }),
  ]);
  assertEquals(open(), ["attempt_reported"]);
  const intent = { ...ref, slot: "w1", base: "b".repeat(40), date: 1 };
  ledger.add([
    draft("attempt_pinning", taskSubject("a"), "controller/1", { ...intent, outcome: makeOutcome("lost") }),
  ]);
  assertEquals(open(), ["attempt_reported"], "another outcome was recorded");
  ledger.add([
    draft("attempt_pinning", taskSubject("a"), "controller/1", { ...intent, outcome: makeOutcome("exit") }),
  ]);
  assertEquals(open(), []);
});

Deno.test("unwantedEnd() says the same to the controller and to a worker", () => {
  const ledger = ledgerOf([makeTask("a"), makeTask("b")]);
  decideAll(ledger);
  const ref = refOf(ledger, "a");
  assertEquals(unwantedEnd(ledger.state, ref), null);
  assertEquals(unwantedEnd(ledger.state, { ...ref, token: 0 }), { reason: "shutdown", now: true });
  ask(ledger, "cancel_requested", { task_id: "a", reason: "x" });
  assertEquals(unwantedEnd(ledger.state, ref), { reason: "cancelled", now: false });
  assertEquals(unwantedEnd(ledger.state, refOf(ledger, "b")), null);
  assertEquals(stateOf(ledger, "b"), "claimed");
});
