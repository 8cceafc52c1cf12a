/** What the end of a run tells that its folded state does not hold: read from its proof. */

import { readIfThere } from "../../read_if_there.ts";
import { field, parseOrNothing, textField } from "../json_fields.ts";

/** See the module. */
export interface ProofFacts {
  /** How many files differ from the base; null where nobody knows. */
  readonly changedFiles: number | null;
  /** Whether these are all of them. */
  readonly isComplete: boolean;
  /** Why `omk merge` does not deliver the head as it is; null where it does, and where nobody knows. */
  readonly refusal: string | null;
  /** The artifact of the latest run of a gate, relative to the run's directory; `taskId` null: a gate of the run. */
  outputOf(gate: string, taskId: string | null): string | undefined;
}

/** The facts of the proof at `path`; without a proof there are none, and the end is told without them. */
export async function readProofFacts(path: string): Promise<ProofFacts> {
  const proof = parseOrNothing(await readIfThere(path) ?? "");
  const changed = field(proof, "changed");
  const paths = field(changed, "paths");
  const entries = field(proof, "gates");
  const merge = field(proof, "merge");
  const outputs = new Map<string, string>();
  for (const entry of Array.isArray(entries) ? entries : []) {
    const output = textField(entry, "output");
    if (output !== "") outputs.set(keyOf(textField(entry, "name"), field(entry, "task_id")), output);
  }
  return {
    changedFiles: Array.isArray(paths) ? paths.length : null,
    isComplete: field(changed, "complete") === true,
    refusal: field(merge, "allowed") === false ? textField(merge, "reason") : null,
    outputOf: (gate, taskId) => outputs.get(keyOf(gate, taskId)),
  };
}

function keyOf(gate: string, taskId: unknown): string {
  return JSON.stringify([gate, taskId]);
}
