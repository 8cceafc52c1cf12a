/** A controller that dies right before and right after every event of a batch of merges, with all that comes before it. */

import { assert, assertEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import type { GateRequest, GateResult } from "../../src/gates/port.ts";
import { draft, type RunEvent } from "../../src/log/event.ts";
import { Controller } from "../../src/run/controller.ts";
import type { Merger, RunPorts } from "../../src/run/ports.ts";
import { apply, applyAll } from "../../src/run/state.ts";
import { createRunState, runStateJson } from "../../src/scheduler/run_state.ts";
import type { Attempt } from "../../src/worker/port.ts";
import { makeGate, makeOutcome, makePlan, makeTask, startPayload } from "../run/fixture.ts";
import { Faults } from "./faults.ts";
import { Random } from "./random.ts";
import { simulatedPorts } from "./simulated_ports.ts";
import { SimulatedProcess, World } from "./world.ts";

const IDS = ["a", "b", "c", "d", "e", "f"];

/** Six tasks at once, of which the work of `c` fails the gate `clean`; the other gate takes its time. */
const PLAN = makePlan(IDS.map((id) => makeTask(id)), {
  workers: 6,
  gate_each: "batch",
  gates: [makeGate({ name: "clean" }), makeGate({ name: "slow" })],
});

/** The moment of a death: as soon as the event is folded, or when it is to be written and all before it is done. */
interface Death {
  readonly index: number;
  readonly isBefore: boolean;
}

/** One run in a world without faults but for one death. */
class Run {
  readonly world: World;
  readonly #death: Death | null;
  /** The tasks whose work is in a commit. */
  readonly #contents = new Map<string, readonly string[]>();
  #deaths = 0;

  constructor(death: Death | null) {
    const faults = new Faults(new Random(1));
    faults.stop();
    this.world = new World(new Random(1), faults, PLAN);
    this.#death = death;
  }

  /** Runs to the end, over as many processes as it takes. */
  async toEnd(): Promise<void> {
    const { world } = this;
    await world.log.append([draft("run_started", "run", "controller/1", startPayload(PLAN))]);
    for (let incarnation = 2; !await this.#conduct(); incarnation++) {
      await world.log.poll();
      world.restartClock();
      await world.log.append([draft("run_resumed", "run", `controller/${incarnation}`, {
        incarnation,
        controller: startPayload(PLAN).controller,
        by: "resume",
        onto: null,
      })]);
    }
  }

  get deaths(): number {
    return this.#deaths;
  }

  /** The tasks in the head of the run, first merged first. */
  get delivered(): readonly string[] {
    return this.#contents.get(this.world.heads.at(-1) ?? "") ?? [];
  }

  /** Whether the run came to its end in the hands of one process. */
  async #conduct(): Promise<boolean> {
    const { world } = this;
    const process = new SimulatedProcess(world);
    const state = applyAll(createRunState(PLAN), world.events);
    const ports = simulatedPorts(world, process, ({ index }) => {
      if (this.#isDue(index, false)) this.#kill(process);
    });
    let end: unknown;
    new Controller(state, this.#mortal(ports, process)).run().then(
      (ended) => end = ended,
      (error) => process.isAlive && (end = error),
    );
    for (let step = 0; end === undefined && process.isAlive; step++) {
      assert(step < 20_000, "the run comes to an end");
      await new Promise((resolve) => setImmediate(resolve));
      world.clock.advance(world.hasNews);
    }
    if (end instanceof Error) throw end;
    return end !== undefined;
  }

  #isDue(index: number, isBefore: boolean): boolean {
    return this.#deaths === 0 && this.#death?.index === index && this.#death.isBefore === isBefore;
  }

  #kill(process: SimulatedProcess): void {
    this.#deaths += 1;
    process.die();
  }

  /** Ports of a process that dies before a write, with a gate that tells spoiled trees. */
  #mortal(ports: RunPorts, process: SimulatedProcess): RunPorts {
    const { attempts, merger, log } = ports;
    if (merger === null) throw new Error("The simulation merges");
    return {
      ...ports,
      attempts: {
        start: (request) => succeeding(this.#working(attempts.start(request))),
        leftBehind: async (...lost) =>
          (await attempts.leftBehind(...lost)).map((attempt) => this.#working(attempt)),
      },
      merger: { ...merger, merge: (...request) => this.#merge(merger, ...request) },
      gates: { run: (request) => this.#judge(process, request) },
      log: {
        ...log,
        append: async (drafts, options) => {
          const next = this.world.events.length;
          if (drafts.some((_, at) => this.#isDue(next + at, true))) this.#kill(process);
          return await log.append(drafts, options);
        },
      },
    };
  }

  /** An attempt that leaves a change, whatever chance had in mind for it. */
  #working(attempt: Attempt): Attempt {
    const { task_id } = attempt.ref;
    const [commit, tree] = [`work of ${task_id}`, `tree of ${task_id}`].map((each) =>
      this.world.object(each)
    );
    const inherited = attempt.pin.bind(attempt);
    const pin: Attempt["pin"] = async (...how) => ({
      ...await inherited(...how),
      ...{ commit: commit ?? "", tree: tree ?? "", ref: "refs/omk/test" },
      changed: [{ path: `${task_id}.txt`, change: "added" }],
    });
    return Object.defineProperty(attempt, "pin", { value: pin });
  }

  async #merge(merger: Merger, ...request: Parameters<Merger["merge"]>): ReturnType<Merger["merge"]> {
    const [head, , , { message }] = request;
    const result = await merger.merge(...request);
    const id = /Omk-Task: (.*)/.exec(message)?.[1] ?? "";
    if (result.kind === "merged") this.#contents.set(result.commit, [...this.#contents.get(head) ?? [], id]);
    return result;
  }

  async #judge(process: SimulatedProcess, request: GateRequest): Promise<GateResult> {
    const { gate, runNumber, tree, commit, signal } = request;
    await process.sleep(gate.name === "slow" ? 300 : 100, signal);
    const evidence = {
      ...{ gate: gate.name, scope: gate.scope, run_number: runNumber, required: gate.required, tree, commit },
      ...{ task_id: null, token: null, definition: "0".repeat(64), exit_code: 0, signal: null },
      ...{ timed_out: false, duration_ms: 1, output: null, changed: [], untracked: [], counts: null },
    };
    const unjudged = { ...evidence, reason: "was ended", infrastructure: false, ended: true } as const;
    if (signal.aborted) return { passed: false, evidence: unjudged };
    const isRed = gate.name === "clean" && this.#contents.get(commit ?? "")?.includes("c") === true;
    if (!isRed) return { passed: true, evidence };
    return { passed: false, evidence: { ...evidence, reason: "exited with 1", infrastructure: false } };
  }
}

/** An attempt that ends well. */
function succeeding(attempt: Attempt): Attempt {
  const value = attempt.ended.then(() => makeOutcome("success"));
  return Object.defineProperty(attempt, "ended", { value });
}

/** Whether an event is about merges or what judges them. */
function isOfBatch({ kind }: RunEvent): boolean {
  return /^(?:merge|gate)_/.test(kind) || kind === "task_completed" || kind === "task_failed";
}

/** The run has ended as one that nobody has disturbed. */
function assertSound(run: Run, what: string): void {
  const state = applyAll(createRunState(PLAN), run.world.events);
  assertEquals([run.world.violations, state.run.violations], [[], []], what);
  assertEquals(state.run.status, "not_ready", what);
  assertEquals(
    state.tasks.map((task) => `${task.id} ${task.state}`),
    IDS.map((id) => `${id} ${id === "c" ? "failed" : "completed"}`),
    what,
  );
  assertEquals(run.delivered.toSorted(), IDS.filter((id) => id !== "c"), `P6, P7: ${what}`);
  assertEquals(state.run.head?.commit, run.world.heads.at(-1), what);
  const completed = run.world.events.flatMap((event) =>
    event.kind === "task_completed" ? [event.payload.task_id] : []
  );
  assertEquals(completed, run.delivered, `each once, in the order of the head: ${what}`);
  const again = createRunState(PLAN);
  for (const event of run.world.events) apply(again, event);
  assertEquals(runStateJson(again), runStateJson(state), `P1: ${what}`);
}

Deno.test("P1 P6 P7: a controller may die before and after every event of a batch of merges: it is judged to its end all the same", async () => {
  const quiet = new Run(null);
  await quiet.toEnd();
  assertSound(quiet, "nobody dies");
  const points = quiet.world.events.filter(isOfBatch);
  assert(points.length > 30, `${points.length} points`);
  for (const { index, kind } of points) {
    for (const isBefore of [true, false]) {
      const run = new Run({ index, isBefore });
      await run.toEnd();
      const what = `death ${isBefore ? "before" : "after"} event ${index} (${kind})`;
      assertEquals(run.deaths, 1, what);
      assertSound(run, what);
    }
  }
});
