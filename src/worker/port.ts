/** The worker port: how the controller has an attempt carried out. */

import type { CommitMeta, ObjectId, Pin, RestoredFile } from "../git/port.ts";
import type { AttemptOutcome, StoredOutput } from "../log/kinds.ts";
import type { TaskSpec } from "../plan/spec.ts";
import type { EndReason, ProcessIdentity, Voice } from "../process/port.ts";
import type { AttemptRef } from "../scheduler/task_state.ts";
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
  /** What the work of an earlier attempt conflicted with; absent where nothing stood in its way. */
  readonly conflict?: ConflictNote;
  /** Output of the gate that the work of an earlier attempt has failed, absolute; absent where there is none. */
  readonly gateLog?: string;
  /** Makes the prompt for the agent of the task, of this iteration in a loop; absent where no agent does it. */
  readonly prompt?: (
    changes: ReadChanges,
    iteration?: Pick<IterationRequest, "number" | "gateLog">,
  ) => Promise<string>;
  /** Absent where the task is no review. */
  readonly review?: ReviewRequest;
  /** What a loop begins with; absent where the task is none. */
  readonly iteration?: FirstIteration;
}

/** Shows what changed between two commits, for people. */
export type ReadChanges = (from: ObjectId, to: ObjectId) => Promise<string>;

/** What the answer of a reviewer must hold. */
export interface ReviewRequest {
  /** What it must repeat, so that the answer is known for its own. */
  readonly code: string;
  /** The tasks of which it must pick one; absent where it gives findings. */
  readonly candidates?: readonly string[];
}

/** A conflict as the next attempt is told of it. */
export interface ConflictNote {
  readonly paths: readonly string[];
  /** File with what was merged meanwhile and what the earlier attempt changed, in these paths; absolute. */
  readonly diffs: string;
}

/** One run of a loop's body. */
export interface IterationRequest {
  /** From 1. */
  readonly number: number;
  /** How long it may take at most, milliseconds: what is left of the time of all iterations. */
  readonly timeoutMs: number;
  /** Where its output goes, relative to the run's directory. */
  readonly output: string;
  /** Output of the gate that did not pass on the iteration before, absolute; absent where there is none. */
  readonly gateLog?: string;
}

/** The iteration that an attempt of a loop begins with. */
export interface FirstIteration extends IterationRequest {
  /** Pin of the iteration that was kept last, whose files are put in their place; null: the base as it is. */
  readonly work: ObjectId | null;
  /** The iteration is kept already and only to be judged: in place of the body nothing is done. */
  readonly isKept: boolean;
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
  /** Runs the body of a loop once more in the same place, after it is over; resolves as `ended` does. */
  again(iteration: IterationRequest): Promise<AttemptOutcome>;
  /** Ends the body; before it exists, keeps it from starting. */
  end(reason: EndReason, now?: boolean): void;
  /** Name of the slot it works in; null before there is one and under `isolation: none`. */
  slot(): string | null;
  /** What it does at this moment, for heartbeats and displays. */
  activity(): Activity;
  /** Stores the declared outputs by digest. Rejects where the disk refuses. */
  collectOutputs(): Promise<CollectedOutputs>;
  /** Pins what the attempt left, in the end or in an iteration; only after `ended`. Rejects with a typed error where git or the disk refuses. */
  pin(meta: CommitMeta, iteration?: number): Promise<Pin>;
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
