import { assert, assertEquals, assertMatch } from "@std/assert";
import type { GateRequest } from "../../src/gates/port.ts";
import { draft, type RunEvent } from "../../src/log/event.ts";
import type { Plan } from "../../src/plan/spec.ts";
import { apply, applyAll } from "../../src/run/state.ts";
import { createRunState, findTask, runStateJson } from "../../src/scheduler/run_state.ts";
import { BASE_COMMIT, makeGate, makePlan, makeTask } from "./fixture.ts";
import { Rig, type Script } from "./rig.ts";

const RETRIED = { retry_declared: true, retry_policy: { ...makeTask("x").retry_policy, max_attempts: 1 } };
const REQUESTER = { process: { pid: 2, pgid: 2, start_time: null, boot_id: null }, wall: 0 };

/** The ids of so many tasks. */
function ids(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `t${String(at).padStart(2, "0")}`);
}

/** A run whose gate `test` fails where the work of one of these is in the tree. */
function spoiled(
  tasks: readonly string[],
  culprits: readonly string[],
  plan: Partial<Plan> = {},
  script: Script = {},
): { readonly rig: Rig; readonly judged: (readonly string[])[] } {
  const judged: (readonly string[])[] = [];
  const all = makePlan(tasks.map((id) => makeTask(id)), {
    workers: 32,
    gate_each: "batch",
    gates: [makeGate()],
    ...plan,
  });
  const rig: Rig = new Rig(all, {
    // The first attempts of all end at the same moment, so that the whole queue is there.
    duration: () => 1000,
    gate: (request: GateRequest) => {
      const there = rig.tasksIn(request.commit);
      judged.push(there);
      return !there.some((id) => culprits.includes(id));
    },
    ...script,
  });
  return { rig, judged };
}

/** What became of the tasks: those in the head, in the order of their merges, and those that failed. */
function ends(rig: Rig): { readonly head: readonly string[]; readonly failed: readonly string[] } {
  const failed = rig.state.tasks.filter(({ state }) => state === "failed").map(({ id }) => id);
  return { head: rig.tasksIn(rig.state.run.head?.commit ?? null), failed };
}

function batchesOf(events: readonly RunEvent[]): (readonly string[])[] {
  return events.flatMap((event) => event.kind === "merge_judging" ? [event.payload.tasks] : []);
}

/** The run has kept to the rules: what the log says is what the rig saw, and nothing is left over. */
function checkRun(rig: Rig): void {
  assertEquals(rig.state.run.violations, []);
  assertEquals(rig.foldAgain(), runStateJson(rig.state), "P1");
  assertEquals([rig.state.run.batch, rig.state.run.merge_queue, rig.state.run.merge], [undefined, [], null]);
  for (const [at, [from]] of rig.heads.entries()) {
    assertEquals(from, at === 0 ? from : rig.heads[at - 1]?.[1]);
  }
}

Deno.test("gate_each task: a gate judges each merge before it is in the head, and what fails never gets there", async () => {
  const { rig, judged } = spoiled(["a", "b", "c"], ["b"], { gate_each: "task" });
  assertEquals((await rig.run()).status, "not_ready");
  assertEquals(judged, [["a"], ["a", "b"], ["a", "c"]]);
  assertEquals(ends(rig), { head: ["a", "c"], failed: ["b"] });
  const { reason, outcome } = findTask(rig.state, "b")?.task ?? {};
  assertEquals(outcome?.result, "gate_failed");
  assertMatch(reason ?? "", /failed a gate: gate "test" exited with 1, on the tree of its merge/);
  checkRun(rig);
});

Deno.test("P7: what gates have judged as a merge counts for the delivered tree, and is not run again", async () => {
  const { rig, judged } = spoiled(["a", "b"], [], { gate_each: "task" });
  assertEquals((await rig.run()).status, "ready");
  assertEquals(judged, [["a"], ["a", "b"]]);
  const optional = makeGate({ name: "lint", required: false });
  const skipped = makeGate({ name: "later", skip: true });
  const lenient = spoiled(["a", "b"], [], { gate_each: "task", gates: [makeGate(), optional, skipped] });
  await lenient.rig.run();
  assertEquals(lenient.judged, [["a"], ["a", "b"], ["a", "b"]], "the optional gate judges the head alone");
  checkRun(lenient.rig);
});

Deno.test("gate_each batch: one culprit in a batch of 16 takes at most 5 runs of the gate on top, wherever it stands", async () => {
  const tasks = ids(16);
  for (const [at, culprit] of tasks.entries()) {
    const { rig, judged } = spoiled(tasks, [culprit]);
    await rig.run();
    assertEquals(ends(rig), { head: tasks.filter((id) => id !== culprit), failed: [culprit] });
    assertEquals(batchesOf(rig.events)[0]?.length, 16);
    assert(judged.length <= 1 + 5, `culprit ${at}: ${judged.length} runs`);
    checkRun(rig);
  }
  const { rig, judged } = spoiled(tasks, []);
  assertEquals((await rig.run()).status, "ready");
  assertEquals(judged.length, 1);
});

Deno.test("gate_each batch: two culprits of 16 are both found, and nothing else is returned", async () => {
  const tasks = ids(16);
  for (const culprits of [["t00", "t01"], ["t03", "t12"], ["t14", "t15"], ["t00", "t15"]]) {
    const { rig, judged } = spoiled(tasks, culprits);
    await rig.run();
    assertEquals(ends(rig), { head: tasks.filter((id) => !culprits.includes(id)), failed: culprits });
    assert(judged.length <= 1 + 5 + 5, `${culprits}: ${judged.length} runs`);
    checkRun(rig);
  }
});

Deno.test("a batch takes what is there: 16 at most, and what comes while gates judge waits for the next one", async () => {
  const { rig } = spoiled(ids(20), [], {}, {
    duration: (id) => id === "t00" ? 500 : 1000,
    gate: async () => {
      await rig.clock.sleep(5000);
      return true;
    },
  });
  assertEquals((await rig.run()).status, "ready");
  assertEquals(batchesOf(rig.events).map(({ length }) => length), [1, 16, 3]);
  checkRun(rig);
});

Deno.test("a culprit is tried again where its retry policy allows it, on a head with what passed", async () => {
  let attempts = 0;
  const { rig, judged } = spoiled(["a", "b"], [], { tasks: [makeTask("a"), makeTask("b", RETRIED)] }, {
    outcome: (id) => {
      if (id === "b") attempts += 1;
      return "success";
    },
    gate: ({ commit }) => {
      const there = rig.tasksIn(commit);
      judged.push(there);
      return attempts > 1 || !there.includes("b");
    },
  });
  assertEquals((await rig.run()).status, "ready");
  assertEquals(judged, [["a", "b"], ["a"], ["a", "b"]]);
  assertEquals(findTask(rig.state, "b")?.task.base, rig.heads[0]?.[1]);
  assertEquals(findTask(rig.state, "b")?.task.retry_count, 1);
  checkRun(rig);
});

Deno.test("a culprit is told what the gate printed on the tree of its merge, until its work is in the head", async () => {
  const told: (string | undefined)[] = [];
  const { rig } = spoiled(["a", "b"], [], { tasks: [makeTask("a"), makeTask("b", RETRIED)] }, {
    gate: ({ commit }) => told.length > 1 || !rig.tasksIn(commit).includes("b"),
  });
  await rig.run(({ kind, subject }) => {
    if (kind === "attempt_pinning" && subject === "task/b") told.push(rig.attempts.get("b")?.request.gateLog);
  });
  // The first run of the gate was on both, the second on "a" alone.
  assertEquals(told, [undefined, "/nowhere/gates/test-1.log"]);
  assertEquals(rig.state.tasks.map(({ state, gate_output }) => [state, gate_output]), [
    ["completed", undefined],
    ["completed", undefined],
  ]);
  checkRun(rig);
});

Deno.test("a flaky gate is repeated on the tree of a merge as often as it says", async () => {
  let runs = 0;
  const { rig } = spoiled(["a"], [], { gates: [makeGate({ retries: 2 })] }, { gate: () => ++runs === 3 });
  assertEquals((await rig.run()).status, "ready");
  assertEquals(runs, 3);
  checkRun(rig);
});

Deno.test("work that conflicts with what is only staged waits for the gates, and counts as a conflict only with the head", async () => {
  const script: Script = {
    conflict: (id, attempt, there) => id === "b" && attempt === 1 && there.includes("a") ? ["x"] : [],
  };
  const fits = spoiled(["a", "b", "c"], ["a"], {}, script);
  await fits.rig.run();
  assertEquals(ends(fits.rig), { head: ["b", "c"], failed: ["a"] });
  assertEquals(fits.rig.events.filter(({ kind }) => kind === "merge_deferred").length, 1);
  assertEquals(fits.rig.events.filter(({ kind }) => kind === "merge_conflicted").length, 0);
  checkRun(fits.rig);
  const clashes = spoiled(["a", "b", "c"], [], {}, script);
  assertEquals((await clashes.rig.run()).status, "ready");
  assertEquals(findTask(clashes.rig.state, "b")?.task.attempt, 2);
  assertEquals(ends(clashes.rig).head.toSorted(), ["a", "b", "c"]);
  checkRun(clashes.rig);
});

Deno.test("a run that is cancelled while gates judge delivers none of what they judge", async () => {
  const { rig } = spoiled(ids(3), [], {}, {
    gate: async ({ signal }) => {
      await rig.clock.sleep(60_000, signal).catch(() => undefined);
      return !signal.aborted;
    },
  });
  const end = await rig.run(async (event) => {
    if (event.kind !== "gate_started") return;
    await rig.log.append([
      draft("cancel_requested", "run", "cli/2", { task_id: null, reason: "enough", ...REQUESTER }),
    ]);
  });
  assertEquals(end.status, "cancelled");
  assertEquals([ends(rig).head, rig.heads], [[], []]);
  assertEquals(rig.state.tasks.map(({ state }) => state), ["cancelled", "cancelled", "cancelled"]);
  checkRun(rig);
});

Deno.test("work that is taken over late is completed in a batch behind others that come after it", async () => {
  const from = { run: "20260101-000000-aaaa", attempt: 1 };
  const left = {
    base: BASE_COMMIT,
    pin: "e".repeat(40),
    changed: { count: 0, paths: [] },
    secrets: [],
    outputs: [],
  };
  const tasks = ["a", "b", "c"].map((task_id, at) => ({ task_id, from, token: at + 1, ...left }));
  const { rig } = spoiled(["a", "b", "c"], [], {}, { start: { reuse: { run: from.run, tasks } } });
  const ask = async (kind: "cancel_requested" | "retry_requested") =>
    void await rig.log.append([
      draft(kind, "run", "cli/2", { task_id: "b", reason: "a change of mind", ...REQUESTER }),
    ]);
  await rig.run(async ({ kind, payload }) => {
    if (kind !== "merge_started") return;
    if (payload.task_id === "a") await ask("cancel_requested");
    if (payload.task_id === "c") await ask("retry_requested");
  });
  assertEquals(batchesOf(rig.events), [["a", "c", "b"]]);
  assertEquals(ends(rig).head, ["a", "c", "b"]);
  assertEquals(rig.state.tasks.map(({ reused }) => reused), [from, from, from]);
  checkRun(rig);
});

Deno.test("P7: the fold takes nothing into the head on which no gate has passed", async () => {
  const plan = makePlan([makeTask("a")], { gate_each: "task", gates: [makeGate()] });
  const rig = new Rig(plan);
  await rig.run();
  const completed = rig.events.find(({ kind }) => kind === "task_completed");
  assert(completed !== undefined);
  for (
    const [kind, why] of [["merge_staged", /is not being merged/], [
      "merge_judging",
      /no gate has passed/,
    ]] as const
  ) {
    const until = rig.events.findIndex((event) => event.kind === kind) + 1;
    const state = applyAll(createRunState(plan), rig.events.slice(0, until));
    apply(state, { ...completed, index: until });
    assertMatch(state.run.violations[0]?.why ?? "", why);
    assertEquals(findTask(state, "a")?.task.state, "finished");
  }
});
