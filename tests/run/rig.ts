/** A controller with workers, merges, gates and proofs that a test decides over; the log is in memory. */

import type { GateRequest, GateResult } from "../../src/gates/port.ts";
import type { CommitMeta, Pin } from "../../src/git/port.ts";
import { draft, type RunEvent } from "../../src/log/event.ts";
import type { AttemptOutcome, OutcomeResult, ReviewFinding } from "../../src/log/kinds.ts";
import { MemoryLog } from "../../src/log/memory_log.ts";
import type { Plan } from "../../src/plan/spec.ts";
import type { Origin } from "../../src/process/origin.ts";
import type { EndReason } from "../../src/process/port.ts";
import { Controller, type RunEnd } from "../../src/run/controller.ts";
import { runDirectoryAt } from "../../src/run/directory.ts";
import type { PlanReader } from "../../src/run/planning/port.ts";
import type { SnapshotKeeper } from "../../src/run/run_snapshot.ts";
import { apply, applyAll } from "../../src/run/state.ts";
import { createRunState, type RunState, runStateJson } from "../../src/scheduler/run_state.ts";
import type { Heartbeat, HeartbeatReading } from "../../src/watchdog/heartbeat.ts";
import type { Activity, Attempt, AttemptRequest, IterationRequest } from "../../src/worker/port.ts";
import { makeOutcome, RUN_ID, startPayload } from "./fixture.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** A controller looks for news so often; it alone sleeps exactly so long. */
const POLL_MS = 200;

/** The process behind everything here. */
const SELF = { pid: 1, pgid: 1, start_time: null, boot_id: null };

/** A file that nobody reads. */
const ARTIFACT = { path: "file", bytes: 1, kept_bytes: 1, truncated: false, sha256: "0".repeat(64) };

/** What a test decides over. */
export interface Script {
  /** What the run starts with beside its plan; default: nothing special. */
  readonly start?: Parameters<typeof startPayload>[1];
  /** Result of an attempt; default: success. Null: it runs until somebody ends it. */
  readonly outcome?: (taskId: string, attempt: number) => OutcomeResult | null;
  /** What the attempt of a review finds; default: nothing. */
  readonly findings?: (taskId: string, attempt: number) => readonly ReviewFinding[];
  /** The candidate that the attempt of a review picks, where it is asked for one; default: none. */
  readonly pick?: (taskId: string, attempt: number) => string | undefined;
  /** Reviews whose attempts report no findings at all; default: none. */
  readonly silent?: readonly string[];
  /** Whether an attempt changed anything; default: it did, unless it is a review. */
  readonly changes?: (taskId: string) => boolean;
  /** Paths of a conflict at the merge on a commit that holds the work of other tasks; default: none. */
  readonly conflict?: (taskId: string, attempt: number, there: readonly string[]) => readonly string[];
  /** Whether a gate passes, or times out; default: it passes. Once its signal has come it has no verdict. */
  readonly gate?: (request: GateRequest) => boolean | "timed_out" | Promise<boolean>;
  /** Result of a later iteration of a loop; default: success. Null: it runs until somebody ends it. */
  readonly iteration?: (taskId: string, iteration: number) => OutcomeResult | null;
  /** The tree of every pin; default: another one for each. */
  readonly tree?: string;
  /** Milliseconds that a body takes; default 100. */
  readonly duration?: (taskId: string) => number;
  /** How far a body is at a moment of the clock, in bytes of output; default: at every moment somewhere else. */
  readonly progress?: (taskId: string, now: number) => number;
  /** The last line that an attempt has printed; default: none. */
  readonly line?: (taskId: string) => string;
  /** The heartbeat of another worker at a moment of the clock; default: there is none. */
  readonly heartbeat?: (worker: string, now: number) => HeartbeatReading;
  /** Where the process of a request comes from; default: nobody looks. */
  readonly originOf?: (pid: number) => Origin;
  /** Reads what agents answer that were asked for a plan. */
  readonly planReader?: PlanReader;
  /** Is asked to keep the state. */
  readonly keep?: SnapshotKeeper["keep"];
}

/** See the module. */
export class Rig {
  readonly clock = new VirtualClock();
  readonly log = new MemoryLog({ runId: RUN_ID, clock: this.clock });
  readonly events: RunEvent[] = [];
  readonly attempts = new Map<string, SimulatedAttempt>();
  /** What the controller has told of itself. */
  readonly heartbeats: Heartbeat[] = [];
  /** Once the run has begun. */
  controller: Controller | undefined;
  /** Processes of other workers that have ended. */
  readonly gone = new Set<number>();
  /** How far the wall clock of heartbeats is from the clock, milliseconds. */
  wallOffset = 0;
  /** How the head of the run went. */
  readonly heads: (readonly [from: string, to: string])[] = [];
  readonly state: RunState;
  readonly #contents = new Map<string, readonly string[]>();
  readonly #plan: Plan;
  readonly #script: Script;
  #objects = 0;

  constructor(plan: Plan, script: Script = {}) {
    this.#plan = plan;
    this.#script = script;
    this.state = createRunState(plan);
  }

  /** Starts the run, and lets it go to its end; `during` sees each event. */
  async run(during: (event: RunEvent, rig: this) => void = () => {}): Promise<RunEnd> {
    const started = await this.log.append([
      draft("run_started", "run", "controller/1", startPayload(this.#plan, this.#script.start)),
    ]);
    for (const event of started) {
      this.events.push(event);
      apply(this.state, event);
    }
    const controller = this.controller = new Controller(this.state, {
      log: this.log,
      clock: {
        now: () => this.log.clock.now(),
        jump: () => this.log.clock.jump(),
        monotonic: () => this.clock.monotonic(),
        sleep: (ms, signal) => this.clock.sleep(ms, signal, ms === POLL_MS),
      },
      attempts: {
        start: (request) => this.#start(request),
        leftBehind: () => Promise.resolve([]),
      },
      heartbeats: {
        process: SELF,
        wall: () => this.clock.wall() + this.wallOffset,
        cpuTimes: () => Promise.resolve(new Map([[1, 0]])),
        write: (_worker, heartbeat) => Promise.resolve(void this.heartbeats.push(heartbeat)),
        read: (worker) =>
          Promise.resolve(this.#script.heartbeat?.(worker, this.clock.wall()) ?? { kind: "absent" }),
        isAlive: ({ pid }) => Promise.resolve(!this.gone.has(pid)),
      },
      ...(this.#script.originOf === undefined ? {} : {
        askers: { originOf: ({ pid }) => Promise.resolve(this.#script.originOf?.(pid) ?? "outside") },
      }),
      merger: {
        merge: (head, _pin, _base, meta) => Promise.resolve(this.#merge(head, meta)),
        diff: () => Promise.resolve("a diff\n"),
        patch: () => Promise.resolve(new Uint8Array()),
        advanceHead: (_run, from, to) => Promise.resolve(void this.heads.push([from, to])),
        publish: () => Promise.resolve(),
      },
      gates: { run: (request) => this.#gate(request) },
      proof: {
        write: () => {
          return Promise.resolve({ proof: ARTIFACT, failure: null, patch: null });
        },
      },
      identity: { name: "omk", email: "omk@localhost" },
      ...(this.#script.planReader === undefined ? {} : { planReader: this.#script.planReader }),
      runDirectory: runDirectoryAt("/nowhere", RUN_ID),
      directory: "/project",
      ...(this.#script.keep === undefined ? {} : { snapshots: { keep: this.#script.keep } }),
      onEvent: (event) => {
        this.events.push(event);
        during(event, this);
      },
    });
    return await this.clock.until(controller.run());
  }

  /** The state that folding the events anew gives. */
  foldAgain(): string {
    return runStateJson(applyAll(createRunState(this.#plan), this.events));
  }

  /** The tasks whose work is in a commit of the run's line, first merged first. */
  tasksIn(commit: string | null): readonly string[] {
    return this.#contents.get(commit ?? "") ?? [];
  }

  /** A new object id. */
  oid(): string {
    this.#objects += 1;
    return this.#objects.toString(16).padStart(40, "0");
  }

  #start(request: AttemptRequest): Attempt {
    const { task_id, attempt } = request.ref;
    const result = this.#script.outcome?.(task_id, attempt);
    const simulated = new SimulatedAttempt(this, request, {
      result: result === undefined ? "success" : result,
      changes: this.#script.changes?.(task_id) ?? request.spec.review === undefined,
      findings: request.spec.review === undefined || this.#script.silent?.includes(task_id)
        ? undefined
        : this.#script.findings?.(task_id, attempt) ?? [],
      pick: this.#script.pick?.(task_id, attempt),
      ms: this.#script.duration?.(task_id) ?? 100,
      tree: this.#script.tree,
      iteration: (number) => {
        const again = this.#script.iteration?.(task_id, number);
        return again === undefined ? "success" : again;
      },
      line: () => this.#script.line?.(task_id) ?? "",
      progress: () => this.#script.progress?.(task_id, this.clock.wall()) ?? this.clock.wall(),
    });
    this.attempts.set(task_id, simulated);
    return simulated;
  }

  #merge(head: string, meta: CommitMeta) {
    const taskId = /Omk-Task: (.*)/.exec(meta.message)?.[1] ?? "";
    const attempt = Number(/Omk-Attempt: (.*)/.exec(meta.message)?.[1]);
    const there = this.tasksIn(head);
    const paths = this.#script.conflict?.(taskId, attempt, there) ?? [];
    if (paths.length > 0) return { kind: "conflict", paths, detail: "text" } as const;
    const [commit, tree] = [this.oid(), this.oid()];
    this.#contents.set(commit, [...there, taskId]);
    return { kind: "merged", commit, tree } as const;
  }

  async #gate(request: GateRequest): Promise<GateResult> {
    const evidence = {
      gate: request.gate.name,
      scope: request.gate.scope,
      run_number: request.runNumber,
      required: request.gate.required,
      tree: request.tree,
      commit: request.commit,
      task_id: request.task?.id ?? null,
      token: request.task?.token ?? null,
      definition: "0".repeat(64),
      exit_code: 0,
      signal: null,
      timed_out: false,
      duration_ms: 1,
      output: null,
      changed: [],
      untracked: [],
      counts: null,
    };
    const end = await this.#script.gate?.(request) ?? true;
    if (request.signal.aborted) {
      const reason = "was ended before it came to a verdict";
      const unjudged = { ...evidence, exit_code: null, signal: "SIGTERM", reason, infrastructure: false };
      return { passed: false, evidence: { ...unjudged, ended: true } };
    }
    if (end === true) return { passed: true, evidence };
    if (end === false) {
      const output = {
        path: gateLog(request),
        bytes: 1,
        kept_bytes: 1,
        truncated: false,
        sha256: "0".repeat(64),
      };
      const failed = { ...evidence, output, exit_code: 1, reason: "exited with 1", infrastructure: false };
      return { passed: false, evidence: failed };
    }
    const reason = "did not end within 1 s";
    const late = { ...evidence, exit_code: null, timed_out: true, reason, infrastructure: true };
    return { passed: false, evidence: late };
  }
}

/** Where a gate that fails keeps its output, relative to the run's directory. */
export function gateLog({ gate, runNumber }: Pick<GateRequest, "gate" | "runNumber">): string {
  return `gates/${gate.name}-${runNumber}.log`;
}

/** An attempt whose end is decided beforehand. */
export class SimulatedAttempt implements Attempt {
  readonly ref: Attempt["ref"];
  readonly started: Attempt["started"];
  readonly ended: Promise<AttemptOutcome>;
  readonly released: boolean[] = [];
  /** What it was asked to begin with and to repeat. */
  readonly iterations: IterationRequest[] = [];
  readonly #rig: Rig;
  /** What it was asked for. */
  readonly request: AttemptRequest;
  readonly #changes: boolean;
  readonly #findings: readonly ReviewFinding[] | undefined;
  readonly #pick: string | undefined;
  readonly #progress: () => number;
  readonly #line: () => string;
  readonly #tree: string | undefined;
  readonly #iteration: (number: number) => OutcomeResult | null;
  readonly #ms: number;
  #isOver = false;
  #end = Promise.withResolvers<AttemptOutcome>();

  constructor(
    rig: Rig,
    request: AttemptRequest,
    fate: {
      readonly result: OutcomeResult | null;
      readonly changes: boolean;
      readonly findings: readonly ReviewFinding[] | undefined;
      readonly pick: string | undefined;
      readonly ms: number;
      readonly tree: string | undefined;
      readonly iteration: (number: number) => OutcomeResult | null;
      readonly progress: () => number;
      readonly line: () => string;
    },
  ) {
    this.#rig = rig;
    this.request = request;
    this.#changes = fate.changes;
    this.#findings = fate.findings;
    this.#pick = fate.pick;
    this.#tree = fate.tree;
    this.#iteration = fate.iteration;
    this.#ms = fate.ms;
    this.#progress = fate.progress;
    this.#line = fate.line;
    this.ref = request.ref;
    this.started = Promise.resolve({ process: SELF, slot: this.slot() });
    this.ended = this.#end.promise;
    void this.ended.then(() => this.#isOver = true);
    if (request.iteration !== undefined) this.iterations.push(request.iteration);
    if (request.iteration?.isKept) this.#end.resolve(makeOutcome("success"));
    else this.#endLater(fate.result);
  }

  again(iteration: IterationRequest): Promise<AttemptOutcome> {
    this.iterations.push(iteration);
    this.#end = Promise.withResolvers();
    this.#isOver = false;
    this.#endLater(this.#iteration(iteration.number));
    return this.#end.promise;
  }

  #endLater(result: OutcomeResult | null): void {
    const { resolve } = this.#end;
    if (result === null) return;
    const duration_ms = this.#ms;
    this.#rig.clock.sleep(duration_ms).then(() => {
      this.#isOver = true;
      const reply = this.request.spec.planning === undefined ? {} : { reply: ARTIFACT };
      const found = this.#findings === undefined ? {} : { findings: [...this.#findings] };
      const picked = this.#pick === undefined ? {} : { pick: { task_id: this.#pick, why: "it is short" } };
      resolve(makeOutcome(result, { duration_ms, ...reply, ...found, ...picked }));
    });
  }

  end(reason: EndReason): void {
    this.#end.resolve(
      reason === "stalled" ? makeOutcome("stalled") : makeOutcome("cancelled", { detail: "ended" }),
    );
  }

  slot(): string | null {
    return this.request.base === null ? null : "w1";
  }

  activity(): Activity {
    const voice = { output_bytes: this.#progress(), heard_at: null, last_line: this.#line() };
    return { stage: this.#isOver ? "over" : "body", pid: 1, voice };
  }

  collectOutputs() {
    return Promise.resolve({ stored: [], missing: this.request.spec.outputs });
  }

  pin(): Promise<Pin> {
    const kept = this.#changes;
    return Promise.resolve({
      commit: kept ? this.#rig.oid() : null,
      tree: this.#tree ?? this.#rig.oid(),
      ref: kept ? "refs/omk/test" : null,
      changed: kept ? [{ path: `${this.ref.task_id}.txt`, change: "added" as const }] : [],
      by_products: [],
      by_products_capped: false,
      unpinned: [],
      set_aside: false,
      secrets: [],
    });
  }

  release(): Promise<void> {
    this.released.push(true);
    return Promise.resolve();
  }
}
