import * as z from "zod";
import { assert, assertEquals } from "@std/assert";
import { canonicalJson } from "../../src/canonical_json.ts";
import { draft, type EventDraft, taskSubject } from "../../src/log/event.ts";
import { prettyJson } from "../../src/proof/canonical_file.ts";
import { buildFailure, buildProof } from "../../src/proof/document.ts";
import { EvidenceFold } from "../../src/proof/evidence.ts";
import { failureSchema, proofSchema } from "../../src/proof/schema.ts";
import { runStatus } from "../../src/proof/status.ts";
import { makeGate } from "../gates/fixture.ts";
import { applyAll } from "../../src/run/state.ts";
import { createRunState } from "../../src/scheduler/run_state.ts";
import { BASE_COMMIT, BASE_TREE, Ledger, makeOutcome, makePlan, makeTask } from "../run/fixture.ts";
import {
  add,
  complete,
  CONTROLLER,
  fail,
  gateRun,
  HEAD,
  makeArtifact,
  prove,
  readyRun,
  start,
  wait,
} from "./fixture.ts";

Deno.test("P7: buildProof() names tree, gates, log, digests, attempts and changes of a run that is ready", () => {
  const ledger = readyRun();
  const proof = prove(ledger);
  proofSchema.parse(proof);
  assertEquals(proof.status, "ready");
  assertEquals(
    proof.summary,
    `2 of 2 tasks completed; 1 of 1 required gate passed on tree ${"e".repeat(12)}`,
  );
  assertEquals(proof.merge, { allowed: true, reason: "the run is ready" });
  assertEquals(proof.attempted, ["a", "b"]);
  assertEquals(proof.changed, {
    complete: true,
    paths: [
      { path: "new.ts", change: "added", tasks: ["a", "b"] },
      { path: "src/b.ts", change: "deleted", tasks: ["a", "b"] },
    ],
  });
  assertEquals(proof.passed, { tasks: ["a", "b"], gates: ["test"] });
  assertEquals(proof.failed, []);
  assertEquals(proof.not_tested, []);
  assertEquals(proof.needs_a_person, []);
  assertEquals(proof.retries, [
    { task_id: "a", attempt: 1, class: "retry", result: "exit", reason: "exited with 75" },
  ]);
  assertEquals(proof.git, {
    base: BASE_COMMIT,
    base_tree: BASE_TREE,
    branch: "refs/heads/main",
    snapshot: false,
    head: HEAD.commit,
    tree: HEAD.tree,
  });
  assertEquals(proof.log, { index: ledger.events.length - 1, sum: "1".repeat(64) });
  assertEquals(proof.plan, { path: "plan.json", sha256: "a".repeat(64) });
  const [gate] = proof.gates;
  assertEquals([gate?.result, gate?.runs, gate?.run_number, gate?.tree], ["passed", 2, 2, HEAD.tree]);
  assertEquals(proof.artifacts.map(({ path }) => path), [
    "delivered.patch",
    "gates/001-test.log",
    "gates/002-test.log",
    "tasks/a/1/output.log",
    "tasks/a/2/output.log",
    "tasks/b/1/output.log",
  ]);
  assertEquals(
    proof.tasks.map((
      { id, state, attempts, commit, duration_ms },
    ) => [id, state, attempts, commit, duration_ms]),
    [
      ["a", "completed", 2, HEAD.commit, 20],
      ["b", "completed", 1, HEAD.commit, 10],
    ],
  );
  assertEquals(proof.times, {
    started_at: "2026-01-02T03:04:05.000Z",
    finished_at: new Date(ledger.now).toISOString(),
  });
  assertEquals(proof.usage, [
    { metric: "run_ms", amount: 1500, quality: "measured" },
    { metric: "task_ms", amount: 30, quality: "measured" },
    { metric: "gate_ms", amount: 40, quality: "measured" },
  ]);
  assertEquals(buildFailure(proof), null);
});

Deno.test("P11: buildProof() makes the same bytes of the same log, with no regard to the order of keys or later requests", () => {
  const ledger = readyRun();
  const first = prettyJson(prove(ledger));
  const state = applyAll(createRunState(ledger.state.plan), ledger.events);
  const evidence = new EvidenceFold();
  for (const each of ledger.events) evidence.take(JSON.parse(canonicalJson(each)));
  const again = buildProof({
    state,
    evidence,
    status: runStatus(state),
    head: { index: ledger.events.length - 1, sum: "1".repeat(64) },
    patch: makeArtifact("delivered.patch"),
  });
  assertEquals(prettyJson(again), first);
  const requester = { process: { pid: 1, pgid: 1, start_time: null, boot_id: null }, wall: 1 };
  ledger.add([
    draft("cancel_requested", "run", "cli/1", { task_id: null, reason: "late", ...requester }),
    draft("pause_requested", "run", "cli/1", { reason: "late", ...requester }),
  ]);
  const later = buildProof({
    ...again,
    state: ledger.state,
    evidence,
    head: again.log,
    patch: makeArtifact("delivered.patch"),
  });
  assertEquals(prettyJson(later), first);
});

Deno.test("buildProof() tells what failed, was not tested, and needs a person", () => {
  const plan = makePlan([
    makeTask("failed"),
    makeTask("after", { dependencies: ["failed"] }),
    makeTask("asks"),
    makeTask("secret"),
    makeTask("place", { isolation: "none" }),
    makeTask("left-out"),
  ], {
    gates: [makeGate(), makeGate({ name: "lint", required: false }), makeGate({ name: "skipped" })],
    durability: "none",
  });
  const ledger = new Ledger(plan).start({
    selected: ["failed", "after", "asks", "secret", "place"],
    known_gaps: ["LFS files are pointers"],
    base: { commit: BASE_COMMIT, tree: BASE_TREE, branch: null, snapshot: true },
  });
  add(ledger, fail(ledger, "failed"));
  add(ledger, [
    draft("task_blocked", taskSubject("after"), CONTROLLER, {
      task_id: "after",
      causes: ["failed"],
      reason: '"failed" failed',
    }),
  ]);
  add(ledger, wait(ledger, "asks", "human"));
  add(
    ledger,
    complete(ledger, "secret", [{ path: "k.pem", change: "added" }], {
      changed: { count: 9, paths: [{ path: "k.pem", change: "added" }] },
      secrets: ["k.pem"],
      unpinned: [{ path: "fifo", reason: "not_regular" }],
    }),
  );
  add(ledger, complete(ledger, "place", null));
  add(ledger, gateRun("gate_failed", { gate: "lint", required: false }));
  add(ledger, gateRun("gate_passed", { tree: "9".repeat(40) }));
  add(
    ledger,
    gateRun("gate_skipped", {}).map((each) =>
      ({ ...each, payload: { ...each.payload, gate: "skipped" } }) as EventDraft
    ),
  );
  const proof = prove(ledger);
  proofSchema.parse(proof);
  assertEquals(proof.status, "blocked_on_human");
  assertEquals(
    proof.summary,
    '2 of 5 tasks completed, 1 failed, 1 blocked, 1 waiting; "asks" waits for a person',
  );
  assertEquals(proof.merge.allowed, false);
  assertEquals(proof.failed, [
    { kind: "task", name: "failed", required: true, reason: "exited with 1" },
    { kind: "gate", name: "lint", required: false, reason: "exited with 1" },
  ]);
  assertEquals(proof.not_tested, [
    { what: 'task "left-out"', reason: "it was not selected" },
    { what: 'task "after"', reason: 'it is blocked: "failed" failed' },
    { what: 'task "asks"', reason: "it is waiting: Which port?" },
    { what: 'gate "test"', reason: "it did not run on the delivered tree" },
    { what: 'gate "skipped"', reason: "the plan says skip" },
  ]);
  assertEquals(proof.needs_a_person, [
    { task_id: "asks", what: "Which port?" },
    { task_id: "secret", what: "attempt 1 made files that seem to hold secrets: k.pem" },
    {
      task_id: "secret",
      what: "attempt 1 left what could not be pinned, so its slot was set aside: fifo (not_regular)",
    },
  ]);
  assertEquals(proof.known_gaps, [
    "LFS files are pointers",
    'worked in the directory itself, so nothing was pinned or merged for: "place"',
    "the base holds uncommitted changes of the checkout; they are part of the delivery",
    'durability "none": the log was never synced to the disk',
    "not every changed path is listed; git holds the rest",
  ]);
  assertEquals(proof.tasks.map(({ selected }) => selected), [true, true, true, true, true, false]);
  const failure = buildFailure(proof);
  failureSchema.parse(failure);
  assertEquals(failure?.failed, proof.failed);
  assertEquals(failure?.proof, "proof.json");
});

Deno.test("buildProof() does not let a tree with secrets be merged, and says so", () => {
  const ledger = new Ledger(makePlan([makeTask("a")], { gates: [makeGate()] })).start();
  add(ledger, complete(ledger, "a", [{ path: "k.pem", change: "added" }], { secrets: ["k.pem"] }));
  add(ledger, gateRun("gate_passed", {}));
  const proof = prove(ledger);
  assertEquals(proof.status, "ready");
  assertEquals(proof.merge, {
    allowed: false,
    reason: "files of the delivered tree seem to hold secrets: k.pem",
  });
});

Deno.test("buildProof() says that there is nothing to merge where nothing was changed", () => {
  const ledger = new Ledger(makePlan([makeTask("a", { isolation: "none" })], { gates: [makeGate()] }))
    .start();
  add(ledger, complete(ledger, "a", null));
  add(ledger, gateRun("gate_passed", { tree: BASE_TREE, commit: BASE_COMMIT }));
  const proof = prove(ledger);
  assertEquals(proof.status, "ready");
  assertEquals(proof.merge, { allowed: false, reason: "the run is ready, but it changed nothing" });
});

Deno.test("buildProof() says that nothing is proved without a required gate", () => {
  const ledger = new Ledger(makePlan([makeTask("a")])).start();
  add(ledger, complete(ledger, "a"));
  const proof = prove(ledger);
  assertEquals(proof.status, "passed");
  assertEquals(proof.summary, "1 of 1 task completed; nothing is proved, as the plan has no required gate");
  assertEquals(proof.not_tested, [{ what: "the delivered tree", reason: "the plan has no required gate" }]);
  assertEquals(proof.merge, {
    allowed: false,
    reason: "only a run that is ready is delivered, and this one is passed",
  });
});

Deno.test("P3: buildProof() lists results that were refused, and lost attempts as a gap", () => {
  const ledger = new Ledger(makePlan([makeTask("a")])).start();
  const ref = start(ledger, "a");
  const outcome = makeOutcome("lost");
  const subject = taskSubject("a");
  add(ledger, [draft("retry_scheduled", subject, CONTROLLER, {
    ...ref,
    outcome,
    class: "recovery",
    not_before: ledger.now,
    reason: "its lease ran out",
  })]);
  add(ledger, [draft("result_refused", subject, CONTROLLER, { ...ref, reason: "stale token" })]);
  add(ledger, [
    draft("usage_recorded", subject, CONTROLLER, { ...ref, metric: "usd", amount: 1.5, quality: "measured" }),
    draft("usage_recorded", subject, CONTROLLER, { ...ref, metric: "usd", amount: 2, quality: "estimated" }),
    draft("usage_recorded", subject, CONTROLLER, { ...ref, metric: "tokens", amount: 0, quality: "unknown" }),
  ]);
  const proof = prove(ledger);
  assertEquals(proof.refused_results, [{ ...ref, reason: "stale token" }]);
  assertEquals(proof.known_gaps, [
    'durability "none": the log was never synced to the disk',
    "1 attempt was lost with the process that ran it",
  ]);
  assertEquals(proof.usage.slice(1), [
    { metric: "task_ms", amount: 10, quality: "estimated" },
    { metric: "gate_ms", amount: 0, quality: "measured" },
    { metric: "usd", amount: 3.5, quality: "estimated" },
    { metric: "tokens", amount: null, quality: "unknown" },
  ]);
});

Deno.test("P10: buildProof() tells which budget may be exceeded, as what agents used is not known", () => {
  const tasks = [makeTask("a", { budget: { usd: 1 } }), makeTask("b")];
  const ledger = new Ledger(makePlan(tasks, { budget: { time_secs: null, tokens: 5, unknown: "allow" } }))
    .start();
  const ref = start(ledger, "a");
  for (const metric of ["tokens", "usd"]) {
    add(ledger, [
      draft("usage_recorded", taskSubject("a"), CONTROLLER, {
        ...ref,
        metric,
        amount: 0,
        quality: "unknown",
      }),
    ]);
  }
  assertEquals(prove(ledger).known_gaps.slice(-2), [
    'the tokens budget of the run may be exceeded: what agents used is not known of "a"',
    'the usd budget of "a" may be exceeded: what agents used is not known of "a"',
  ]);
});

Deno.test("buildProof() tells of a head that was merged with a branch that had moved", () => {
  const ledger = readyRun();
  const controller = { pid: 2, pgid: 2, start_time: null, boot_id: null, mark: "n" };
  const onto = { branch: "refs/heads/main", commit: "7".repeat(40), tree: "8".repeat(40) };
  add(ledger, [draft("run_resumed", "run", "controller/2", {
    incarnation: 2,
    controller,
    by: "merge",
    onto: { ...onto, parents: ["6".repeat(40), HEAD.commit] },
  })]);
  const evidence = new EvidenceFold();
  for (const each of ledger.events) evidence.take(each);
  assertEquals(runStatus(ledger.state), "not_ready");
  assertEquals(evidence.heads.at(-1), { ...onto, parents: ["6".repeat(40), HEAD.commit], attempt: null });
  const source = { state: ledger.state, evidence, head: { index: 1, sum: "" }, patch: null };
  const proof = buildProof({ ...source, status: "not_ready" });
  assertEquals([proof.git?.head, proof.git?.tree], [onto.commit, onto.tree]);
  assertEquals(proof.summary, '2 of 2 tasks completed; gate "test" did not run');
  assertEquals(
    proof.known_gaps.at(-1),
    "the head holds what was on refs/heads/main besides, which is not listed as changed",
  );
});

Deno.test("EvidenceFold.take() leaves out the facts of an older incarnation", () => {
  const ledger = new Ledger(makePlan([makeTask("a")])).start();
  const controller = { pid: 2, pgid: 2, start_time: null, boot_id: null, mark: "n" };
  add(ledger, [
    draft("run_resumed", "run", "controller/2", { incarnation: 2, controller, by: "resume", onto: null }),
  ]);
  add(ledger, gateRun("gate_passed", {}));
  const evidence = new EvidenceFold();
  for (const each of ledger.events) evidence.take(each);
  assertEquals(evidence.gates, []);
});

Deno.test("proofSchema and failureSchema can be published as JSON Schema", () => {
  for (const schema of [proofSchema, failureSchema]) {
    const published = z.toJSONSchema(schema);
    assertEquals(published.additionalProperties, false);
    assertEquals(published.properties?.["version"], { type: "number", const: 1 });
    assert((published.description ?? "").length > 0);
  }
});
