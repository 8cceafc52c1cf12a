import { assert, assertEquals } from "@std/assert";
import { draft, type RunEvent } from "../../src/log/event.ts";
import { findTask, runStateJson } from "../../src/scheduler/run_state.ts";
import { makeGate, makePlan, makeTask } from "./fixture.ts";
import { Rig } from "./rig.ts";

const GATE = makeGate();

const REQUESTER = { process: { pid: 2, pgid: 2, start_time: null, boot_id: null }, wall: 0 };

function kindsOf(events: readonly RunEvent[], taskId?: string): string[] {
  return events
    .filter((event) => taskId === undefined || event.subject === `task/${taskId}`)
    .map((event) => event.kind);
}

Deno.test("a run goes from its claim over pin, merge and gate to a proof, in this order", async () => {
  const rig = new Rig(makePlan([makeTask("a")], { gates: [GATE] }));
  assertEquals(await rig.run(), { status: "ready", exit_code: 0 });
  assertEquals(kindsOf(rig.events), [
    "run_started",
    "task_claimed",
    "task_started",
    "attempt_pinning",
    "attempt_pinned",
    "task_finished",
    "merge_started",
    "task_completed",
    "gate_started",
    "gate_passed",
    "tests_comparing",
    "tests_compared",
    "proof_writing",
    "proof_written",
    "run_finished",
  ]);
});

Deno.test("P1: the live state of a controller is the fold of its log", async () => {
  const tasks = Array.from(
    { length: 30 },
    (_, at) => makeTask(`t${at}`, { dependencies: at < 3 ? [] : [`t${at - 3}`], retry_declared: true }),
  );
  const rig = new Rig(makePlan(tasks, { workers: 4, gates: [GATE] }), {
    outcome: (id, attempt) => id === "t7" && attempt === 1 ? "signal" : id === "t20" ? "exit" : "success",
  });
  await rig.run();
  assertEquals(rig.foldAgain(), runStateJson(rig.state));
});

Deno.test("P1: the controller offers its state to be kept turn by turn, and at its end, and waits for what is kept", async () => {
  const plan = makePlan([makeTask("a"), makeTask("b", { dependencies: ["a"] })], { gates: [GATE] });
  const kept: boolean[] = [];
  let isDone = false;
  const rig: Rig = new Rig(plan, {
    keep(state, isEnd) {
      kept.push(isEnd);
      assertEquals(state.run.next_index, rig.log.position().index + 1);
      assertEquals(runStateJson(state), rig.foldAgain());
      if (!isEnd) return undefined;
      return rig.clock.sleep(1000).then(() => {
        isDone = true;
      });
    },
  });
  await rig.run();
  assert(kept.length > 5 && isDone);
  assertEquals(kept.indexOf(true), kept.length - 1);
});

Deno.test("P7: without a gate that passed on the delivered tree a run is not ready", async () => {
  const done = await new Rig(makePlan([makeTask("a")])).run();
  assertEquals(done.status, "passed");
  const red = await new Rig(makePlan([makeTask("a")], { gates: [GATE] }), { gate: () => false }).run();
  assertEquals(red, { status: "not_ready", exit_code: 1 });
  const skipped = await new Rig(makePlan([makeTask("a")], { gates: [{ ...GATE, skip: true }] })).run();
  assertEquals(skipped.status, "not_ready");
});

Deno.test("a gate is repeated on the same tree as often as it says", async () => {
  let runs = 0;
  const rig = new Rig(makePlan([makeTask("a")], { gates: [{ ...GATE, retries: 2 }] }), {
    gate: () => ++runs === 3,
  });
  assertEquals((await rig.run()).status, "ready");
  assertEquals(runs, 3);
});

Deno.test("a red task gate fails the attempt before anything is merged", async () => {
  const task = makeTask("a", { gates: [{ ...GATE, scope: "task" }] });
  const rig = new Rig(makePlan([task]), { gate: (request) => request.task === null });
  assertEquals((await rig.run()).status, "not_ready");
  assertEquals(findTask(rig.state, "a")?.task.outcome?.result, "gate_failed");
  assert(!kindsOf(rig.events).includes("merge_started"));
});

Deno.test("a change outside the declared write set fails the attempt, with the path", async () => {
  const rig = new Rig(makePlan([makeTask("a", { write_set: ["docs/**"] })]));
  await rig.run();
  assertEquals(findTask(rig.state, "a")?.task.reason, "wrote outside its write set: a.txt");
});

Deno.test("a conflict at the merge runs the task again on the new head", async () => {
  const rig = new Rig(makePlan([makeTask("a"), makeTask("b")], { gates: [GATE] }), {
    conflict: (id, attempt) => id === "b" && attempt === 1 ? ["same.txt"] : [],
  });
  assertEquals((await rig.run()).status, "ready");
  const task = findTask(rig.state, "b")?.task;
  assertEquals([task?.attempt, task?.retry_count], [2, 0]);
});

Deno.test("P8: a task that changed nothing completes without a merge", async () => {
  const rig = new Rig(makePlan([makeTask("a")]), { changes: () => false });
  assertEquals((await rig.run()).status, "passed");
  assert(!kindsOf(rig.events).includes("merge_started"));
});

Deno.test("P6: a failed attempt is pinned before its slot is given back", async () => {
  const rig = new Rig(makePlan([makeTask("a")]), { outcome: () => "exit" });
  await rig.run();
  const kinds = kindsOf(rig.events, "a");
  assert(kinds.indexOf("attempt_pinned") < kinds.indexOf("task_failed"));
  assertEquals(rig.attempts.get("a")?.released.length, 1);
});

Deno.test("a request to cancel ends what runs, answers itself, and ends the run with 130", async () => {
  const rig = new Rig(makePlan([makeTask("a"), makeTask("b", { dependencies: ["a"] })]), {
    outcome: () => null,
  });
  const end = await rig.run((event, { log }) => {
    if (event.kind !== "task_started") return;
    void log.append([
      draft("cancel_requested", "run", "cli/2", { task_id: null, reason: "enough", ...REQUESTER }),
    ]);
  });
  assertEquals(end, { status: "cancelled", exit_code: 130 });
  assertEquals([findTask(rig.state, "a")?.task.state, findTask(rig.state, "b")?.task.state], [
    "cancelled",
    "cancelled",
  ]);
  assertEquals(rig.state.run.open_requests, []);
});

Deno.test("P9: a lease is renewed while its attempt lives, however long that takes", async () => {
  const rig = new Rig(makePlan([makeTask("a")], { lease_secs: 10 }), { duration: () => 40_000 });
  assertEquals((await rig.run()).status, "passed");
  assertEquals(findTask(rig.state, "a")?.task.attempt, 1);
  assert(kindsOf(rig.events).filter((kind) => kind === "lease_renewed").length >= 6);
});

Deno.test("on_failure kill ends the others", async () => {
  const rig = new Rig(makePlan([makeTask("a"), makeTask("b")], { on_failure: "kill" }), {
    outcome: (id) => id === "a" ? "exit" : null,
  });
  assertEquals((await rig.run()).status, "not_ready");
  assertEquals(findTask(rig.state, "b")?.task.state, "cancelled");
});

Deno.test("a fault in what is carried out ends the run with that error, and hangs nobody", async () => {
  const rig = new Rig(makePlan([makeTask("a"), makeTask("b")]), {
    conflict: () => {
      throw new Error("the disk is on fire");
    },
  });
  const failure = await rig.run().then(() => null, (error: Error) => error);
  assertEquals(failure?.message.includes("the disk is on fire"), true);
});
