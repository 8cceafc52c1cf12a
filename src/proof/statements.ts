/**
 * What a proof says, as in-toto statements: one for each gate that ran, one on how it was made, and a summary that
 * names the digests of the others, so that a dropped or added one is noticed. Pure: the same proof makes the same
 * statements, byte for byte.
 */

import { sha256 } from "../digest.ts";
import { PATCH_FILE, PROOF_FILE } from "./files.ts";
import type { Proof } from "./schema.ts";
import {
  PROVENANCE,
  type ResourceDescriptor,
  type Statement,
  STATEMENT_V1,
  statementBytes,
  TEST_RESULT,
  VERIFICATION_SUMMARY,
} from "./statement.ts";

/** How omk makes what it delivers: the tasks of a plan, merged one by one. */
const BUILD_TYPE = "urn:omk:run:v1";
/** The program, whoever calls it: it claims nothing about the machine. */
const OMK = "urn:omk:omk";

/**
 * Makes the statements, the summary last.
 *
 * @param proofDigest SHA-256 of `proof.json` as it was written
 */
export function statementsOf(proof: Proof, proofDigest: string): readonly Statement[] {
  const details = [...gateStatements(proof), provenanceOf(proof, proofDigest)];
  return [...details, summaryOf(proof, proofDigest, details)];
}

/** What the run as a whole is about: what it delivers, or where that is nothing, its plan and its log. */
export function runSubject(proof: Proof): Statement["subject"] {
  const { git } = proof;
  if (git === null) {
    return [
      { name: proof.plan.path, digest: { sha256: proof.plan.sha256 } },
      { name: "log", digest: { sha256: proof.log.sum } },
    ];
  }
  const patch = proof.artifacts.find(({ path }) => path === PATCH_FILE);
  return [
    { name: git.branch ?? "HEAD", digest: { gitCommit: git.head, gitTree: git.tree } },
    ...(patch === undefined ? [] : [{ name: patch.path, digest: { sha256: patch.sha256 } }]),
  ];
}

function gateStatements(proof: Proof): readonly Statement[] {
  return proof.gates.flatMap((gate) => {
    if (gate.result !== "passed" && gate.result !== "failed") return [];
    const { name, scope, task_id, required, runs, exit_code, timed_out, duration_ms, counts, reason } = gate;
    const isOfHead = gate.tree !== null && gate.tree === proof.git?.tree;
    const subject = isOfHead || gate.tree === null ? runSubject(proof) : [{
      name: task_id === null ? "tree" : `task ${task_id}`,
      digest: { gitTree: gate.tree, ...(gate.commit === null ? {} : { gitCommit: gate.commit }) },
    }];
    const log = proof.artifacts.find(({ path }) => path === gate.output);
    return [statement(subject, TEST_RESULT, {
      result: verdictOf(gate),
      configuration: [{
        name,
        digest: { sha256: gate.definition },
        annotations: {
          scope,
          task_id,
          required,
          runs,
          exit_code,
          timed_out,
          duration_ms,
          counts,
          reason,
          log: log === undefined ? null : { name: log.path, digest: { sha256: log.sha256 } },
        },
      }],
    })];
  });
}

/** A failure that the plan allows is a warning, and so is a pass after a failure on the same tree. */
function verdictOf({ result, allow_fail, flaky }: Proof["gates"][number]): "PASSED" | "WARNED" | "FAILED" {
  if (result === "passed") return flaky === true ? "WARNED" : "PASSED";
  return allow_fail ? "WARNED" : "FAILED";
}

function provenanceOf(proof: Proof, proofDigest: string): Statement {
  const { git, plan, versions, times, artifacts } = proof;
  const tasks = proof.tasks.filter(({ selected }) => selected).map(({ id }) => id);
  const base: readonly ResourceDescriptor[] = git === null ? [] : [{
    name: "base",
    digest: { gitCommit: git.base, gitTree: git.base_tree },
    annotations: { snapshot: git.snapshot },
  }];
  return statement(runSubject(proof), PROVENANCE, {
    buildDefinition: {
      buildType: BUILD_TYPE,
      externalParameters: {
        name: proof.name,
        plan: { name: plan.path, digest: { sha256: plan.sha256 } },
        tasks,
      },
      internalParameters: { containment: proof.containment },
      resolvedDependencies: base,
    },
    runDetails: {
      builder: { id: OMK, version: programVersions(versions) },
      metadata: { invocationId: proof.run_id, startedOn: times.started_at, finishedOn: times.finished_at },
      byproducts: [
        { name: PROOF_FILE, digest: { sha256: proofDigest } },
        logHead(proof),
        ...artifacts.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } })),
      ],
    },
  });
}

function summaryOf(proof: Proof, proofDigest: string, details: readonly Statement[]): Statement {
  const inputs = details.map((detail, at) => ({
    name: `statement ${at + 1}: ${detail.predicateType}`,
    digest: { sha256: sha256(statementBytes(detail)) },
  }));
  return statement(runSubject(proof), VERIFICATION_SUMMARY, {
    verifier: { id: OMK, version: programVersions(proof.versions) },
    timeVerified: proof.times.finished_at,
    resourceUri: `urn:omk:run:${proof.run_id}`,
    policy: { name: proof.plan.path, digest: { sha256: proof.plan.sha256 } },
    inputAttestations: [...inputs, { name: PROOF_FILE, digest: { sha256: proofDigest } }, logHead(proof)],
    verificationResult: proof.status === "ready" ? "PASSED" : "FAILED",
    verifiedLevels: [],
    omkStatus: proof.status,
  });
}

/** The last commit of the log that the proof tells of: its sum is the SHA-256 of its bytes, and vouches for all before. */
function logHead({ log }: Proof): ResourceDescriptor & { readonly digest: { readonly sha256: string } } {
  return { name: "log", digest: { sha256: log.sum }, annotations: { index: log.index } };
}

/** Those that are known; a version map holds texts only. */
function programVersions({ omk, runtime, git, os }: Proof["versions"]): Readonly<Record<string, string>> {
  return { omk, runtime, os, ...(git === null ? {} : { git }) };
}

function statement(
  subject: Statement["subject"],
  predicateType: string,
  predicate: Statement["predicate"],
): Statement {
  return { _type: STATEMENT_V1, subject: [...subject], predicateType, predicate };
}
