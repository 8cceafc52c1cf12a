/** One attempt from its claim to its verdict: body, pin, outputs, gates, settlement. */

import { reasonOf } from "../errors.ts";
import { SlotLostError } from "../git/errors.ts";
import type { Pin } from "../git/port.ts";
import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import type { AttemptOutcome, StoredOutput } from "../log/kinds.ts";
import { CHANGED_PATHS_LISTED } from "../log/payloads.ts";
import type { TaskSpec } from "../plan/spec.ts";
import type { EndReason } from "../process/port.ts";
import { controllerActor, recoverAttempt } from "../scheduler/decide.ts";
import { findTask, type TaskView } from "../scheduler/run_state.ts";
import { isCurrent, settleAttempt } from "../scheduler/settle.ts";
import type { AttemptRef, LoopState, TaskState } from "../scheduler/task_state.ts";
import { recordUsage } from "../scheduler/usage.ts";
import type { Attempt, SlotFate } from "../worker/port.ts";
import { claimedRequest } from "./claimed_request.ts";
import { pinMessage } from "./commit_message.ts";
import { ControllerFault, type ControllerHandle } from "./controller_handle.ts";
import { outputPath } from "./directory.ts";
import { type GatePlace, refusedBy, runTaskGates } from "./gate_flow.ts";
import { firstIteration, type KeptIteration, runLoop } from "./loop_flow.ts";
import { fateOf, worsen } from "./pin_verdict.ts";
import { judgePlanReply } from "./planning/judge_reply.ts";
import { judgeWork } from "./work_verdict.ts";

/** See the module. */
export class AttemptFlow {
  readonly attempt: Attempt;
  readonly #controller: ControllerHandle;
  readonly #abort = new AbortController();
  /** Its verdict is made: nothing of it is left to be ended. */
  #isSettled = false;
  readonly #abandoned = Promise.withResolvers<null>();
  readonly #begun: LoopState | undefined;
  /** The tree that the gate of the loop passed on; null where there is none. */
  #judgedTree: string | null = null;

  /** `begun`: how far the loop of a lost attempt had come, which this one goes on with. */
  constructor(controller: ControllerHandle, attempt: Attempt, begun?: LoopState) {
    this.#controller = controller;
    this.attempt = attempt;
    this.#begun = begun;
  }

  /** Starts the attempt that was just claimed for the task in this process. */
  static start(controller: ControllerHandle, taskId: string): AttemptFlow {
    const { runDirectory, log } = controller.ports;
    const request = claimedRequest(controller.state, taskId, runDirectory, log);
    const begun = findTask(controller.state, taskId)?.task.loop;
    return new AttemptFlow(controller, controller.ports.attempts.start(request), begun);
  }

  /** Gives up an attempt of a dead process that left no slot behind. */
  static async giveUp(controller: ControllerHandle, ref: AttemptRef): Promise<void> {
    await controller.commit((state, now) => {
      const view = findTask(state, ref.task_id);
      const isOpen = view !== undefined && isCurrent(state, ref);
      return isOpen ? recoverAttempt(state, view, "the omk process that ran it is gone", now) : [];
    });
  }

  /** Whether the task's current attempt is this one. */
  isCurrent(): boolean {
    return isCurrent(this.#controller.state, this.attempt.ref);
  }

  /** Name of the worker that has it in hand. */
  worker(): string | null {
    return this.#view().task.owner;
  }

  /** Whether its body makes no progress and is to be ended for it. */
  isStalled(): boolean {
    const { task, spec } = this.#view();
    return this.isCurrent() && task.stalled !== undefined && spec.on_stall !== "warn" &&
      this.attempt.activity().stage === "body";
  }

  /**
   * Whether its lease is renewed: its worker is alive, and it gets on or is allowed to take its time. What is over is in
   * the hands of the controller, whoever has done it.
   */
  deservesLease(): boolean {
    if (this.attempt.activity().stage === "over") return true;
    const owner = this.worker();
    const { workers = [] } = this.#controller.state.run;
    return !this.isStalled() && !workers.some(({ worker, state }) => worker === owner && state === "dead");
  }

  /** End of the lease; null where the attempt holds none. */
  leaseExpires(): number | null {
    return this.isCurrent() ? this.#view().task.lease_expires : null;
  }

  /** Ends the body, and the gates of the task. */
  end(reason: EndReason, now: boolean): void {
    if (this.#isSettled) return;
    this.#abort.abort();
    this.attempt.end(reason, now);
  }

  /** Stops waiting for the attempt: it is another controller's, or nobody's. */
  abandon(): void {
    this.#abandoned.resolve(null);
  }

  /** Runs the attempt to its end. */
  async run(): Promise<void> {
    const { ref } = this.attempt;
    const abandoned = this.#abandoned.promise;
    const started = await Promise.race([this.attempt.started, abandoned]);
    if (started !== null) {
      await this.#controller.commit((state) =>
        this.isCurrent() && this.#view().task.state === "claimed"
          ? [draft("task_started", this.#subject(), controllerActor(state), {
            ...ref,
            process: started.process,
            slot: started.slot,
            output: this.#outputPath(),
          })]
          : []
      );
    }
    const body = await Promise.race([this.attempt.ended, abandoned]);
    if (body !== null) await this.#finish(this.#explained(await this.#repeat(body)));
  }

  /** Pins and gives back what an attempt whose report was refused has left: stale work is kept too (P6). */
  async keepStale(): Promise<void> {
    const body = await this.attempt.ended;
    if (this.attempt.slot() === null) return;
    const pinned = await this.#pin(body);
    if ("pin" in pinned) await this.attempt.release(fateOf(body, pinned.pin));
    else {
      await this.#giveUpSlot(
        pinned.isLost ? { setAside: false } : { setAside: true, reason: pinned.failure },
      );
    }
  }

  #outputPath(): string {
    const { ref } = this.attempt;
    const { loop } = this.#view().spec;
    if (loop === undefined) return outputPath(ref.task_id, ref.attempt);
    const { runDirectory } = this.#controller.ports;
    return firstIteration(loop, this.#view().spec, ref, this.#begun, runDirectory.path).output;
  }

  /** Repeats the body of a loop until its gate passes. */
  async #repeat(first: AttemptOutcome): Promise<AttemptOutcome> {
    const { spec } = this.#view();
    if (spec.loop === undefined || !this.isCurrent()) return first;
    const { outcome, tree } = await runLoop({
      controller: this.#controller,
      spec,
      loop: spec.loop,
      attempt: this.attempt,
      begun: this.#begun,
      signal: this.#signal(),
      keep: (each, iteration, spentMs) => this.#keep(each, iteration, spentMs),
    }, first);
    this.#judgedTree = tree;
    return outcome;
  }

  async #keep(outcome: AttemptOutcome, iteration: number, spentMs: number): Promise<KeptIteration> {
    if (this.attempt.slot() === null) return { place: null };
    const pinned = await this.#pin(outcome, { iteration, spent_ms: spentMs });
    if ("failure" in pinned) return pinned;
    return { place: this.#placeOf(pinned.pin) };
  }

  #placeOf(pin: Pin): GatePlace {
    return { commit: pin.commit ?? this.#view().task.base, tree: pin.tree };
  }

  /** Ends the gates of the task. */
  #signal(): AbortSignal {
    return AbortSignal.any([this.#controller.signal, this.#abort.signal]);
  }

  /**
   * Ends an attempt that a dead process left in its slot: what the log already says of its body stays true. A pin that
   * was made already is made again, the same by its date: what is checked against it was perhaps not checked yet.
   */
  async finishLeftBehind(): Promise<void> {
    const { task } = this.#view();
    // Before the intent to pin, the outcome in the log is that of an earlier attempt.
    const known = this.isCurrent() && isPinIntended(task) ? task.outcome : null;
    if (task.loop?.verdict === "passed") this.#judgedTree = task.loop.tree;
    const lost = await this.attempt.ended;
    await this.#finish(known ?? lost);
  }

  /** The outcome of a body that was ended as it made no progress, with what told so. */
  #explained(outcome: AttemptOutcome): AttemptOutcome {
    const { stalled } = this.#view().task;
    if (outcome.result !== "stalled" || outcome.detail !== undefined || stalled === undefined) return outcome;
    return { ...outcome, detail: stalled.reason };
  }

  async #finish(body: AttemptOutcome): Promise<void> {
    if (this.attempt.slot() === null) {
      const { outcome, outputs } = await this.#collect(body);
      await this.#settle(await this.#judgeReply(await this.#judge(outcome, null)), outputs);
      return;
    }
    const pinned = await this.#pin(body);
    if ("failure" in pinned) {
      const { failure, isLost } = pinned;
      const trouble = await this.#giveUpSlot(
        isLost ? { setAside: false } : { setAside: true, reason: failure },
      );
      await this.#settle(worsen(body, "workspace_error", failure + trouble), []);
      return;
    }
    const checked = judgeWork(this.#controller.state, this.#view(), body, {
      pin: pinned.pin,
      judgedTree: this.#judgedTree,
    });
    const { outcome, outputs } = await this.#collect(checked);
    await this.attempt.release(fateOf(body, pinned.pin));
    await this.#settle(await this.#judgeReply(await this.#judge(outcome, pinned.pin)), outputs);
  }

  /** Pins and publishes; a stale attempt's work is pinned like any other, only not recorded as current (P3, P6). */
  async #pin(
    outcome: AttemptOutcome,
    kept?: { readonly iteration: number; readonly spent_ms: number },
  ): Promise<
    { readonly pin: Pin } | { readonly failure: string; readonly isLost: boolean }
  > {
    const { ports } = this.#controller;
    const { ref } = this.attempt;
    const { task, spec } = this.#view();
    let date = task.pin_date ?? ports.clock.now();
    if (this.isCurrent() && (kept !== undefined || !isPinIntended(task))) {
      await this.#controller.commit((state, now) => {
        date = now;
        return this.isCurrent() && task.base !== null
          ? [
            draft("attempt_pinning", this.#subject(), controllerActor(state), {
              ...ref,
              slot: this.attempt.slot() ?? "",
              base: task.base,
              date: now,
              outcome,
              ...(kept === undefined ? {} : { iteration: kept.iteration }),
            }),
            ...(kept === undefined ? [] : recordUsage(state, spec, ref, outcome)),
          ]
          : [];
      });
    }
    try {
      const message = pinMessage(this.#controller.state.run.run_id, spec, ref.attempt);
      const pin = await this.attempt.pin({ identity: ports.identity, date, message }, kept?.iteration);
      if (pin.ref !== null) await ports.merger?.publish(this.#controller.state.run.run_id);
      const size = await this.#patchSize(spec, pin);
      await this.#controller.commit((state) =>
        this.isCurrent()
          ? [draft("attempt_pinned", this.#subject(), controllerActor(state), {
            ...ref,
            ref: pin.ref,
            commit: pin.commit,
            tree: pin.tree,
            changed: { count: pin.changed.length, paths: pin.changed.slice(0, CHANGED_PATHS_LISTED) },
            by_products: [...pin.by_products],
            by_products_capped: pin.by_products_capped,
            unpinned: [...pin.unpinned],
            set_aside: pin.set_aside,
            secrets: [...pin.secrets],
            ...size,
            ...kept,
          })]
          : []
      );
      return { pin };
    } catch (error) {
      if (this.#controller.signal.aborted) throw error;
      const isLost = error instanceof SlotLostError;
      return { failure: `its work could not be pinned: ${reasonOf(error)}`, isLost };
    }
  }

  /** How much a candidate changes, where the one that changes least is picked. */
  async #patchSize(spec: TaskSpec, { commit }: Pin): Promise<{ readonly patch_bytes?: number }> {
    const { state, ports } = this.#controller;
    const choice = spec.candidate_of === undefined ? undefined : findTask(state, spec.candidate_of)?.spec;
    const { base } = this.#view().task;
    if (choice?.attempts?.pick !== "smallest-diff" || commit === null || base === null) return {};
    return { patch_bytes: (await ports.merger?.patch(base, commit))?.length ?? 0 };
  }

  /**
   * Gives up a slot whose work could not be pinned; resolves with what to say of that. Where even the note beside the
   * slot cannot be written, its record still names this attempt, so nobody else touches it.
   */
  async #giveUpSlot(fate: SlotFate): Promise<string> {
    try {
      await this.attempt.release(fate);
      return "";
    } catch (error) {
      if (this.#controller.signal.aborted) throw error;
      return `; its worktree stays as it is: ${reasonOf(error)}`;
    }
  }

  async #collect(
    outcome: AttemptOutcome,
  ): Promise<{ readonly outcome: AttemptOutcome; readonly outputs: readonly StoredOutput[] }> {
    if (outcome.result !== "success" || this.#view().spec.outputs.length === 0) {
      return { outcome, outputs: [] };
    }
    try {
      const { stored, missing } = await this.attempt.collectOutputs();
      if (missing.length === 0) return { outcome, outputs: stored };
      return { outcome: worsen(outcome, "outputs_missing", missing.join(", ")), outputs: [] };
    } catch (error) {
      return { outcome: worsen(outcome, "outputs_missing", reasonOf(error)), outputs: [] };
    }
  }

  /** Runs the task's own gates on exactly the tree that was pinned. */
  async #judge(outcome: AttemptOutcome, pin: Pin | null): Promise<AttemptOutcome> {
    const { spec } = this.#view();
    if (outcome.result !== "success" || spec.gates.length === 0 || !this.isCurrent()) return outcome;
    const failed = await runTaskGates(this.#controller, {
      spec,
      gates: spec.gates,
      ref: this.attempt.ref,
      place: pin === null ? null : this.#placeOf(pin),
      signal: this.#signal(),
    });
    if (failed === null) return outcome;
    if (this.#abort.signal.aborted) return worsen(outcome, "cancelled", "the run ended while its gates ran");
    return refusedBy(outcome, failed);
  }

  /** Reads the answer of a lead agent: a plan, a question, or something that cannot be run. */
  async #judgeReply(outcome: AttemptOutcome): Promise<AttemptOutcome> {
    const { spec } = this.#view();
    if (outcome.result !== "success" || spec.planning === undefined || !this.isCurrent()) return outcome;
    return await judgePlanReply(this.#controller.ports.planReader, this.attempt.ref, outcome);
  }

  async #settle(outcome: AttemptOutcome, outputs: readonly StoredOutput[]): Promise<void> {
    await this.#controller.commit((state, now) => {
      this.#isSettled = true;
      const drafts = settleAttempt(state, this.attempt.ref, outcome, outputs, now);
      const report = state.run.open_requests.find((open) =>
        open.kind === "attempt_reported" && open.payload.token === this.attempt.ref.token
      );
      return report === undefined ? drafts : drafts.map((each) => answering(each, report.index));
    });
  }

  #view(): TaskView {
    return viewOf(this.#controller, this.attempt.ref.task_id);
  }

  #subject(): ReturnType<typeof taskSubject> {
    return taskSubject(this.attempt.ref.task_id);
  }
}

/** The same end of an attempt, as the answer to the report of its worker. */
function answering(each: EventDraft, request: number): EventDraft {
  return each.kind === "retry_scheduled" ? { ...each, payload: { ...each.payload, request } } : each;
}

/** Whether the log holds the intent to pin the current attempt, and with it the outcome of its body. */
function isPinIntended(task: TaskState): boolean {
  return task.stage === "pinning" || task.stage === "pinned";
}

function viewOf(controller: ControllerHandle, taskId: string): TaskView {
  const view = findTask(controller.state, taskId);
  if (view === undefined) throw new ControllerFault({ what: `Cannot find task "${taskId}" in the plan` });
  return view;
}
