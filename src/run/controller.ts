/**
 * The controller: the one writer of a run's facts. It asks the scheduler what to do, appends that, folds what was
 * committed, and carries out what follows from it. Whatever is carried out reports back through `commit`.
 */

import { isSystemError, OmkError, reasonOf } from "../errors.ts";
import { draft, type EventDraft, type RunEvent } from "../log/event.ts";
import { KINDS, type PayloadOf, type RunStatus } from "../log/kinds.ts";
import type { LogHead } from "../log/port.ts";
import { controllerActor, decide, isQuiet, lostOutcome, nextWake } from "../scheduler/decide.ts";
import { findTask, type RunState, taskAt } from "../scheduler/run_state.ts";
import { isRunOver, type UnwantedEnd, unwantedEnd } from "../scheduler/wanted.ts";
import { LOCAL_WORKER } from "../scheduler/workers.ts";
import { Alarm } from "./alarm.ts";
import { AttemptFlow } from "./attempt_flow.ts";
import { appendPatiently } from "./append_patiently.ts";
import { restage, runBatchFlow } from "./batch_flow.ts";
import { decideFinish } from "./finish.ts";
import { ControllerFault, type ControllerHandle, type DraftMaker } from "./controller_handle.ts";
import { runGateFlow } from "./gate_flow.ts";
import { GateTurns } from "./gate_turns.ts";
import { Inbox } from "./inbox.ts";
import { compareTests } from "./compare_tests.ts";
import { runMergeFlow } from "./merge_flow.ts";
import { Leases, renewedIn } from "./leases.ts";
import type { RunPorts } from "./ports.ts";
import { RemoteAttempt } from "./remote_attempt.ts";
import { RemoteAttempts } from "./remote_attempts.ts";
import { apply } from "./state.ts";
import { writeProof } from "./proof_flow.ts";
import { Vetting } from "./vetting.ts";
import { WorkerWatch } from "./worker_watch.ts";

/** How often the controller looks for what other processes have appended. */
const POLL_MS = 200;
/** How what is under way ends with the controller itself. */
const SHUTDOWN: UnwantedEnd = { reason: "shutdown", now: false };

/** How a run ended. */
export interface RunEnd {
  readonly status: RunStatus;
  readonly exit_code: number;
}

/** See the module. Make one for a state that is folded up to the end of the log, then `run` it once. */
export class Controller implements ControllerHandle {
  readonly state: RunState;
  readonly ports: RunPorts;
  readonly gateTurns: GateTurns;
  readonly #abort = new AbortController();
  /** Ends the gates of the run when nobody wants their verdict any more. */
  readonly #stop = new AbortController();
  readonly #flows = new Map<number, AttemptFlow>();
  /** Null where nobody else works for the run. */
  readonly #remotes: RemoteAttempts | null;
  readonly #effects = new Set<Promise<void>>();
  readonly #inbox = new Inbox();
  /** Resolves when the merges that a predecessor had staged are there again; others are made on them. */
  #staged: Promise<void> = Promise.resolve();
  #wake = Promise.withResolvers<void>();
  #fault: unknown = null;
  #proofHead: LogHead | null = null;
  readonly #leases: Leases;
  readonly #watch: WorkerWatch;
  readonly #alarm: Alarm;
  /** Null where nobody is looked at. */
  readonly #vetting: Vetting | null;
  #endNow = false;
  /** Whether another process has appended a fact. */
  #isForged = false;

  constructor(state: RunState, ports: RunPorts) {
    this.state = state;
    this.ports = ports;
    this.gateTurns = new GateTurns(state, () => this.attempts());
    this.#leases = new Leases(this, () => this.attempts());
    this.#watch = new WorkerWatch(this, () => this.attempts());
    this.#alarm = new Alarm(ports.clock, () => this.#wake.resolve());
    this.#vetting = ports.askers === undefined ? null : new Vetting(this, ports.askers);
    this.#remotes = ports.extra === undefined
      ? null
      : new RemoteAttempts(this, ports.extra, (error) => this.#fail(error));
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Ends what still runs without grace, as a second Ctrl-C asks for. */
  endNow(): void {
    this.#endNow = true;
    this.#reconcile();
  }

  commit(make: DraftMaker): Promise<void> {
    return this.#post(make, false);
  }

  commitFirst(make: DraftMaker): Promise<void> {
    return this.#post(make, true);
  }

  #post(make: DraftMaker, isUrgent: boolean): Promise<void> {
    if (this.signal.aborted) return Promise.reject(this.#reasonOfEnd());
    this.#wake.resolve();
    return this.#inbox.post(make, isUrgent);
  }

  /**
   * Takes up what the state says is under way, then goes on until the run is finished.
   *
   * @throws what the log throws when it cannot be written any more; the bodies have been ended by then.
   */
  async run(): Promise<RunEnd> {
    const { log } = this.ports;
    const unsubscribe = log.subscribe((event, own) => this.#applied(event, own));
    const poller = this.#poll();
    const watcher = this.#watch.run().catch((error) => this.#fail(error));
    try {
      await this.#takeUp();
      // Where somebody else has ended the run, the report of that is still to be appended.
      while (this.state.run.phase === "active" || !this.#inbox.isEmpty) {
        await this.#turn();
        this.#keepSnapshot(false);
      }
      const { status, exit_code } = this.state.run;
      if (status === null || exit_code === null) {
        throw new ControllerFault({ what: "Cannot tell how the run ended", why: "it has no status" });
      }
      this.#keepSnapshot(true);
      return { status, exit_code };
    } catch (error) {
      this.#fault = error;
      throw error;
    } finally {
      this.#endNow = true;
      this.#abort.abort();
      this.#alarm[Symbol.dispose]();
      this.#inbox.close(this.#reasonOfEnd());
      this.#reconcile();
      await Promise.allSettled([...this.#effects, poller, watcher]);
      unsubscribe();
    }
  }

  /** The attempts at work, for displays. */
  attempts(): Iterable<AttemptFlow> {
    return this.#flows.values();
  }

  async #turn(): Promise<void> {
    if (this.#fault !== null) throw this.#fault;
    const wake = this.#wake = Promise.withResolvers<void>();
    const clock = this.ports.clock;
    await this.#inbox.drain(this.state, () => clock.now(), (drafts) => this.#append(drafts));
    if (this.state.run.phase !== "active") return;
    const now = clock.now();
    // Whoever waits for the log, or sleeps, takes no lease away; and whoever renews leases keeps nothing from going on.
    const timely = this.#keepTime(now);
    const underway = { held: this.#vetting?.held, renewed: renewedIn(timely) };
    let drafts: readonly EventDraft[] = [...timely, ...decide(this.state, now, underway)];
    if (drafts.length === 0 && this.#inbox.isEmpty && this.#flows.size === 0 && isQuiet(this.state)) {
      drafts = decideFinish(this.state, now);
    }
    if (drafts.length > 0) {
      this.#carryOut(await this.#append(drafts));
      return;
    }
    if (!this.#inbox.isEmpty || this.#fault !== null) return;
    // Until somebody posts or appends, or the next moment at which time alone decides.
    this.#alarm.ringAt(Math.min(nextWake(this.state, now) ?? Infinity, this.#leases.nextRenewal()), now);
    await wake.promise;
  }

  async #append(drafts: readonly EventDraft[]): Promise<readonly RunEvent[]> {
    const alone = drafts.some((each) => each.kind === "proof_writing");
    const events = await appendPatiently(this.ports, drafts, { alone, signal: this.signal });
    if (this.#fault !== null) throw this.#fault;
    return events;
  }

  /** Folds one committed event. Runs inside the log's delivery, so it must not throw. */
  #applied(event: RunEvent, own: boolean): void {
    try {
      const violations = this.state.run.violations.length;
      apply(this.state, event);
      // What was decided before a forged fact came to light may not fit it; the run ends for that fact, not for this.
      if (own && !this.#isForged && this.state.run.violations.length > violations) {
        const why = this.state.run.violations.at(-1)?.why;
        this.#fail(
          new ControllerFault({ what: `Cannot go on after event ${event.index}`, where: event.kind, why }),
        );
      }
      if (!own && KINDS[event.kind].class === "fact") this.#reportForgery(event);
      if (own && event.kind === "proof_writing") this.#proofHead = this.ports.log.head();
      const vetted = own ? undefined : this.#vetting?.look(event);
      if (vetted !== undefined) this.#track(vetted);
      this.#remotes?.see(event);
      this.ports.onEvent?.(event);
    } catch (error) {
      this.#fail(error);
    }
    this.#reconcile();
    this.gateTurns.look();
    this.#wake.resolve();
  }

  #reportForgery(event: RunEvent): void {
    this.#isForged = true;
    const detail = `event ${event.index} (${event.kind}) was appended by another process than the controller`;
    const report = this.#post((state) => {
      const actor = controllerActor(state);
      const failed = draft("run_failed", "run", actor, { reason: "log_tampered", detail });
      return [draft("log_tampered", "run", actor, { at: event.index }), failed];
    }, true);
    this.#track(report);
  }

  /** Starts what the committed facts call for. */
  #carryOut(events: readonly RunEvent[]): void {
    for (const event of events) {
      switch (event.kind) {
        case "task_claimed":
          this.#startAttempt(event.payload.task_id);
          break;
        case "merge_started":
          this.#startMerge();
          break;
        case "merge_judging":
          this.#startBatch();
          break;
        case "result_refused":
          this.#keepStale(event.payload);
          break;
        case "gate_started":
          this.#track(runGateFlow(this, event.payload, this.#stop.signal));
          break;
        case "tests_comparing":
          if (this.ports.merger === null) break;
          this.#track(compareTests(this, this.ports.merger, event.payload, this.#stop.signal));
          break;
        case "proof_writing":
          this.#startProof();
          break;
        default:
          break;
      }
    }
  }

  /** What a dead predecessor had begun. A run that has just started has nothing of the kind. */
  async #takeUp(): Promise<void> {
    if (this.state.run.incarnation === 1) return;
    const remote = this.#takeUpRemote();
    const lost = lostOutcome("the omk process that ran it is gone");
    for (const left of await this.ports.attempts.leftBehind(lost, remote)) {
      const flow = new AttemptFlow(this, left);
      this.#follow(flow, flow.finishLeftBehind());
    }
    for (const ordinal of this.state.index.active) {
      const { task } = taskAt(this.state, ordinal);
      if (task.token === null || this.#flows.has(task.token)) continue;
      this.#track(AttemptFlow.giveUp(this, { task_id: task.id, attempt: task.attempt, token: task.token }));
    }
    if (this.ports.merger !== null) this.#track(this.#staged = restage(this, this.ports.merger));
    if (this.state.run.merge !== null) this.#startMerge();
    if (this.state.run.batch?.phase === "judging") this.#startBatch();
  }

  /** The attempts of extra workers: those that live go on, of the others what they left is taken. Returns their tokens. */
  #takeUpRemote(): ReadonlySet<number> {
    const tokens = new Set<number>();
    if (this.#remotes === null) return tokens;
    for (const ordinal of this.state.index.active) {
      const { task } = taskAt(this.state, ordinal);
      if (task.token === null || task.owner === null || task.owner === LOCAL_WORKER) continue;
      tokens.add(task.token);
      this.#startAttempt(task.id);
    }
    return tokens;
  }

  #startAttempt(taskId: string): void {
    const { owner } = findTask(this.state, taskId)?.task ?? { owner: null };
    const isRemote = owner !== null && owner !== LOCAL_WORKER && this.#remotes !== null;
    const flow = isRemote ? this.#remotes.flowOf(owner, taskId) : AttemptFlow.start(this, taskId);
    this.#follow(flow, flow.run());
  }

  /** What a worker reported too late is not taken as a result, but its work is kept. */
  #keepStale({ request, ...ref }: PayloadOf<"result_refused">): void {
    if (request === undefined || this.#remotes === null || this.#flows.has(ref.token)) return;
    const kept = this.#remotes.staleFlow(ref).then(async (flow) => {
      if (flow === null) return;
      this.#flows.set(ref.token, flow);
      await flow.keepStale().finally(() => this.#flows.delete(ref.token));
    });
    this.#track(kept);
  }

  #follow(flow: AttemptFlow, work: Promise<void>): void {
    const { token } = flow.attempt.ref;
    this.#flows.set(token, flow);
    this.#watch.wake();
    this.#track(work.finally(() => this.#flows.delete(token)));
    this.#reconcile();
  }

  #startMerge(): void {
    const { merger } = this.ports;
    const { merge } = this.state.run;
    if (merger === null || merge === null) return;
    this.#track(this.#staged.then(() => runMergeFlow(this, merger, merge)));
  }

  #startBatch(): void {
    const { merger } = this.ports;
    const { batches } = this.state.run;
    if (merger === null || batches === undefined) return;
    this.#track(this.#staged.then(() => runBatchFlow(this, merger, batches, this.#stop.signal)));
  }

  #startProof(): void {
    const head = this.#proofHead;
    if (head !== null) this.#track(writeProof(this, head));
  }

  #keepSnapshot(isEnd: boolean): void {
    const kept = this.ports.snapshots?.keep(this.state, isEnd);
    if (kept !== undefined) this.#track(kept);
  }

  /** Watches over a flow: what escapes it is a fault that ends the run. */
  #track(flow: Promise<void>): void {
    const watched = flow.catch((error) => this.#fail(error)).finally(() => {
      this.#effects.delete(watched);
      this.#wake.resolve();
    });
    this.#effects.add(watched);
  }

  /** Ends the attempts that are not wanted any more. */
  #reconcile(): void {
    const isGivingUp = this.#fault !== null || this.signal.aborted;
    if (isGivingUp || isRunOver(this.state) || this.state.run.cancel !== null) this.#stop.abort();
    for (const flow of this.#flows.values()) {
      const { attempt } = flow;
      const end = isGivingUp ? SHUTDOWN : unwantedEnd(this.state, attempt.ref);
      if (end === null) {
        if (flow.isStalled()) flow.end("stalled", this.#endNow);
        continue;
      }
      const isNobodys = isGivingUp || !flow.isCurrent();
      if (attempt instanceof RemoteAttempt && isNobodys && attempt.abandon(!isGivingUp)) flow.abandon();
      else flow.end(end.reason, end.now || this.#endNow);
    }
  }

  /** A jump of the clock, and the leases that are to be renewed. */
  #keepTime(now: number): readonly EventDraft[] {
    if (this.state.run.proof_writing !== null) return [];
    const jump = this.ports.clock.jump();
    const renewals = this.#leases.renewals(now);
    if (jump === undefined) return renewals;
    return [draft("clock_jumped", "run", controllerActor(this.state), jump), ...renewals];
  }

  async #poll(): Promise<void> {
    const { clock, log } = this.ports;
    while (!this.signal.aborted) {
      await clock.sleep(POLL_MS, this.signal);
      if (this.signal.aborted) return;
      this.#leases.tick();
      try {
        await log.poll();
        await this.#remotes?.look();
      } catch (error) {
        this.#fail(error);
        return;
      }
    }
  }

  #fail(error: unknown): void {
    this.#fault ??= error instanceof OmkError ? error : new ControllerFault({
      what: "Cannot go on with the run",
      why: reasonOf(error),
      fix: isSystemError(error)
        ? "check the disk and its permissions, then go on with omk resume"
        : "report this as a fault of omk",
      cause: error,
    });
    this.#wake.resolve();
  }

  #reasonOfEnd(): unknown {
    return this.#fault ?? new ControllerFault({ what: "Cannot append", why: "the run has ended" });
  }
}
