import { assertEquals, assertMatch } from "@std/assert";
import { draft, type RunEvent } from "../../src/log/event.ts";
import type { GateSpec, Plan, TaskSpec } from "../../src/plan/spec.ts";
import { dueGates } from "../../src/run/due_gates.ts";
import { restoreState, snapshotOf } from "../../src/scheduler/state_snapshot.ts";
import { findTask, type RunState, runStateJson } from "../../src/scheduler/run_state.ts";
import { Ledger, makeGate, makePlan, makeTask, startPayload } from "./fixture.ts";
import { Rig, type Script } from "./rig.ts";

const REQUESTER = { process: { pid: 2, pgid: 2, start_time: null, boot_id: null }, wall: 0 };

/** How the gates of a run went by. */
interface Passage {
  readonly rig: Rig;
  /** Which gates ran at once, each time that one had begun. */
  readonly beside: (readonly string[])[];
  /** Which gates were ended before their verdict. */
  readonly ended: readonly string[];
}

/** Runs gates that take so many milliseconds each; those named here fail. */
async function pass(
  tasks: readonly TaskSpec[],
  plan: Partial<Plan>,
  { ms = () => 1000, fails = () => false, during, ...script }: Pick<Script, "outcome"> & {
    readonly ms?: (gate: string) => number;
    readonly fails?: (gate: string, there: readonly string[]) => boolean;
    readonly during?: (event: RunEvent, rig: Rig) => void;
  } = {},
): Promise<Passage> {
  const running = new Set<string>();
  const beside: (readonly string[])[] = [];
  const ended: string[] = [];
  const rig: Rig = new Rig(makePlan(tasks, plan), {
    ...script,
    gate: async ({ gate, commit, signal }) => {
      running.add(gate.name);
      beside.push([...running]);
      await rig.clock.sleep(ms(gate.name), signal);
      running.delete(gate.name);
      if (signal.aborted) ended.push(gate.name);
      return !fails(gate.name, rig.tasksIn(commit));
    },
  });
  await rig.run((event) => during?.(event, rig));
  assertEquals(rig.state.run.violations, []);
  assertEquals(rig.foldAgain(), runStateJson(rig.state), "P1");
  return { rig, beside, ended };
}

function gates(names: readonly string[], fields: Partial<GateSpec> = {}): GateSpec[] {
  return names.map((name) => makeGate({ name, ...fields }));
}

/** The gates that begin now, as far as there is room. */
function dueNow(state: RunState): readonly string[] {
  return dueGates(state, state.plan.gates ?? [], 0).now.map(({ payload }) => payload.gate);
}

function startsOf(rig: Rig): readonly string[] {
  return rig.events.flatMap((event) => event.kind === "gate_started" ? [event.payload.gate] : []);
}

Deno.test("the gates of a run run side by side, as many as it has workers, and begin in the order of the plan", async () => {
  const names = ["a", "b", "c", "d", "e"];
  const ms = (gate: string) => gate === "a" ? 5000 : 1000;
  const { rig, beside } = await pass([makeTask("t")], { workers: 3, gates: gates(names) }, { ms });
  assertEquals(rig.state.run.status, "ready");
  assertEquals(startsOf(rig), names);
  assertEquals(beside.map(({ length }) => length), [1, 2, 3, 2, 3]);
  assertEquals(beside.at(-1)?.toSorted(), ["a", "d", "e"], "the slow one keeps its place alone");
});

Deno.test("all gates of a run come to a verdict, whatever the others say; skipped ones run nowhere, a retry alone", async () => {
  const { rig, ended } = await pass([makeTask("t")], {
    workers: 4,
    gates: [
      makeGate({ name: "red", retries: 1 }),
      makeGate({ name: "green" }),
      makeGate({ name: "later", skip: true, required: false }),
      makeGate({ name: "lenient", allow_fail: true }),
    ],
  }, { fails: (gate) => gate !== "green", ms: (gate) => gate === "green" ? 9000 : 1000 });
  assertEquals(rig.state.run.status, "not_ready");
  assertEquals(startsOf(rig), ["red", "green", "lenient", "red"]);
  assertEquals(ended, []);
  const results = Object.fromEntries(rig.state.run.gates.map(({ gate, result }) => [gate, result]));
  assertEquals(results, { red: "failed", green: "passed", lenient: "failed", later: "skipped" });
});

Deno.test("gates in a pool are no more at once than it has places; in the directory itself there is one at a time", async () => {
  const pooled = gates(["a", "b", "c"], { pool: "database" });
  const plan = { workers: 8, pools: { database: 1 }, gates: [...pooled, ...gates(["x", "y"])] };
  const { beside } = await pass([makeTask("t")], plan);
  assertEquals(beside.slice(0, 3), [["a"], ["a", "x"], ["a", "x", "y"]]);
  const together = beside.map((names) => names.filter((name) => "abc".includes(name)).length);
  assertEquals(together.filter((count) => count > 1), []);

  const outside = new Ledger(makePlan([], plan)).start({ base: null });
  assertEquals(dueNow(outside.state), ["a"]);
});

Deno.test("a gate waits for the bodies of tasks in its pool, and a task for the gates in it", async () => {
  const { rig } = await pass(
    ["a", "b", "c"].map((id) =>
      makeTask(id, { pool: "database", gates: gates(["db"], { pool: "database" }) })
    ),
    { workers: 4, pools: { database: 1 } },
    {
      during: (_, { state }) => {
        const atWork =
          state.tasks.filter((task) => task.state === "running" && task.stage === undefined).length;
        const judging = state.run.gates.filter(({ result }) => result === "running").length;
        assertEquals(atWork + judging <= 1, true, "the database has one place");
      },
    },
  );
  assertEquals(rig.state.tasks.map(({ state }) => state), ["completed", "completed", "completed"]);

  const order: string[] = [];
  await pass(
    [makeTask("a"), makeTask("b", { pool: "database" }), makeTask("c", { pool: "database" })],
    { workers: 1, pools: { database: 1 }, gate_each: "task", gates: gates(["db"], { pool: "database" }) },
    {
      during: ({ kind, subject }) => {
        const isTold = kind.startsWith("gate_") || kind === "task_claimed" || kind === "attempt_pinning";
        if (isTold) order.push(`${kind} ${subject}`);
      },
    },
  );
  const claim = (id: string) => [`task_claimed task/${id}`, `attempt_pinning task/${id}`];
  const judged = ["gate_started run", "gate_passed run"];
  assertEquals(order, [...claim("a"), ...claim("b"), ...judged, ...claim("c"), ...judged, ...judged]);
});

Deno.test("where a task is opened again while the gates of its run are at work, the gates of its merge wait for them", async () => {
  const { rig } = await pass(
    [makeTask("t")],
    { workers: 1, gate_each: "task", gates: gates(["a"]) },
    {
      outcome: (_, attempt) => attempt === 1 ? "exit" : "success",
      ms: () => 60_000,
      during: ({ kind, index }, { log, events }) => {
        if (kind !== "gate_started" || events.find((event) => event.kind === kind)?.index !== index) return;
        void log.append([
          draft("retry_requested", "run", "cli/2", { ...REQUESTER, task_id: "t", reason: "now it works" }),
        ]);
      },
    },
  );
  assertEquals(rig.state.tasks.map(({ state }) => state), ["completed"]);
  assertEquals(rig.events.map(({ kind }) => kind).filter((kind) => kind.startsWith("gate_")), [
    "gate_started",
    "gate_passed",
    "gate_started",
    "gate_passed",
  ]);
  assertEquals(rig.state.run.gates.map(({ merges }) => merges?.tasks), [undefined, ["t"]]);
});

Deno.test("the first gate that fails an attempt ends the others that judge it, and is the one that is told", async () => {
  const three = [...gates(["slow", "red"]), makeGate({ name: "lenient", required: false })];
  const { rig, ended } = await pass([makeTask("t", { gates: three })], { workers: 4 }, {
    fails: (gate) => gate !== "slow",
    ms: (gate) => gate === "slow" ? 60_000 : gate === "red" ? 2000 : 1000,
  });
  assertEquals(ended, ["slow"]);
  const { outcome } = findTask(rig.state, "t")?.task ?? {};
  assertEquals([outcome?.result, outcome?.detail], ["gate_failed", 'gate "red" exited with 1']);
  assertEquals(rig.state.run.gates.map(({ gate, ended }) => [gate, ended ?? false]), [
    ["slow", true],
    ["red", false],
    ["lenient", false],
  ]);
  assertEquals(rig.clock.wall() - rig.state.run.started_at < 10_000, true, "nobody waits for the slow one");
});

Deno.test("gates judge a batch side by side; one that was ended has said nothing, and runs on the next tree", async () => {
  const { rig, ended } = await pass(
    ["a", "b"].map((id) => makeTask(id)),
    { workers: 4, gate_each: "batch", gates: gates(["slow", "quick"]) },
    {
      fails: (gate, there) => gate === "quick" && there.includes("b"),
      ms: (gate) => gate === "slow" ? 60_000 : 1000,
    },
  );
  assertEquals(ended, ["slow"]);
  const runs = rig.state.run.gates.map(({ gate, result, merges, ended }) =>
    `${gate} ${merges?.tasks.join("+")} ${ended ? "ended" : result}`
  );
  assertEquals(runs, ["slow a+b ended", "quick a+b failed", "slow a passed", "quick a passed"]);
  assertEquals(rig.state.tasks.map(({ id, state }) => `${id} ${state}`), ["a completed", "b failed"]);
  assertMatch(findTask(rig.state, "b")?.task.reason ?? "", /gate "quick" exited with 1/);
});

Deno.test("a cancelled run ends all the gates that run, and waits for none", async () => {
  const { rig, ended } = await pass([makeTask("t")], { workers: 3, gates: gates(["a", "b", "c", "d"]) }, {
    ms: () => 3_600_000,
    during: (event, { log }) => {
      if (event.kind !== "gate_started" || event.payload.gate !== "c") return;
      void log.append([
        draft("cancel_requested", "run", "cli/2", { ...REQUESTER, task_id: null, reason: "enough" }),
      ]);
    },
  });
  assertEquals([rig.state.run.status, ended], ["cancelled", ["a", "b", "c"]]);
});

Deno.test("gates that a dead process had begun are begun again, and have given their places back", () => {
  const plan = makePlan([], { workers: 4, pools: { db: 1 }, gates: gates(["a", "b"], { pool: "db" }) });
  const ledger = new Ledger(plan).start();
  ledger.add(dueGates(ledger.state, plan.gates ?? [], ledger.now).now);
  assertEquals([dueNow(ledger.state), ledger.state.index.poolUse("db")], [[], 1], "the pool is full");
  assertEquals(restoreState(plan, structuredClone(snapshotOf(ledger.state))).index.poolUse("db"), 1);
  const { controller } = startPayload(plan);
  const resumed = { incarnation: 2, controller, by: "resume", onto: null };
  ledger.add([draft("run_resumed", "run", "controller/2", resumed)]);
  assertEquals(ledger.state.run.violations, []);
  assertEquals([dueNow(ledger.state), ledger.state.index.poolUse("db")], [["a"], 0]);
});
