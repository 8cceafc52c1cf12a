/** in-toto statements, version 1, with the predicates that a proof makes: their shapes. */

import * as z from "zod";
import { canonicalJson } from "../canonical_json.ts";
import { sha256Hex } from "../log/payloads.ts";

/** Type of every statement. */
export const STATEMENT_V1 = "https://in-toto.io/Statement/v1";
/** What came of one gate. */
export const TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1";
/** How what is delivered was made. */
export const PROVENANCE = "https://slsa.dev/provenance/v1";
/** What all of it comes to. It claims no SLSA level. */
export const VERIFICATION_SUMMARY = "https://slsa.dev/verification_summary/v1";

const digestSet = z.record(z.string(), z.string());

/** Something with a name and digests. */
export const resourceDescriptor = z.looseObject({
  name: z.string().optional(),
  uri: z.string().optional(),
  digest: digestSet.optional(),
  annotations: z.record(z.string(), z.unknown()).optional(),
});

/** See `resourceDescriptor`. */
export type ResourceDescriptor = z.infer<typeof resourceDescriptor>;

/** Any statement, as far as all are alike. Fields that it does not name are allowed. */
export const statementSchema = z.looseObject({
  _type: z.literal(STATEMENT_V1),
  subject: z.array(z.looseObject({ name: z.string().optional(), digest: digestSet })).min(1),
  predicateType: z.string(),
  predicate: z.record(z.string(), z.unknown()),
});

/** See `statementSchema`. */
export type Statement = z.infer<typeof statementSchema>;

/** The bytes of a statement that are signed. */
export function statementBytes(statement: Statement): Uint8Array {
  return new TextEncoder().encode(canonicalJson(statement));
}

/** What a test result says, as far as a reader names it. */
export const testResultPredicate = z.looseObject({ configuration: z.array(resourceDescriptor) });

/** What a verification summary of omk says, as far as a verifier reads it. */
export const summaryPredicate = z.looseObject({
  resourceUri: z.string(),
  policy: resourceDescriptor,
  inputAttestations: z.array(z.looseObject({ digest: z.looseObject({ sha256: sha256Hex }) })),
  verificationResult: z.enum(["PASSED", "FAILED"]),
});

/** What a provenance of omk says, as far as a verifier reads it. */
export const provenancePredicate = z.looseObject({
  buildDefinition: z.looseObject({ resolvedDependencies: z.array(resourceDescriptor) }),
  runDetails: z.looseObject({ metadata: z.looseObject({ invocationId: z.string() }) }),
});
