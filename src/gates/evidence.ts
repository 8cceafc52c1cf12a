/** From what a gate's run showed to the payload that records it. Pure. */

import type { Artifact } from "../log/kinds.ts";
import { CHANGED_PATHS_LISTED } from "../log/payloads.ts";
import { gateDefinition } from "../plan/gate_definition.ts";
import type { BodyOutcome } from "../process/port.ts";
import { type GateFailure, lostOutput, type TreeChanges } from "./judge.ts";
import type { TestCounts } from "./junit.ts";
import type { GateRequest, GateResult } from "./port.ts";

/** What is known about one run of a gate. */
export interface GateFacts {
  /** Null where its command was never started. */
  readonly body: BodyOutcome | null;
  readonly output: Artifact | null;
  readonly tree: TreeChanges;
  readonly counts: TestCounts | null;
  /** The tests that its reports list; null where they list none. */
  readonly tests: Artifact | null;
  /** SARIF logs that it wrote, as they are kept. */
  readonly reports: readonly Artifact[];
  /** Null: it passed. */
  readonly failure: GateFailure | null;
}

/** The result of a gate with its evidence. */
export function gateResult(request: GateRequest, facts: GateFacts): GateResult {
  const { gate, task } = request;
  const { body, failure } = facts;
  const evidence = {
    gate: gate.name,
    scope: gate.scope,
    run_number: request.runNumber,
    required: gate.required,
    tree: request.tree,
    commit: request.commit,
    task_id: task?.id ?? null,
    token: task?.token ?? null,
    definition: gateDefinition(gate),
    exit_code: body?.exit_code ?? null,
    signal: body?.signal ?? null,
    timed_out: body?.kind === "timed_out",
    duration_ms: Math.max(0, Math.round(body?.duration_ms ?? 0)),
    output: facts.output,
    changed: listed(facts.tree.changed),
    untracked: listed(facts.tree.untracked),
    counts: facts.counts,
    ...(facts.tests === null ? {} : { tests: facts.tests }),
    ...(facts.reports.length === 0 ? {} : { reports: [...facts.reports] }),
  };
  return failure === null ? { passed: true, evidence } : {
    passed: false,
    evidence: {
      ...evidence,
      reason: failure.reason,
      infrastructure: failure.infrastructure,
      ...(failure.ended === undefined ? {} : { ended: failure.ended }),
    },
  };
}

/** The output of a body as an artifact; null where the file is not what the body printed. */
export function artifactOf(path: string, body: BodyOutcome): Artifact | null {
  if (lostOutput(body) !== null) return null;
  const { bytes, kept_bytes, truncated, sha256 } = body.output;
  return { path, bytes, kept_bytes, truncated, sha256 };
}

/** Sorted paths; where they are too many for an event, the top directories that they lie in, each ending in a slash. */
function listed(paths: readonly string[]): string[] {
  const all = [...paths].sort();
  if (all.length <= CHANGED_PATHS_LISTED) return all;
  const tops = all.map((path) => {
    const slash = path.indexOf("/");
    return slash < 0 ? path : path.slice(0, slash + 1);
  });
  return [...new Set(tops)];
}
