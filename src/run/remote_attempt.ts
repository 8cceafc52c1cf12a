/** An attempt that an extra worker carries out: what it says of it stands in the log, what it leaves in its slot. */

import type { CommitMeta, Pin } from "../git/port.ts";
import type { AttemptOutcome } from "../log/kinds.ts";
import { type EndReason, type ProcessIdentity, SILENT } from "../process/port.ts";
import { lostOutcome } from "../scheduler/decide.ts";
import type { Activity, Attempt, AttemptRequest, CollectedOutputs, SlotFate } from "../worker/port.ts";
import { ControllerFault } from "./controller_handle.ts";
import type { ControllerClock, ExtraWorkers } from "./ports.ts";

/** Between SIGTERM and SIGKILL, and between that and giving up waiting for the worker's word. */
const GRACE_MS = 10_000;
/** A worker ends what is cancelled by itself, with a grace of its own; who says nothing for so long is not waited for. */
const PATIENCE_MS = 30_000;

/** See the module. */
export class RemoteAttempt implements Attempt {
  readonly ref: Attempt["ref"];
  readonly started: Attempt["started"];
  readonly ended: Attempt["ended"];
  /** The worker that carries it out. */
  readonly worker: string;
  readonly #request: AttemptRequest;
  readonly #extra: ExtraWorkers;
  readonly #clock: Pick<ControllerClock, "sleep">;
  readonly #started = Promise.withResolvers<{ process: ProcessIdentity; slot: string | null } | null>();
  readonly #ended = Promise.withResolvers<AttemptOutcome>();
  #body: ProcessIdentity | null = null;
  /** Whether the worker has said that the body exists, to this controller or to one before it. */
  #hasBegun: boolean;
  /** The attempt with its slot, once the worker has let go of it. */
  #left: Attempt | null = null;
  #isConcluded = false;
  #isAbandoned = false;
  #end: { readonly reason: EndReason; readonly now: boolean } | null = null;

  constructor(
    worker: string,
    request: AttemptRequest,
    { extra, clock, hasBegun }: {
      readonly extra: ExtraWorkers;
      readonly clock: Pick<ControllerClock, "sleep">;
      readonly hasBegun: boolean;
    },
  ) {
    this.worker = worker;
    this.ref = request.ref;
    this.#request = request;
    this.#extra = extra;
    this.#clock = clock;
    this.#hasBegun = hasBegun;
    this.started = this.#started.promise;
    this.ended = this.#ended.promise;
  }

  /** The worker has said that the body exists. */
  tookUp(body: ProcessIdentity, slot: string | null): void {
    this.#body = body;
    this.#hasBegun = true;
    this.#started.resolve({ process: body, slot });
  }

  /** The worker has said how the body ended, and that nothing of it is alive. */
  reported(outcome: AttemptOutcome): void {
    void this.#conclude(outcome);
  }

  /** The worker is gone without a word about this attempt, and nothing of what it started is alive. */
  lost(why: string): void {
    void this.#conclude(lostOutcome(why));
  }

  /**
   * Leaves the attempt to others, unless its end is being taken in already; with `kill` its body is ended at once, since
   * nobody waits for it. Returns whether nothing more comes of it here.
   */
  abandon(kill: boolean): boolean {
    if (this.#isConcluded) return this.#isAbandoned;
    this.#isConcluded = true;
    this.#isAbandoned = true;
    if (kill) void this.#signal("SIGKILL");
    return true;
  }

  again(): Promise<AttemptOutcome> {
    const what = `Cannot repeat the body of "${this.ref.task_id}"`;
    return Promise.reject(new ControllerFault({ what, why: "loops run in the controller's own process" }));
  }

  end(reason: EndReason, now = false): void {
    const before = this.#end;
    if (before !== null && (before.now || !now)) return;
    this.#end = { reason, now };
    void this.#enforce(reason, now);
  }

  slot(): string | null {
    return this.#left?.slot() ?? null;
  }

  activity(): Activity {
    const stage = this.#isConcluded ? "over" : this.#body === null ? "setup" : "body";
    return { stage, pid: this.#body?.pid ?? null, voice: SILENT };
  }

  async collectOutputs(): Promise<CollectedOutputs> {
    return await (this.#left?.collectOutputs() ?? Promise.resolve({
      stored: [],
      missing: [...this.#request.spec.outputs],
    }));
  }

  async pin(meta: CommitMeta): Promise<Pin> {
    return await this.#held().pin(meta);
  }

  async release(fate: SlotFate): Promise<void> {
    await this.#held().release(fate);
  }

  /** What the worker sees in the log it ends by itself; what only the controller knows takes a signal. */
  async #enforce(reason: EndReason, now: boolean): Promise<void> {
    if (now) await this.#signal("SIGKILL");
    else if (reason === "stalled" || reason === "timed_out") {
      await this.#signal("SIGTERM");
      await this.#clock.sleep(GRACE_MS);
      if (!this.#isConcluded) await this.#signal("SIGKILL");
    }
    await this.#clock.sleep(now ? GRACE_MS : PATIENCE_MS);
    await this.#conclude({ ...lostOutcome("its worker did not answer"), result: "cancelled" });
  }

  async #signal(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.#body !== null) await this.#extra.signal(this.#body, signal).catch(ignoreLostHelper);
  }

  /** Takes the slot over, where the worker has let go of one, and lets the flow go on. The first conclusion counts. */
  async #conclude(outcome: AttemptOutcome): Promise<void> {
    if (this.#isConcluded) return;
    this.#isConcluded = true;
    const judged = this.#judge(outcome);
    try {
      this.#left = await this.#extra.takeOver(this.#request, judged);
      const isBare = this.#left === null && this.#request.base !== null && judged.result === "success";
      this.#finish(
        isBare ? { ...judged, result: "workspace_error", detail: "its worker left no worktree" } : judged,
      );
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#finish({
        ...judged,
        result: "workspace_error",
        detail: `its worktree cannot be taken over: ${why}`,
      });
    }
  }

  /** A body that this controller has ended by a signal did not end by itself, and what nobody began did not succeed. */
  #judge(outcome: AttemptOutcome): AttemptOutcome {
    if (outcome.result === "success" && !this.#hasBegun) {
      return { ...outcome, result: "lost", detail: "its worker never said that it had begun" };
    }
    const wasSignalled = this.#end?.reason === "stalled" || this.#end?.reason === "timed_out";
    if (!wasSignalled || outcome.result === "success") return outcome;
    return { ...outcome, result: this.#end?.reason === "stalled" ? "stalled" : "timeout" };
  }

  #finish(outcome: AttemptOutcome): void {
    this.#started.resolve(null);
    this.#ended.resolve(outcome);
  }

  #held(): Attempt {
    if (this.#left !== null) return this.#left;
    throw new ControllerFault({
      what: `Cannot pin attempt ${this.ref.attempt} of "${this.ref.task_id}"`,
      why: "its worker left no worktree",
    });
  }
}

/** A body that cannot be signalled is waited for like any other. */
function ignoreLostHelper(): void {}
