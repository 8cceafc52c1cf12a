/** The worker port: how the controller has an attempt carried out. */

import type { CommitMeta, ObjectId, Pin, RestoredFile } from "../git/port.ts";
import type { AttemptOutcome, StoredOutput } from "../log/kinds.ts";
import type { TaskSpec } from "../plan/spec.ts";
import type { EndReason, ProcessIdentity, Voice } from "../process/port.ts";
import type { AttemptRef } from "../scheduler/settle.ts";
import type { SlotStage } from "../watchdog/heartbeat.ts";

/** One attempt to carry out. */
export interface AttemptRequest {
  readonly ref: AttemptRef;
  readonly spec: TaskSpec;
  /** The commit that the worktree is restored to; null under `isolation: none`. */
  readonly base: ObjectId | null;
  /** Outputs of completed dependencies. */
  readonly restore: readonly RestoredFile[];
  /** What a person answered to the task's latest question; absent where none was. */
  readonly answer?: string;
}

/** Outputs that were stored, and those that the task did not make. */
export interface CollectedOutputs {
  readonly stored: readonly StoredOutput[];
  readonly missing: readonly string[];
}

/** What becomes of a slot when its attempt is over. */
export type SlotFate = { readonly setAside: false } | { readonly setAside: true; readonly reason: string };

/** What an attempt does at one moment. */
export interface Activity {
  readonly stage: SlotStage;
  /** Leader of the body's process group; null before it is known. */
  readonly pid: number | null;
  /** What its set-up or its body has printed. */
  readonly voice: Voice;
}

/** An attempt under way, or one that a dead process left behind. Nothing in it rejects but where it says so. */
export interface Attempt {
  readonly ref: AttemptRef;
  /** Resolves once the body exists; null if it never will. */
  readonly started: Promise<{ readonly process: ProcessIdentity; readonly slot: string | null } | null>;
  /** Resolves when the body is over, or could not be started, with the evidence of the body alone. */
  readonly ended: Promise<AttemptOutcome>;
  /** Ends the body; before it exists, keeps it from starting. */
  end(reason: EndReason, now?: boolean): void;
  /** Name of the slot it works in; null before there is one and under `isolation: none`. */
  slot(): string | null;
  /** What it does at this moment, for heartbeats and displays. */
  activity(): Activity;
  /** Stores the declared outputs by digest. Rejects where the disk refuses. */
  collectOutputs(): Promise<CollectedOutputs>;
  /** Pins what the attempt left; only after `ended`. Rejects with a typed error where git or the disk refuses. */
  pin(meta: CommitMeta): Promise<Pin>;
  /** Gives the slot back. Rejects where that fails. */
  release(fate: SlotFate): Promise<void>;
}

/** Carries out attempts. */
export interface AttemptWorker {
  /** Starts an attempt; what goes wrong is in its outcome. */
  start(request: AttemptRequest): Attempt;
  /**
   * The attempts that a dead process of this run left in slots: over with this outcome, to be pinned and released. Those
   * whose token is in `others` are somebody else's.
   */
  leftBehind(outcome: AttemptOutcome, others?: ReadonlySet<number>): Promise<readonly Attempt[]>;
}
