/** Events for tests of proofs: attempts and gates as a controller would record them. */

import { draft, type EventDraft, taskSubject } from "../../src/log/event.ts";
import type { Artifact, PayloadOf } from "../../src/log/kinds.ts";
import { buildProof } from "../../src/proof/document.ts";
import { EvidenceFold } from "../../src/proof/evidence.ts";
import type { Proof } from "../../src/proof/schema.ts";
import { runStatus } from "../../src/proof/status.ts";
import { findTask } from "../../src/scheduler/run_state.ts";
import { gateDefinition } from "../../src/plan/gate_definition.ts";
import { makeGate } from "../gates/fixture.ts";
import { BASE_COMMIT, BASE_TREE, Ledger, makeOutcome, makePlan, makeTask } from "../run/fixture.ts";

/** The actor of all facts. */
export const CONTROLLER = "controller/1";

/** The commit and tree that every merge of these tests results in. */
export const HEAD = { commit: "d".repeat(40), tree: "e".repeat(40) };

/** An artifact whose file need not exist. */
export function makeArtifact(path: string): Artifact {
  return { path, bytes: 5, kept_bytes: 5, truncated: false, sha256: "f".repeat(64) };
}

/** What the log must say before an attempt ends: claimed and started. Folds at once. */
export function start(ledger: Ledger, id: string): { task_id: string; attempt: number; token: number } {
  const [claimed] = ledger.add(claim(ledger, id));
  const ref = { task_id: id, attempt: attemptOf(ledger, id), token: claimed?.index ?? -1 };
  ledger.add([draft("task_started", taskSubject(id), CONTROLLER, {
    ...ref,
    process: { pid: 1, pgid: 1, start_time: null, boot_id: null },
    slot: null,
    output: `tasks/${id}/${ref.attempt}/output.log`,
  })]);
  return ref;
}

/** The next claim of a task. */
export function claim(ledger: Ledger, id: string): readonly EventDraft[] {
  return [draft("task_claimed", taskSubject(id), CONTROLLER, {
    task_id: id,
    attempt: attemptOf(ledger, id) + 1,
    worker: "local",
    lease_expires: ledger.now + 300_000,
    base: ledger.state.run.head?.commit ?? null,
  })];
}

/** A whole attempt that ends well; its work is merged unless `changed` is null. Folds all but the last event. */
export function complete(
  ledger: Ledger,
  id: string,
  changed: PayloadOf<"attempt_pinned">["changed"]["paths"] | null = [],
  pinned: Partial<PayloadOf<"attempt_pinned">> = {},
): readonly EventDraft[] {
  const ref = start(ledger, id);
  const subject = taskSubject(id);
  const outcome = makeOutcome("success", { output: makeArtifact(`tasks/${id}/${ref.attempt}/output.log`) });
  if (changed === null) {
    ledger.add([draft("task_finished", subject, CONTROLLER, { ...ref, outcome, outputs: [] })]);
    return [draft("task_completed", subject, CONTROLLER, { ...ref, commit: null, tree: null })];
  }
  const pin = "a".repeat(40);
  const head = ledger.state.run.head?.commit ?? BASE_COMMIT;
  ledger.add([
    draft("attempt_pinning", subject, CONTROLLER, {
      ...ref,
      slot: "w1",
      base: head,
      date: ledger.now,
      outcome,
    }),
  ]);
  ledger.add([draft("attempt_pinned", subject, CONTROLLER, {
    ...ref,
    ref: `refs/omk/run/task/${id}/${ref.attempt}/pin`,
    commit: pin,
    tree: BASE_TREE,
    changed: { count: changed.length, paths: changed },
    by_products: [],
    by_products_capped: false,
    unpinned: [],
    set_aside: false,
    secrets: [],
    ...pinned,
  })]);
  ledger.add([draft("task_finished", subject, CONTROLLER, { ...ref, outcome, outputs: [] })]);
  ledger.add([
    draft("merge_started", subject, CONTROLLER, { ...ref, head, base: head, pin, date: ledger.now }),
  ]);
  return [draft("task_completed", subject, CONTROLLER, { ...ref, ...HEAD })];
}

/** An attempt that fails for good. */
export function fail(ledger: Ledger, id: string, reason = "exited with 1"): readonly EventDraft[] {
  const ref = start(ledger, id);
  return [
    draft("task_failed", taskSubject(id), CONTROLLER, { ...ref, outcome: makeOutcome("exit"), reason }),
  ];
}

/** An attempt that ends with a question. */
export function wait(ledger: Ledger, id: string, on: "human" | "external"): readonly EventDraft[] {
  const ref = start(ledger, id);
  const outcome = makeOutcome(`blocked_on_${on}`);
  return [
    draft("task_waiting", taskSubject(id), CONTROLLER, { ...ref, outcome, on, question: "Which port?" }),
  ];
}

/** An attempt that is repeated: as it failed, unless `changes` say otherwise. */
export function retry(
  ledger: Ledger,
  id: string,
  changes: Partial<PayloadOf<"retry_scheduled">> = {},
): readonly EventDraft[] {
  const ref = start(ledger, id);
  const output = makeArtifact(`tasks/${id}/${ref.attempt}/output.log`);
  return [draft("retry_scheduled", taskSubject(id), CONTROLLER, {
    ...ref,
    outcome: makeOutcome("exit", { output }),
    class: "retry",
    not_before: ledger.now,
    reason: "exited with 75",
    ...changes,
  })];
}

type GateKind = "gate_passed" | "gate_failed" | "gate_skipped";

/** One run of the gate `test` on the delivered tree, unless `changes` say otherwise. */
export function gateRun(kind: GateKind, changes: Partial<PayloadOf<"gate_failed">>): readonly EventDraft[] {
  const place = {
    gate: "test",
    scope: "run" as const,
    required: true,
    tree: HEAD.tree,
    commit: HEAD.commit,
    task_id: null,
    reason: "exited with 1",
  };
  if (kind === "gate_skipped") {
    return [draft(kind, "run", CONTROLLER, { ...place, reason: "the plan says skip" })];
  }
  const { reason, ...rest } = place;
  const evidence = {
    ...rest,
    run_number: 1,
    token: null,
    definition: gateDefinition(makeGate()),
    exit_code: kind === "gate_passed" ? 0 : 1,
    signal: null,
    timed_out: false,
    duration_ms: 20,
    output: makeArtifact("gates/001-test.log"),
    changed: [],
    untracked: [],
    counts: null,
  };
  const { gate, scope, run_number, required, tree, commit, task_id, token } = { ...evidence, ...changes };
  const started = { gate, scope, run_number, required, tree, commit, task_id, token };
  return [
    draft("gate_started", "run", CONTROLLER, started),
    kind === "gate_passed"
      ? draft(kind, "run", CONTROLLER, { ...evidence, ...changes })
      : draft(kind, "run", CONTROLLER, { ...evidence, reason, infrastructure: false, ...changes }),
  ];
}

function attemptOf(ledger: Ledger, id: string): number {
  return findTask(ledger.state, id)?.task.attempt ?? 0;
}

/** The proof of a run as it stands in the ledger, after its `proof_writing`. */
export function prove(ledger: Ledger): Proof {
  const status = runStatus(ledger.state);
  ledger.now += 1000;
  const [event] = ledger.add([
    draft("proof_writing", "run", CONTROLLER, { status, commit: HEAD.commit, tree: HEAD.tree }),
  ]);
  const evidence = new EvidenceFold();
  for (const each of ledger.events) evidence.take(each);
  const head = { index: event?.index ?? 0, sum: "1".repeat(64) };
  return buildProof({ state: ledger.state, evidence, status, head, patch: makeArtifact("delivered.patch") });
}

/** Folds drafts a tenth of a second later. */
export function add(ledger: Ledger, drafts: readonly EventDraft[]): void {
  ledger.now += 100;
  ledger.add(drafts);
}

/** A run that is ready: one task needed a second attempt, both changed the same files, the gate needed two runs. */
export function readyRun(): Ledger {
  const plan = makePlan([makeTask("a"), makeTask("b")], { gates: [makeGate()] });
  const ledger = new Ledger(plan).start();
  add(ledger, retry(ledger, "a"));
  add(
    ledger,
    complete(ledger, "a", [
      { path: "src/b.ts", change: "modified" },
      { path: "new.ts", change: "added" },
      { path: "tmp.ts", change: "added" },
    ]),
  );
  add(
    ledger,
    complete(ledger, "b", [
      { path: "src/b.ts", change: "deleted" },
      { path: "new.ts", change: "modified" },
      { path: "tmp.ts", change: "deleted" },
    ]),
  );
  add(ledger, gateRun("gate_failed", { run_number: 1, output: makeArtifact("gates/001-test.log") }));
  add(ledger, gateRun("gate_passed", { run_number: 2, output: makeArtifact("gates/002-test.log") }));
  return ledger;
}
