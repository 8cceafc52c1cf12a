/** The schemas of what the commands print that sign, attach and hand on proofs. */

import * as z from "zod";

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
