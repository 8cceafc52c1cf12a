import { assertEquals } from "@std/assert";
import { draft, type EventDraft, taskSubject } from "../../src/log/event.ts";
import type { Kind } from "../../src/log/kinds.ts";
import { type RunState, taskAt } from "../../src/scheduler/run_state.ts";
import { makeGate, makeOutcome, makePlan, makeTask } from "./fixture.ts";
import { Rig } from "./rig.ts";

const GATE = makeGate();
const PLAN = makePlan([makeTask("a"), makeTask("b", { dependencies: ["a"] })], { gates: [GATE] });
const ACTOR = "controller/1";
const OID = "f".repeat(40);
const ARTIFACT = { path: "proof.json", bytes: 1, kept_bytes: 1, truncated: false, sha256: "0".repeat(64) };
const HEAD = { index: 1, sum: "0".repeat(64) };

/** Facts that a forger could want, made to fit the state as well as they can. */
function forgeries(state: RunState): readonly EventDraft[] {
  const { task } = taskAt(state, 0);
  const ref = { task_id: "a", attempt: Math.max(1, task.attempt), token: task.token ?? 1 };
  const subject = taskSubject("a");
  const outcome = makeOutcome("success");
  const gate = {
    gate: "test",
    scope: "run",
    run_number: 1,
    required: true,
    tree: state.run.head?.tree ?? OID,
    commit: state.run.head?.commit ?? OID,
    task_id: null,
    token: null,
  } as const;
  const evidence = {
    ...gate,
    definition: "0".repeat(64),
    exit_code: 0,
    signal: null,
    timed_out: false,
    duration_ms: 1,
    output: null,
    changed: [],
    untracked: [],
    counts: null,
  };
  const proof = { status: "ready", head: HEAD, proof: ARTIFACT, failure: null, patch: null } as const;
  const claim = { task_id: "b", attempt: 1, worker: "local", lease_expires: 9e12, base: OID };
  const merge = { ...ref, head: OID, base: OID, pin: OID, date: 1 };
  return [
    draft("run_finished", "run", ACTOR, { status: "ready", exit_code: 0 }),
    draft("run_paused", "run", ACTOR, { reason: "forged" }),
    draft("proof_writing", "run", ACTOR, { status: "ready", commit: OID, tree: OID }),
    draft("proof_written", "run", ACTOR, proof),
    draft("gate_started", "run", ACTOR, gate),
    draft("gate_passed", "run", ACTOR, evidence),
    draft("task_claimed", taskSubject("b"), ACTOR, claim),
    draft("task_finished", subject, ACTOR, { ...ref, outcome, outputs: [] }),
    draft("merge_started", subject, ACTOR, merge),
    draft("task_completed", subject, ACTOR, { ...ref, commit: OID, tree: OID }),
    draft("task_failed", subject, ACTOR, { ...ref, outcome: makeOutcome("exit"), reason: "forged" }),
    draft("run_merged", "run", ACTOR, { branch: "refs/heads/main", from: OID, commit: OID, anyway: true }),
  ];
}

Deno.test("P7, P9: a fact that is forged at any moment of a run neither lets it end well nor hangs it", async () => {
  const quiet = new Rig(PLAN);
  assertEquals((await quiet.run()).status, "ready");
  const kinds = forgeries(quiet.state).map(({ kind }) => kind);
  // The proof and the end of the run are one commit: what comes behind it is for omk verify to find.
  for (const { index, kind: at } of quiet.events.slice(1, -2)) {
    for (const [which, kind] of kinds.entries()) await forgeAt(index, at, which, kind);
  }
});

/** Forges a fact right after an event of the run. */
async function forgeAt(index: number, at: Kind, which: number, kind: Kind): Promise<void> {
  const rig = new Rig(PLAN);
  const end = await rig.run((event, { log, state }) => {
    if (event.index !== index) return;
    const forged = forgeries(state)[which];
    if (forged !== undefined) log.appendForeign([forged]);
  });
  const when = `${kind} after ${at}`;
  assertEquals(end.status, "failed_infra", when);
  assertEquals(rig.state.run.tampered_at, index + 1, when);
}
