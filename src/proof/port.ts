/** The proof port: how the controller leaves a record that others can check. */

import type { LogHead } from "../log/port.ts";
import type { Artifact, RunStatus } from "../log/kinds.ts";
import type { RunState } from "../scheduler/run_state.ts";

/** The files that a proof consists of, relative to the run directory. */
export interface WrittenProof {
  /** `proof.json`. */
  readonly proof: Artifact;
  /** `failure.json`; null when the run is ready or passed. */
  readonly failure: Artifact | null;
  /** `delivered.patch`; null without a delivered tree. */
  readonly patch: Artifact | null;
  /** Id of the key that signed the statements about it; absent where nobody did. */
  readonly signed_by?: string;
}

/** Writes proofs. */
export interface ProofWriter {
  /** Writes the files atomically; `head` is the commit that ends with `proof_writing`, already folded into `state`. */
  write(state: RunState, status: RunStatus, head: LogHead): Promise<WrittenProof>;
}
