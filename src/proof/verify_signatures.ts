/** Checks of the signed statements about a proof. */

import { sha256 } from "../digest.ts";
import { CheckFailure } from "./checks.ts";
import { firstDifference } from "./difference.ts";
import type { SignedStatement } from "./bundle.ts";
import { isSignedBy, payloadDigest } from "./dsse.ts";
import { ATTESTATIONS_FILE } from "./files.ts";
import type { PublicKey } from "./key.ts";
import {
  PROVENANCE,
  type Statement,
  statementBytes,
  TEST_RESULT,
  testResultPredicate,
  VERIFICATION_SUMMARY,
} from "./statement.ts";

/** The key that somebody trusts, and why. */
export interface TrustedKey {
  readonly key: PublicKey;
  /** Where it comes from: a path, or a variable. */
  readonly origin: string;
  /** Whether the proof must be signed with it; otherwise it is only looked at where the log says that it was. */
  readonly required: boolean;
}

/** Each envelope is signed with the key, whatever it says of its keys. */
export function checkSignatures(signed: readonly SignedStatement[], { key, origin }: TrustedKey): string {
  for (const { line, envelope, statement } of signed) {
    if (isSignedBy(envelope, key)) continue;
    const claimed = envelope.signatures.map(({ keyid }) => keyid.slice(0, 12)).join(", ");
    throw new CheckFailure(
      `${ATTESTATIONS_FILE}:${line} (${nameOf(statement)}): expected a signature of key ${
        key.id.slice(0, 12)
      } ` +
        `from ${origin}, found none that holds; it claims ${claimed}`,
    );
  }
  return `${signed.length} statements, each signed with key ${key.id.slice(0, 12)} from ${origin}`;
}

/** The statements are those that the proof makes: none is missing, added, changed, or from another run. */
export function checkStatements(signed: readonly SignedStatement[], expected: readonly Statement[]): string {
  const wanted = expected.map((statement) => sha256(statementBytes(statement)));
  const found = signed.map(({ envelope }) => payloadDigest(envelope));
  const at = Array.from({ length: Math.max(wanted.length, found.length) }, (_, index) => index)
    .find((index) => wanted[index] !== found[index]);
  if (at === undefined) return `${signed.length} statements, as the proof makes them`;
  throw new CheckFailure(difference(at, signed, expected, wanted, found));
}

/** What is wrong at the first place where the statements are not the expected ones. */
function difference(
  at: number,
  signed: readonly SignedStatement[],
  expected: readonly Statement[],
  wanted: readonly string[],
  found: readonly string[],
): string {
  const where = `${ATTESTATIONS_FILE}:${at + 1}`;
  const want = expected[at];
  const have = signed[at]?.statement;
  const isDropped = want !== undefined && (have === undefined || found[at] === wanted[at + 1]);
  if (isDropped) return `${where}: expected the statement on ${nameOf(want)}, found it dropped`;
  if (have === undefined) return `${where}: expected a statement, found nothing`;
  if (want === undefined || found[at + 1] === wanted[at]) {
    return `${where}: expected no further statement, found one on ${nameOf(have)}`;
  }
  return `${where}: ${nameOf(want)}: ${
    firstDifference(want, have) ?? "expected canonical JSON, found another form"
  }`;
}

/** What a statement is about, for people. */
export function nameOf({ predicateType, predicate }: Statement): string {
  if (predicateType === PROVENANCE) return "provenance";
  if (predicateType === VERIFICATION_SUMMARY) return "verification summary";
  const result = predicateType === TEST_RESULT ? testResultPredicate.safeParse(predicate) : undefined;
  return result?.success ? `gate "${result.data.configuration[0]?.name ?? "without a name"}"` : predicateType;
}
