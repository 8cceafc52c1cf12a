/** The gate port: how the controller has a tree checked. */

import type { ObjectId, RestoredFile, SlotHolder } from "../git/port.ts";
import type { PayloadOf } from "../log/kinds.ts";
import type { GateSpec, WorktreeSpec } from "../plan/spec.ts";

/** One run of one gate. */
export interface GateRequest {
  readonly gate: GateSpec;
  /** From 1, counted per gate (and per task for gates of scope `task`) over the run. */
  readonly runNumber: number;
  /** The commit to judge; null where the work is not in git: the gate then runs in `directory`. */
  readonly commit: ObjectId | null;
  readonly tree: ObjectId | null;
  /** Null for gates of scope `run`. */
  readonly task: { readonly id: string; readonly token: number } | null;
  /** Written beside the slot while the gate runs. */
  readonly holder: SlotHolder;
  /** Where the gate runs when there is no commit; absolute. */
  readonly directory: string;
  readonly worktree: WorktreeSpec;
  /** Outputs of completed tasks that the gate may use; not part of the tree. */
  readonly restore: readonly RestoredFile[];
  /** The run's directory, absolute; artifacts are named relative to it. */
  readonly runDirectory: string;
  readonly signal: AbortSignal;
}

/** What a gate's run showed. */
export type GateResult =
  | { readonly passed: true; readonly evidence: PayloadOf<"gate_passed"> }
  | { readonly passed: false; readonly evidence: PayloadOf<"gate_failed"> };

/** Runs gates. */
export interface GateRunner {
  /** Never rejects for what the gate or the machine does: that is evidence too. */
  run(request: GateRequest): Promise<GateResult>;
}
