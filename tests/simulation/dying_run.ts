/** One run in a world without faults but for one: its controller dies at a chosen event, and the next one goes on. */

import { assert, assertEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import type { GateRequest, GateResult } from "../../src/gates/port.ts";
import type { Pin } from "../../src/git/port.ts";
import { draft, type RunEvent } from "../../src/log/event.ts";
import type { AttemptOutcome } from "../../src/log/kinds.ts";
import type { Plan } from "../../src/plan/spec.ts";
import { Controller } from "../../src/run/controller.ts";
import type { Merger, RunPorts } from "../../src/run/ports.ts";
import { apply, applyAll } from "../../src/run/state.ts";
import { createRunState, type RunState, runStateJson } from "../../src/scheduler/run_state.ts";
import type { Attempt } from "../../src/worker/port.ts";
import { makeOutcome, startPayload } from "../run/fixture.ts";
import { Faults } from "./faults.ts";
import { Random } from "./random.ts";
import { simulatedPorts } from "./simulated_ports.ts";
import { SimulatedProcess, World } from "./world.ts";

/** The moment of a death: as soon as the event is folded, or when it is to be written and all before it is done. */
export interface Death {
  readonly index: number;
  readonly isBefore: boolean;
}

/** What a test decides over. */
export interface Behaviour {
  /** How the attempt of a task ends, by the log so far; default: well. */
  readonly outcome?: (taskId: string, events: readonly RunEvent[]) => AttemptOutcome;
  /** Whether the attempts of a task change anything; default: they do. */
  readonly changes?: (taskId: string) => boolean;
  /** Whether a gate passes on a commit that holds the work of these tasks; default: it does. */
  readonly gate?: (gate: string, tasks: readonly string[]) => boolean;
  /** Milliseconds that a gate takes; default 100. */
  readonly gateMs?: (gate: string) => number;
}

/** See the module. */
export class DyingRun {
  readonly world: World;
  readonly #plan: Plan;
  readonly #behaviour: Behaviour;
  readonly #death: Death | null;
  /** The tasks whose work is in a commit. */
  readonly #contents = new Map<string, readonly string[]>();
  #deaths = 0;

  constructor(plan: Plan, behaviour: Behaviour, death: Death | null) {
    const faults = new Faults(new Random(1));
    faults.stop();
    this.world = new World(new Random(1), faults, plan);
    this.#plan = plan;
    this.#behaviour = behaviour;
    this.#death = death;
  }

  /** Runs to the end, over as many processes as it takes. */
  async toEnd(): Promise<void> {
    const { world } = this;
    const started = startPayload(this.#plan);
    await world.log.append([draft("run_started", "run", "controller/1", started)]);
    for (let incarnation = 2; !await this.#conduct(); incarnation++) {
      await world.log.poll();
      world.restartClock();
      await world.log.append([draft("run_resumed", "run", `controller/${incarnation}`, {
        incarnation,
        controller: started.controller,
        by: "resume",
        onto: null,
      })]);
    }
  }

  /** How often the controller died. */
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
    const state = applyAll(createRunState(this.#plan), world.events);
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

  /** Ports of a process that dies before a write, with attempts and gates as the test wants them. */
  #mortal(ports: RunPorts, process: SimulatedProcess): RunPorts {
    const { attempts, merger, log } = ports;
    if (merger === null) throw new Error("The simulation merges");
    return {
      ...ports,
      attempts: {
        start: (request) => this.#ending(this.#working(attempts.start(request))),
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

  /** An attempt that leaves what the test wants, whatever chance had in mind for it. */
  #working(attempt: Attempt): Attempt {
    const { task_id } = attempt.ref;
    const [commit = "", tree = ""] = [`work of ${task_id}`, `tree of ${task_id}`].map((each) =>
      this.world.object(each)
    );
    const left: Partial<Pin> = this.#behaviour.changes?.(task_id) === false
      ? { commit: null, tree, ref: null, changed: [] }
      : { commit, tree, ref: "refs/omk/test", changed: [{ path: `${task_id}.txt`, change: "added" }] };
    const inherited = attempt.pin.bind(attempt);
    const pin: Attempt["pin"] = async (...how) => ({ ...await inherited(...how), ...left });
    return Object.defineProperty(attempt, "pin", { value: pin });
  }

  /** An attempt that ends as the test wants it. */
  #ending(attempt: Attempt): Attempt {
    const { outcome = () => makeOutcome("success") } = this.#behaviour;
    const value = attempt.ended.then((own) =>
      own.result === "cancelled" ? own : outcome(attempt.ref.task_id, this.world.events)
    );
    return Object.defineProperty(attempt, "ended", { value });
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
    await process.sleep(this.#behaviour.gateMs?.(gate.name) ?? 100, signal);
    const evidence = {
      ...{ gate: gate.name, scope: gate.scope, run_number: runNumber, required: gate.required, tree, commit },
      ...{ task_id: null, token: null, definition: "0".repeat(64), exit_code: 0, signal: null },
      ...{ timed_out: false, duration_ms: 1, output: null, changed: [], untracked: [], counts: null },
    };
    const unjudged = { ...evidence, reason: "was ended", infrastructure: false, ended: true } as const;
    if (signal.aborted) return { passed: false, evidence: unjudged };
    const passes = this.#behaviour.gate?.(gate.name, this.#contents.get(commit ?? "") ?? []) ?? true;
    if (passes) return { passed: true, evidence };
    return { passed: false, evidence: { ...evidence, reason: "exited with 1", infrastructure: false } };
  }
}

/**
 * Lets the controller of a run die before and after every event of interest, of which a run that nobody disturbs has more
 * than `least`. However it was, the run must end without violations, sound in the eyes of the test, and P1: folded one
 * event at a time, its log must give the same state.
 */
export async function dieEverywhere(
  plan: Plan,
  behaviour: Behaviour,
  points: { readonly isPoint: (event: RunEvent) => boolean; readonly least: number },
  assertSound: (run: DyingRun, state: RunState, what: string) => void,
): Promise<void> {
  const conduct = async (death: Death | null, what: string): Promise<DyingRun> => {
    const run = new DyingRun(plan, behaviour, death);
    await run.toEnd();
    assertEquals(run.deaths, death === null ? 0 : 1, what);
    const { events, violations } = run.world;
    const state = applyAll(createRunState(plan), events);
    assertEquals([violations, state.run.violations], [[], []], what);
    assertSound(run, state, what);
    const again = createRunState(plan);
    for (const event of events) apply(again, event);
    assertEquals(runStateJson(again), runStateJson(state), `P1: ${what}`);
    return run;
  };
  const quiet = await conduct(null, "nobody dies");
  const chosen = quiet.world.events.filter(points.isPoint);
  assert(chosen.length > points.least, `${chosen.length} points`);
  for (const { index, kind } of chosen) {
    for (const isBefore of [true, false]) {
      await conduct({ index, isBefore }, `death ${isBefore ? "before" : "after"} event ${index} (${kind})`);
    }
  }
}
