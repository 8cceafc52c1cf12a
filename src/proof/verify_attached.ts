/**
 * Verification of a commit by the signed statements that are attached to it, without the run that made it: who has
 * only a clone and a public key can tell that this commit passed these gates.
 */

import { sha256 } from "../digest.ts";
import { parseBundle, type SignedStatement } from "./bundle.ts";
import { CheckFailure, Checks, expectEqual, type VerifyReport } from "./checks.ts";
import { payloadDigest } from "./dsse.ts";
import { ATTESTATIONS_FILE, PATCH_FILE } from "./files.ts";
import type { GitAccess } from "./git_access.ts";
import {
  PROVENANCE,
  provenancePredicate,
  type Statement,
  summaryPredicate,
  TEST_RESULT,
  VERIFICATION_SUMMARY,
} from "./statement.ts";
import { checkSignatures, nameOf, type TrustedKey } from "./verify_signatures.ts";

/** What is verified, and with what. */
export interface AttachedProof {
  readonly commit: string;
  /** The note of the commit: the lines of a bundle. */
  readonly text: string;
  readonly git: GitAccess;
  readonly key: TrustedKey;
}

/** Verifies a commit. Never rejects for what it finds: what cannot be read is a failed check. */
export async function verifyAttached({ commit, text, git, key }: AttachedProof): Promise<VerifyReport> {
  const checks = new Checks();
  const signed = await checks.take("statements", () => {
    const found = parseBundle(text, ATTESTATIONS_FILE);
    return Promise.resolve({ value: found, detail: checkComplete(found) });
  });
  if (signed === null) return checks.report(null, null);
  if (!await checks.make("signatures", () => checkSignatures(signed, key))) return checks.report(null, null);
  const details = await checks.take("commits", () => checkSubject(signed, commit, git));
  if (details === null) return checks.report(null, null);
  await checks.make("patch", () => checkPatch(signed, details, git));
  await checks.make("gates", () => checkResults(signed));
  const isReady = await checks.make("status", () => {
    expectEqual("verificationResult of the summary", "PASSED", summaryOf(signed).verificationResult);
    return "the run was ready";
  });
  return checks.report(details.runId, isReady ? "ready" : null);
}

/** The summary names every other statement, and each that it names is there: none was dropped or added. */
function checkComplete(signed: readonly SignedStatement[]): string {
  const summary = summaryOf(signed);
  const others = signed.filter(({ statement }) => statement.predicateType !== VERIFICATION_SUMMARY);
  const named = summary.inputAttestations.filter(({ name }) => String(name).startsWith("statement "));
  for (const [at, { digest, name }] of named.entries()) {
    const found = others[at];
    expectEqual(String(name), digest.sha256, found === undefined ? undefined : payloadDigest(found.envelope));
  }
  const further = others[named.length];
  if (further !== undefined) {
    throw new CheckFailure(
      `line ${further.line}: expected no further statement, found one on ${nameOf(further.statement)}`,
    );
  }
  return `${signed.length} statements; the summary names them all`;
}

interface Delivered {
  readonly runId: string;
  readonly base: string;
}

/** Every statement that is about the delivery names this commit and its tree; provenance gives run and base. */
async function checkSubject(
  signed: readonly SignedStatement[],
  commit: string,
  git: GitAccess,
): Promise<{ readonly value: Delivered; readonly detail: string }> {
  const stored = (await git.commits([commit])).get(commit);
  if (stored === undefined) {
    throw new CheckFailure(`commit ${commit}: expected in ${git.path}, found nothing`);
  }
  for (const { statement } of signed) {
    if (statement.predicateType === TEST_RESULT) continue;
    const [subject] = statement.subject;
    expectEqual(`commit that the ${nameOf(statement)} is about`, commit, subject?.digest["gitCommit"]);
    expectEqual(`tree that the ${nameOf(statement)} is about`, stored.tree, subject?.digest["gitTree"]);
  }
  const provenance = provenancePredicate.parse(only(signed, PROVENANCE).predicate);
  const base = provenance.buildDefinition.resolvedDependencies[0]?.digest?.["gitCommit"];
  if (base === undefined) {
    throw new CheckFailure("provenance: expected the commit of the base, found nothing");
  }
  const runId = provenance.runDetails.metadata.invocationId;
  return { value: { runId, base }, detail: `commit ${commit} has tree ${stored.tree}, as signed` };
}

/** The patch from the base to the commit is the one that was signed. */
async function checkPatch(
  signed: readonly SignedStatement[],
  { base }: Delivered,
  git: GitAccess,
): Promise<string> {
  const summary = only(signed, VERIFICATION_SUMMARY);
  const head = summary.subject[0]?.digest["gitCommit"] ?? "";
  const patch = summary.subject.find(({ name }) => name === PATCH_FILE)?.digest["sha256"];
  expectEqual("sha256 of the patch from base to commit", patch, sha256(await git.patch(base, head)));
  return `sha256 ${patch}, made anew from base ${base}`;
}

/** No gate on the delivered tree failed without leave. */
function checkResults(signed: readonly SignedStatement[]): string {
  const head = only(signed, VERIFICATION_SUMMARY).subject[0]?.digest["gitTree"];
  const results = signed.filter(({ statement }) =>
    statement.predicateType === TEST_RESULT && statement.subject[0]?.digest["gitTree"] === head
  );
  // A warning is a gate that may fail, or one that passed after a failure; the summary says what both come to.
  const passed = results.filter(({ statement }) => statement.predicate["result"] !== "FAILED");
  if (passed.length === 0) throw new CheckFailure("expected a gate that passed on this tree, found none");
  return `${passed.length} of ${results.length} gates on this tree passed`;
}

function summaryOf(signed: readonly SignedStatement[]): ReturnType<typeof summaryPredicate.parse> {
  return summaryPredicate.parse(only(signed, VERIFICATION_SUMMARY).predicate);
}

/** The one statement of a type. */
function only(signed: readonly SignedStatement[], predicateType: string): Statement {
  const found = signed.filter(({ statement }) => statement.predicateType === predicateType);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first.statement;
  throw new CheckFailure(`expected one statement of type ${predicateType}, found ${found.length}`);
}
