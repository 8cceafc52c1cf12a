/** The digest of a gate's definition: evidence names it, so that nobody can say later that another gate was run. */

import { canonicalJson } from "../canonical_json.ts";
import { sha256 } from "../digest.ts";
import type { GateSpec } from "./spec.ts";

/** SHA-256 of the definition's canonical JSON. */
export function gateDefinition(gate: GateSpec): string {
  return sha256(canonicalJson(gate));
}
