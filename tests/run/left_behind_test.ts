import { assertEquals } from "@std/assert";
import type { GateRequest } from "../../src/gates/port.ts";
import { draft, taskSubject } from "../../src/log/event.ts";
import type { OutcomeResult } from "../../src/log/kinds.ts";
import type { GateSpec, TaskSpec } from "../../src/plan/spec.ts";
import { AttemptFlow } from "../../src/run/attempt_flow.ts";
import type { ControllerHandle } from "../../src/run/controller_handle.ts";
import { GateTurns } from "../../src/run/gate_turns.ts";
import { findTask } from "../../src/scheduler/run_state.ts";
import { SILENT } from "../../src/process/port.ts";
import type { Attempt } from "../../src/worker/port.ts";
import { decideAll, end, ledgerOf, OID, pin, refOf, start } from "../scheduler/steps.ts";
import { Faults } from "../simulation/faults.ts";
import { Random } from "../simulation/random.ts";
import { simulatedPorts } from "../simulation/simulated_ports.ts";
import { SimulatedProcess, World } from "../simulation/world.ts";
import { type Ledger, makeOutcome, makePlan, makeTask } from "./fixture.ts";

const GATE: GateSpec = {
  name: "check",
  command: "true",
  required: true,
  timeout_secs: 60,
  scope: "task",
  retries: 0,
  allow_fail: false,
  skip: false,
  output_fails: false,
  reports: [],
};

/** Ends what a dead process left of the task's current attempt, which changed `path`; returns the gates that ran. */
async function finishLeftBehind(ledger: Ledger, id: string, path: string): Promise<readonly string[]> {
  const random = new Random(1);
  const faults = new Faults(random);
  faults.stop();
  const world = new World(random, faults, makePlan([makeTask("a")]));
  const gates: string[] = [];
  const ports = simulatedPorts(world, new SimulatedProcess(world), () => undefined);
  const attempt: Attempt = {
    again: () => Promise.reject(new Error("nothing is repeated here")),
    ref: refOf(ledger, id),
    started: Promise.resolve(null),
    ended: Promise.resolve(makeOutcome("lost")),
    end: () => undefined,
    slot: () => "w1",
    activity: () => ({ stage: "over", pid: null, voice: SILENT }),
    collectOutputs: () => Promise.resolve({ stored: [], missing: [] }),
    pin: () =>
      Promise.resolve({
        commit: OID,
        tree: OID,
        ref: "refs/omk/test",
        changed: [{ path, change: "added" }],
        by_products: [],
        by_products_capped: false,
        unpinned: [],
        set_aside: false,
        secrets: [],
      }),
    release: () => Promise.resolve(),
  };
  const commit: ControllerHandle["commit"] = (make) =>
    Promise.resolve(void ledger.add(make(ledger.state, ledger.now)));
  const handle: ControllerHandle = {
    state: ledger.state,
    gateTurns: new GateTurns(ledger.state, () => []),
    ports: {
      ...ports,
      merger: null,
      gates: {
        run(request: GateRequest) {
          gates.push(request.gate.name);
          return ports.gates.run(request);
        },
      },
    },
    signal: new AbortController().signal,
    commit,
    commitFirst: commit,
  };
  const finished = new AttemptFlow(handle, attempt).finishLeftBehind();
  let isOver = false;
  finished.finally(() => isOver = true);
  for (let turn = 0; turn < 100 && !isOver; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    world.clock.advance(false);
  }
  await finished;
  return gates;
}

/** A run whose process died right after the attempt of `a` was pinned. */
function diedAfterPin(task: Partial<TaskSpec>): Ledger {
  const ledger = ledgerOf([makeTask("a", task)]);
  decideAll(ledger);
  start(ledger, "a");
  intendPin(ledger, "success");
  pin(ledger, "a");
  return ledger;
}

function intendPin(ledger: Ledger, result: OutcomeResult): void {
  ledger.add([draft("attempt_pinning", taskSubject("a"), "controller/1", {
    ...refOf(ledger, "a"),
    slot: "w1",
    base: OID,
    date: ledger.now,
    outcome: makeOutcome(result),
  })]);
}

Deno.test("P7: the gates of a task run although its process died after the pin and before them", async () => {
  const ledger = diedAfterPin({ gates: [GATE] });
  assertEquals(await finishLeftBehind(ledger, "a", "a.txt"), ["check"]);
  assertEquals(findTask(ledger.state, "a")?.task.state, "finished");
});

Deno.test("P8: a violated write set is found although the process died right after the pin", async () => {
  const ledger = diedAfterPin({ write_set: ["docs/**"] });
  await finishLeftBehind(ledger, "a", "src/a.ts");
  assertEquals(findTask(ledger.state, "a")?.task.reason, "wrote outside its write set: src/a.ts");
});

Deno.test("P8: an attempt that a dead process had claimed does not end with the outcome of the one before", async () => {
  const ledger = ledgerOf([makeTask("a", {
    retry_declared: true,
    retry_policy: { ...makeTask("a").retry_policy, max_attempts: 1, backoff_seconds: 0 },
  })]);
  decideAll(ledger);
  end(ledger, "a", "exit");
  decideAll(ledger);
  assertEquals(findTask(ledger.state, "a")?.task.state, "claimed");
  await finishLeftBehind(ledger, "a", "a.txt");
  const { task } = findTask(ledger.state, "a") ?? {};
  assertEquals([task?.state, task?.outcome?.result, task?.recovery_count], ["pending", "lost", 1]);
});
