/** The schemas of what the commands print that sign, attach and hand on proofs. */

import * as z from "zod";
import { runStatus } from "../../log/payloads.ts";

const version = z.literal(1);
const runId = z.string().describe("Id of the run");
const keyId = z.string().describe("SHA-256 of the public key (SPKI, DER), as signatures name it");
const publicKey = z.string().describe("The public half, as PEM");

/** `omk proof sign --json`. */
export const proofSignSchema = z.strictObject({
  schema_version: version,
  run_id: runId.nullable(),
  directory: z.string().describe("Where proof.intoto.jsonl lies"),
  status: z.string().nullable().describe("What the run has come to, recomputed from the log"),
  key_id: keyId,
  statements: z.int().min(0),
}).describe("What was signed");

/** `omk accept --json` and `omk reject --json`. */
export const verdictSchema = z.strictObject({
  schema_version: version,
  run_id: runId,
  accepted: z.boolean(),
  by: z.string().describe("Name and address, as git has them"),
  reason: z.string(),
  signed_by: keyId.nullable().describe("The key that signed it; null where nobody did"),
  status: runStatus.describe("What the run has come to by it"),
}).describe("What a person decided about a run");

/** `omk pr --json`. */
export const prSchema = z.strictObject({
  schema_version: version,
  run_id: runId,
  status: z.string(),
  title: z.string(),
  body: z.string().describe("Markdown"),
}).describe("Title and body of a pull request");

/** `omk proof attach --json`. */
export const proofAttachSchema = z.strictObject({
  schema_version: version,
  run_id: runId,
  ref: z.string().describe("The notes that it is in"),
  commit: z.string().describe("The commit that it is about"),
}).describe("What was attached to which commit");

/** `omk export --json`. */
export const exportSchema = z.strictObject({
  schema_version: version,
  run_id: runId,
  path: z.string().describe("The file, absolute"),
  files: z.int().min(1),
  bytes: z.int().min(1),
}).describe("The file that was written");

/** `omk key create --json` and `omk key show --json`. */
export const keySchema = z.strictObject({
  schema_version: version,
  path: z.string().optional().describe("The file of the private half, where it was made"),
  key_id: keyId,
  public_key: publicKey,
}).describe("A key, without its private half");

const span = z.strictObject({
  kind: z.enum(["attempt", "merge", "gate"]),
  task_id: z.string().nullable(),
  gate: z.string().nullable(),
  number: z.int().min(1).describe("Of the attempt, or of the gate's run"),
  by: z.string().describe("The worker of an attempt, else the controller"),
  start: z.int().describe("Milliseconds since 1970, on the run clock"),
  end: z.int().nullable().describe("Null where its end is not in the log"),
  result: z.string().nullable().describe("In the log's words; null while it lasts"),
});

const moment = z.strictObject({
  index: z.int().min(0).describe("Index of the event"),
  at: z.int().describe("Milliseconds since 1970, on the run clock"),
  kind: z.string(),
  by: z.string().describe("Who wrote it"),
  task_id: z.string().nullable(),
  text: z.string(),
});

/** `omk replay --json`. */
export const replaySchema = z.strictObject({
  schema_version: version,
  run_id: runId,
  events: z.int().min(0).describe("How many were folded"),
  status: z.string().describe("What the run had come to after the last of them"),
  state: z.record(z.string(), z.unknown()).describe("What the log gives; the same on every machine"),
  spans: z.array(span).describe("What took time, in the order in which it began"),
  moments: z.array(moment).describe("What happened between, in the order of the log"),
}).describe("A run as its log gives it");

const verdict = z.enum(["passed", "failed"]);

/** `omk replay --rebuild --json`. */
export const rebuildSchema = z.strictObject({
  schema_version: version,
  run_id: runId,
  ok: z.boolean().describe("Whether trees and required gates are as the log says"),
  merges: z.array(z.strictObject({
    task_id: z.string().nullable().describe("Null: a merge with a branch that had moved"),
    tree: z.string().describe("As the log says"),
    rebuilt: z.string().nullable().describe("As it came out now; null where the merge failed"),
    problem: z.string().nullable(),
  })),
  tree: z.string().describe("What the run delivers"),
  same: z.boolean().describe("Whether every tree came out as the log says"),
  gates: z.array(z.strictObject({
    gate: z.string(),
    required: z.boolean(),
    recorded: verdict.nullable().describe("Null where it did not run on this tree"),
    now: verdict,
    reason: z.string().nullable(),
  })).describe("Empty where a tree differs"),
  exit_code: z.int(),
}).describe("What was delivered, made again from the pinned attempts");
