/** The facts about gates and proofs. */

import * as z from "zod";
import {
  artifact,
  committedTree,
  gateEvidence,
  gateRun,
  lostTest,
  objectId,
  runStatus,
  sha256Hex,
  taskId,
} from "../payloads.ts";
import { fact, syncedFact } from "./entry.ts";
import { answers, logHead, reason } from "./parts.ts";

/** See the module. */
export const gateFacts = {
  gate_started: fact(gateRun),
  gate_passed: syncedFact(gateEvidence),
  gate_failed: syncedFact({
    ...gateEvidence,
    reason,
    /** The machine failed, not the gate's judgement: spawn error or time-out. */
    infrastructure: z.boolean(),
    /** It was ended as nobody waited for its verdict any more, so it is none; absent elsewhere. */
    ended: z.literal(true).optional(),
  }),
  gate_skipped: fact({
    gate: z.string().min(1),
    scope: z.enum(["run", "task"]),
    required: z.boolean(),
    tree: objectId.nullable(),
    commit: objectId.nullable(),
    task_id: taskId.nullable(),
    reason,
  }),
  /** The breakers of these gates are closed, and their failures forgotten. */
  gate_reset: fact({ ...answers, gates: z.array(z.string()), reason }),
  /** Intent: the tests of the base are compared with those of the head. */
  tests_comparing: fact({ base: committedTree, head: committedTree }),
  tests_compared: syncedFact({
    base: committedTree,
    head: committedTree,
    /** The lists of tests that gates reported of both trees. */
    reports: z.array(z.strictObject({
      gate: z.string().min(1),
      base: artifact,
      head: artifact,
      /** The earlier run that ran the gate at the base; null where this one did. */
      from: z.string().nullable(),
    })),
    /** At most `LOST_TESTS_LISTED` of them. */
    lost: z.array(lostTest),
    lost_count: z.int().min(0),
  }),
  /** Intent, and the log head of the proof: its commit ends with this event. */
  proof_writing: fact({ status: runStatus, commit: objectId.nullable(), tree: objectId.nullable() }),
  proof_written: syncedFact({
    status: runStatus,
    head: logHead,
    proof: artifact,
    failure: artifact.nullable(),
    patch: artifact.nullable(),
    /** SHA-256 of the public key that the statements about the proof are signed with; absent where they are not. */
    signed_by: sha256Hex.optional(),
  }),
  proof_attached: fact({ ref: z.string(), commit: objectId }),
};
