/**
 * Verification: everything that a proof says, recomputed from the log, the files and the repository, and the
 * signatures on it. It only reads, and needs no omk process to have made the run.
 */

import type { RunStatus } from "../log/kinds.ts";
import { CheckFailure, Checks, type VerifyReport } from "./checks.ts";
import type { GitAccess } from "./git_access.ts";
import { type FoldedRun, type RunFold, RunReading } from "./run_reading.ts";
import { claims } from "./dsse.ts";
import { ATTESTATIONS_FILE, VERDICTS_FILE } from "./files.ts";
import type { Proof } from "./schema.ts";
import { readAttestations, readVerdicts } from "./sign.ts";
import { statementsOf } from "./statements.ts";
import { runStatus } from "./status.ts";
import { checkVerdicts } from "./verdict.ts";
import { checkArtifacts, checkFailureFile, exists, readProof } from "./verify_files.ts";
import { checkCommits, checkPatch, checkPins, checkRefs } from "./verify_git.ts";
import { checkTests, type LostTestsFinder } from "./verify_tests.ts";
import { checkSignatures, checkStatements, type TrustedKey } from "./verify_signatures.ts";
import {
  checkDocument,
  checkGates,
  checkHead,
  checkLog,
  checkRules,
  checkStatus,
  checkTrail,
} from "./verify_log.ts";

/** What is verified, and with what. */
export interface VerifyOptions {
  /** The run's directory, absolute. */
  readonly runDirectory: string;
  /** The repository; null where there is none. */
  readonly git: GitAccess | null;
  readonly fold: RunFold;
  /** Finds which tests a run has lost, from its evidence alone. */
  readonly findLostTests: LostTestsFinder;
  /** The key that the proof must be signed with; null: signatures are not checked. */
  readonly key: TrustedKey | null;
}

/** Verifies a run. Never rejects for what it finds: what cannot be read is a failed check. */
export async function verifyRun(options: VerifyOptions): Promise<VerifyReport> {
  return await new Verification(options).run();
}

/** A run whose own records hold together so far. */
interface ProvedRun {
  readonly proof: Proof;
  readonly text: string;
  readonly written: NonNullable<FoldedRun["proof"]>;
  readonly atHead: FoldedRun;
  readonly atEnd: FoldedRun;
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #checks = new Checks();
  #runId: string | null = null;
  #status: RunStatus | null = null;

  constructor(options: VerifyOptions) {
    this.#options = options;
  }

  async run(): Promise<VerifyReport> {
    const run = await this.#checkRecords();
    if (run !== null) {
      await this.#checkClaims(run);
      await this.#checkGit(run);
    }
    return this.#checks.report(this.#runId, this.#status);
  }

  /** What the run says about itself; null where too little of it holds to go on. */
  async #checkRecords(): Promise<ProvedRun | null> {
    const { runDirectory, fold } = this.#options;
    const reading = await RunReading.begin(runDirectory, fold);
    if (!await this.#checks.make("log", () => checkLog(runDirectory, reading))) return null;
    if (!await this.#checks.make("plan", () => `sha256 ${reading.plan.digest}, as the run started with`)) {
      return null;
    }
    const folds = await this.#checks.take("fold", async () => {
      const { folds } = reading;
      const detail = `${folds.atEnd.state.run.next_index} events`;
      return await Promise.resolve({ value: folds, detail });
    });
    if (folds === null) return null;
    const { atHead, atEnd } = folds;
    this.#runId = atEnd.state.run.run_id;
    await this.#checks.make("rules", () => checkRules(atEnd));
    return await this.#checks.take("proof", async () => {
      const written = atEnd.proof;
      if (written === null) throw new CheckFailure("expected a proof, found a log without proof_written");
      const { text, proof } = await readProof(runDirectory, written.proof);
      const detail = `sha256 ${written.proof.sha256}, as the log says`;
      return { value: { proof, text, written, atHead, atEnd }, detail };
    });
  }

  async #checkClaims({ proof, text, written, atHead, atEnd }: ProvedRun): Promise<void> {
    const { runDirectory } = this.#options;
    this.#status = runStatus(atHead.state);
    await this.#checks.make("log_head", () => checkHead(proof, written, atHead));
    await this.#checks.make("after_proof", () => checkTrail(atEnd, written));
    await this.#checks.make("status", () => checkStatus(proof, atHead, atEnd));
    await this.#checks.make("document", () => checkDocument(text, proof, atHead, atEnd));
    await this.#checks.make("gates", () => checkGates(atHead));
    await this.#checks.make("failure", () => checkFailureFile(runDirectory, written.failure));
    await this.#checks.make("artifacts", () => checkArtifacts(runDirectory, proof));
    await this.#checkSigned(proof, written);
    const { verdicts } = atEnd.evidence;
    if (verdicts.length === 0 && !await exists(`${runDirectory}/${VERDICTS_FILE}`)) return;
    const { key } = this.#options;
    await this.#checks.make(
      "verdicts",
      async () => checkVerdicts(verdicts, await readVerdicts(runDirectory), key),
    );
  }

  /** A proof that was never signed has nothing to check, unless somebody names the key that he trusts. */
  async #checkSigned(proof: Proof, written: ProvedRun["written"]): Promise<void> {
    const { runDirectory, key } = this.#options;
    const isAsked = written.signed_by !== undefined || key?.required === true;
    if (!isAsked && !await exists(`${runDirectory}/${ATTESTATIONS_FILE}`)) return;
    const signed = await this.#checks.take("statements", async () => {
      const found = await readAttestations(runDirectory);
      if (found === null) {
        throw new CheckFailure(`${ATTESTATIONS_FILE}: expected signed statements, found nothing`);
      }
      return { value: found, detail: checkStatements(found, statementsOf(proof, written.proof.sha256)) };
    });
    if (signed === null || key === null) return;
    const isSaid = written.signed_by === key.key.id ||
      signed.some(({ envelope }) => claims(envelope, key.key));
    if (key.required || isSaid) await this.#checks.make("signatures", () => checkSignatures(signed, key));
  }

  async #checkGit({ proof, atHead }: ProvedRun): Promise<void> {
    const { git, runDirectory } = this.#options;
    const claim = proof.git;
    if (claim === null) return;
    if (git === null) {
      await this.#checks.make("commits", () => {
        throw new CheckFailure(`head ${claim.head}: expected a repository to look for it in, found none`);
      });
      return;
    }
    const { evidence } = atHead;
    await this.#checks.make("commits", () => checkCommits(git, claim, evidence));
    await this.#checks.make("refs", () => checkRefs(git, proof.run_id, claim));
    await this.#checks.make("pins", () => checkPins(git, proof.run_id, evidence));
    await this.#checks.make("patch", () => checkPatch(git, runDirectory, claim, proof));
    const { tests } = evidence;
    if (tests === null) return;
    const { findLostTests } = this.#options;
    await this.#checks.make("tests", () => checkTests(git, runDirectory, tests, findLostTests));
  }
}
