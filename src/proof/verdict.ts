/**
 * The verdict of a person on a run, as a signed statement beside the proof: a verification summary whose verifier is
 * that person. Each is kept, with the log as the list of them. Pure.
 */

import type { PayloadOf } from "../log/kinds.ts";
import type { SignedStatement } from "./bundle.ts";
import { CheckFailure } from "./checks.ts";
import { claims, isSignedBy, payloadDigest } from "./dsse.ts";
import { PROOF_FILE, VERDICTS_FILE } from "./files.ts";
import type { Proof } from "./schema.ts";
import { type Statement, STATEMENT_V1, VERIFICATION_SUMMARY } from "./statement.ts";
import { runSubject } from "./statements.ts";
import type { TrustedKey } from "./verify_signatures.ts";

/** What a person says of a run. */
export interface Verdict {
  readonly accepted: boolean;
  /** `Ada <ada@example.com>`. */
  readonly by: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly at: string;
}

/** The statement that somebody signs with a verdict. */
export function verdictStatement(
  proof: Proof,
  proofDigest: string,
  { accepted, by, reason, at }: Verdict,
): Statement {
  return {
    _type: STATEMENT_V1,
    subject: runSubject(proof),
    predicateType: VERIFICATION_SUMMARY,
    predicate: {
      verifier: { id: `urn:omk:person:${encodeURIComponent(by)}` },
      timeVerified: at,
      resourceUri: `urn:omk:run:${proof.run_id}`,
      policy: { name: "a person's own judgement" },
      inputAttestations: [{ name: PROOF_FILE, digest: { sha256: proofDigest } }],
      verificationResult: accepted ? "PASSED" : "FAILED",
      verifiedLevels: [],
      omkReason: reason,
    },
  };
}

/**
 * Each verdict that the log says was signed has its statement, unchanged, and where the key is known, signed by it; and
 * each statement that was kept is told by the log, which may have been cut behind the proof.
 */
export function checkVerdicts(
  recorded: readonly Pick<PayloadOf<"run_accepted">, "by" | "statement">[],
  kept: readonly SignedStatement[],
  trusted: TrustedKey | null,
): string {
  const byDigest = new Map(kept.map((each) => [payloadDigest(each.envelope), each]));
  const signed = recorded.filter(({ statement }) => statement !== undefined);
  for (const { by, statement } of signed) {
    const found = byDigest.get(statement ?? "");
    if (found === undefined) {
      throw new CheckFailure(`${VERDICTS_FILE}: expected the signed verdict of ${by}, found nothing`);
    }
    if (trusted === null || !claims(found.envelope, trusted.key)) continue;
    if (!isSignedBy(found.envelope, trusted.key)) {
      throw new CheckFailure(
        `${VERDICTS_FILE}:${found.line}: expected a signature that holds, found another`,
      );
    }
  }
  const told = new Set(signed.map(({ statement }) => statement));
  const untold = kept.find(({ envelope }) => !told.has(payloadDigest(envelope)));
  if (untold !== undefined) {
    throw new CheckFailure(
      `${VERDICTS_FILE}:${untold.line}: expected a verdict that the log tells of, found one that it does not`,
    );
  }
  return `${recorded.length} ${recorded.length === 1 ? "verdict" : "verdicts"}, ${signed.length} signed`;
}
