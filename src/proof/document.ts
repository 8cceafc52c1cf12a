/**
 * The proof of a run, from its log alone: the plan, the folded state, the evidence, and what the last
 * `proof_writing` says. Pure, so that whoever has the log can make the very same document.
 */

import { canonicalJson } from "../canonical_json.ts";
import { sha256 } from "../digest.ts";
import type { Artifact, RunStatus } from "../log/kinds.ts";
import type { LogHead } from "../log/port.ts";
import type { RunState } from "../scheduler/run_state.ts";
import { changesOf } from "./changes.ts";
import { artifactsOf, type RunEvidence } from "./evidence.ts";
import { PLAN_FILE, PROOF_FILE } from "./files.ts";
import { gateEntries } from "./gate_entries.ts";
import type { Failure, Proof } from "./schema.ts";
import { failedOf, flakyGapsOf, knownGapsOf, notTestedOf, personItemsOf } from "./shortcomings.ts";
import { mergeVerdict, summaryOf } from "./summary.ts";
import { taskLists } from "./task_lists.ts";
import { usageGapsOf } from "./usage_gaps.ts";
import { sumUsage } from "./usage_sum.ts";

/** What a proof is made of. */
export interface ProofSource {
  /** Folded up to `head`. The plan is in it. */
  readonly state: RunState;
  /** Folded up to `head`. */
  readonly evidence: RunEvidence;
  readonly status: RunStatus;
  /** The commit that ends with `proof_writing`. */
  readonly head: LogHead;
  /** `delivered.patch`; null without a delivered tree. */
  readonly patch: Artifact | null;
}

/** Makes the proof. */
export function buildProof({ state, evidence, status, head, patch }: ProofSource): Proof {
  const { run } = state;
  const gates = gateEntries(state, evidence);
  const changed = changesOf(evidence);
  const durations = durationsOf(evidence);
  const finishedAt = evidence.judged?.at ?? run.last_ts;
  const files = [...artifactsOf(evidence), ...(patch === null ? [] : [patch])].map(digested);
  return {
    version: 1,
    run_id: run.run_id,
    name: run.name,
    status,
    summary: summaryOf(state, status, evidence),
    merge: mergeVerdict(state, status, evidence),
    attempted: state.tasks.filter((task) => task.attempt > 0).map((task) => task.id),
    changed,
    passed: {
      tasks: taskLists(state).completed.map((task) => task.id),
      gates: gates.filter((gate) => gate.scope === "run" && gate.result === "passed").map((gate) =>
        gate.name
      ),
    },
    failed: failedOf(state, gates),
    not_tested: notTestedOf(state, gates),
    needs_a_person: personItemsOf(state, evidence),
    retries: evidence.retries.map(({ task_id, attempt, class: kind, outcome, reason }) => ({
      task_id,
      attempt,
      class: kind,
      result: outcome.result,
      reason,
    })),
    ...reviewsOf(evidence),
    ...picksOf(evidence),
    refused_results: evidence.refused.map(({ task_id, attempt, token, reason }) => ({
      task_id,
      attempt,
      token,
      reason,
    })),
    known_gaps: [
      ...knownGapsOf(state, evidence, changed),
      ...usageGapsOf(state, evidence),
      ...flakyGapsOf(gates),
    ],
    git: run.base === null || run.head === null ? null : {
      base: run.base.commit,
      base_tree: run.base.tree,
      branch: run.base.branch,
      snapshot: run.base.snapshot,
      head: run.head.commit,
      tree: run.head.tree,
    },
    log: { index: head.index, sum: head.sum },
    plan: { path: PLAN_FILE, sha256: run.plan_digest, ...additionsOf(state) },
    gates: [...gates],
    ...testsOf(state, evidence),
    tasks: state.tasks.map((task, ordinal) => ({
      id: task.id,
      state: task.state,
      selected: state.index.isSelected(ordinal),
      isolation: state.plan.tasks[ordinal]?.isolation ?? "worktree",
      attempts: task.attempt,
      commit: task.commit,
      duration_ms: durations.get(task.id) ?? null,
      reason: task.reason,
    })),
    artifacts: files.sort((a, b) => (a.path < b.path ? -1 : 1)),
    outputs: state.tasks.flatMap((task) =>
      task.state === "completed"
        ? task.outputs.map(({ path, sha256, bytes }) => ({ task_id: task.id, path, sha256, bytes }))
        : []
    ),
    usage: usageOf(evidence, finishedAt - run.started_at),
    times: { started_at: isoTime(run.started_at), finished_at: isoTime(finishedAt) },
    versions: evidence.started?.versions ?? { omk: "", runtime: "", git: null, os: "" },
    containment: evidence.started?.containment ?? "group",
    ...(evidence.started?.plan_lock === undefined ? {} : { plan_lock: evidence.started.plan_lock }),
  };
}

/** What keeps the run of a proof from being delivered; null where it is ready or passed. */
export function buildFailure(proof: Proof): Failure | null {
  if (proof.status === "ready" || proof.status === "passed") return null;
  const { version, run_id, status, summary, failed, not_tested, needs_a_person, known_gaps } = proof;
  return {
    version,
    run_id,
    status,
    summary,
    proof: PROOF_FILE,
    failed,
    not_tested,
    needs_a_person,
    known_gaps,
  };
}

/** What reviews said, where there was any. */
function reviewsOf({ reviews }: RunEvidence): Pick<Proof, "reviews"> {
  if (reviews.length === 0) return {};
  return {
    reviews: reviews.map(({ task_id, attempt, review, round, verdict, findings }) => ({
      ...{ task_id, attempt, round, verdict },
      review: review.task_id,
      review_attempt: review.attempt,
      findings: [...findings],
    })),
  };
}

/** Which candidates were picked, where there were any. */
function picksOf({ picks }: RunEvidence): Pick<Proof, "picks"> {
  if (picks.length === 0) return {};
  return {
    picks: picks.map(({ task_id, picked, reason }) => ({
      ...{ task_id, reason },
      picked: picked.task_id,
      attempt: picked.attempt,
    })),
  };
}

/** What was found of lost tests, where tests were compared. */
function testsOf({ run }: RunState, { tests }: RunEvidence): Pick<Proof, "tests"> {
  if (tests === null) return {};
  const { base, head, reports, lost, lost_count } = tests;
  return {
    tests: {
      base: base.tree,
      head: head.tree,
      reports: reports.map((each) => ({
        gate: each.gate,
        base: each.base.path,
        head: each.head.path,
        from: each.from,
      })),
      lost: [...lost],
      lost_count,
      accepted_by: run.tests?.accepted_by ?? null,
    },
  };
}

/** The tasks that were added to the plan, by whom, and what vouches for them. */
function additionsOf({ run, tasks }: RunState): Pick<Proof["plan"], "additions"> {
  if (run.accepted === undefined) return {};
  const added = tasks.flatMap(({ id, proposed_by }) =>
    proposed_by === undefined ? [] : [{ id, proposed_by: proposed_by.task_id, attempt: proposed_by.attempt }]
  );
  return { additions: { sha256: sha256(canonicalJson(run.accepted)), tasks: added } };
}

function digested({ path, kept_bytes, sha256 }: Artifact): Proof["artifacts"][number] {
  return { path, bytes: kept_bytes, sha256 };
}

/** Milliseconds that the attempts of each task took. */
function durationsOf(evidence: RunEvidence): ReadonlyMap<string, number> {
  const durations = new Map<string, number>();
  for (const { task_id, outcome } of evidence.attempts) {
    durations.set(task_id, (durations.get(task_id) ?? 0) + (outcome?.duration_ms ?? 0));
  }
  return durations;
}

/** The clock measures runs, tasks and gates; but of an attempt that was lost nobody knows how long it took. */
function usageOf(evidence: RunEvidence, runMs: number): Proof["usage"] {
  const taskMs = evidence.attempts.reduce((sum, { outcome }) => sum + (outcome?.duration_ms ?? 0), 0);
  const isComplete = evidence.attempts.every(({ outcome }) => outcome !== null && outcome.result !== "lost");
  const gateMs = evidence.gates.reduce(
    (sum, gate) => sum + (gate.result === "skipped" ? 0 : gate.payload.duration_ms),
    0,
  );
  return [
    { metric: "run_ms", amount: runMs, quality: "measured" },
    { metric: "task_ms", amount: taskMs, quality: isComplete ? "measured" : "estimated" },
    { metric: "gate_ms", amount: gateMs, quality: "measured" },
    ...sumUsage(evidence.usage),
  ];
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
