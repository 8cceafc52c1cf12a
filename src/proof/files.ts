/** The names of the files of a proof in its run's directory. */

/** The pinned plan. */
export const PLAN_FILE = "plan.json";
/** The log of the run. */
export const EVENTS_FILE = "events.jsonl";
/** The proof itself. */
export const PROOF_FILE = "proof.json";
/** What keeps the run from being delivered. */
export const FAILURE_FILE = "failure.json";
/** The patch from base to head. */
export const PATCH_FILE = "delivered.patch";
/** The signed statements about the proof. */
export const ATTESTATIONS_FILE = "proof.intoto.jsonl";
/** What people decided about the run, signed. */
export const VERDICTS_FILE = "verdicts.intoto.jsonl";
/** Directory of the outputs of tasks, by digest. */
export const OUTPUTS_DIRECTORY = "outputs";
