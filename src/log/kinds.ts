/**
 * The closed table of event kinds: who may append each, whether `batch` durability syncs it, and
 * the schema of its payload. A kind outside the table cannot be appended to a run's log.
 */

import type * as z from "zod";
import { candidateFacts } from "./kinds/candidate_facts.ts";
import { gateFacts } from "./kinds/gate_facts.ts";
import { records } from "./kinds/records.ts";
import { reviewFacts } from "./kinds/review_facts.ts";
import { requests } from "./kinds/requests.ts";
import { runFacts } from "./kinds/run_facts.ts";
import { taskFacts } from "./kinds/task_facts.ts";
import { workerFacts } from "./kinds/worker_facts.ts";
import type {
  agentRecord,
  artifact,
  attemptOutcome,
  lostTest,
  planLock,
  reviewFinding,
  runStatus,
  storedOutput,
} from "./payloads.ts";

export type { KindClass } from "./kinds/entry.ts";

/** Every kind of a run's log. */
export const KINDS = {
  ...runFacts,
  ...workerFacts,
  ...taskFacts,
  ...reviewFacts,
  ...candidateFacts,
  ...gateFacts,
  ...requests,
  ...records,
};

/** Name of a kind. */
export type Kind = keyof typeof KINDS;

/** Payload of a kind. */
export type PayloadOf<K extends Kind> = z.infer<typeof KINDS[K]["payload"]>;

/** How an attempt ended, from evidence. */
export type AttemptOutcome = z.infer<typeof attemptOutcome>;

/** Why an attempt ended as it did. */
export type OutcomeResult = AttemptOutcome["result"];

/** What is known of the agent behind an attempt. */
export type AgentRecord = z.infer<typeof agentRecord>;

/** The status of a run. */
export type RunStatus = z.infer<typeof runStatus>;

/** With which agents and checks a plan was made, or is run. */
export type PlanLock = z.infer<typeof planLock>;

/** A file of the run directory with its digest. */
export type Artifact = z.infer<typeof artifact>;

/** A file that a task made for its dependents. */
export type StoredOutput = z.infer<typeof storedOutput>;

/** A test that the run's work has deleted, or that is not run any more. */
export type LostTest = z.infer<typeof lostTest>;

/** One finding of a review. */
export type ReviewFinding = z.infer<typeof reviewFinding>;

/** Whether a text names a kind of the table. */
export function isKind(text: string): text is Kind {
  return Object.hasOwn(KINDS, text);
}

/** The facts that may follow the last `proof_written`; all else is work that needs a new proof. */
export const ALLOWED_AFTER_PROOF: ReadonlySet<Kind> = new Set([
  "request_refused",
  "result_refused",
  "run_finished",
  "run_accepted",
  "run_rejected",
  "run_merged",
  "proof_attached",
  "run_resumed",
]);
