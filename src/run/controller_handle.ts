/** What the flows of a controller may do with it. */

import { InfraError } from "../errors.ts";
import type { EventDraft } from "../log/event.ts";
import type { RunState } from "../scheduler/run_state.ts";
import type { GateTurns } from "./gate_turns.ts";
import type { RunPorts } from "./ports.ts";

/** Makes drafts from the state at the moment when they are appended. */
export type DraftMaker = (state: RunState, now: number) => readonly EventDraft[];

/** What the flows of a controller may do with it. */
export interface ControllerHandle {
  readonly state: RunState;
  readonly ports: RunPorts;
  /** Whose turn it is among the gates of flows. */
  readonly gateTurns: GateTurns;
  /** Ends when the controller gives up all its work. */
  readonly signal: AbortSignal;
  /** Appends what `make` returns when its turn comes, and resolves when it is folded. Rejects when the log fails. */
  commit(make: DraftMaker): Promise<void>;
  /** As `commit`, but before all others and alone: what the others say is made from what this changes. */
  commitFirst(make: DraftMaker): Promise<void>;
}

/** The fold met an event of this very process that breaks its rules: a fault of omk. */
export class ControllerFault extends InfraError {
  override readonly name = "ControllerFault";
}
