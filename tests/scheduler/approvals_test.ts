import { assertEquals } from "@std/assert";
import { draft, taskSubject } from "../../src/log/event.ts";
import { decide, nextWake } from "../../src/scheduler/decide.ts";
import { nextApproval } from "../../src/scheduler/approvals.ts";
import { settleAttempt } from "../../src/scheduler/settle.ts";
import type { Ledger } from "../run/fixture.ts";
import { makeOutcome, makeTask } from "../run/fixture.ts";
import { decideAll, ledgerOf, refOf, refusal, start } from "./steps.ts";

function asked(ledger: Ledger, approval: string, expires?: number): void {
  ledger.add([draft("approval_requested", taskSubject("a"), "controller/1", {
    ...refOf(ledger, "a"),
    approval,
    tool: "execute",
    detail: "run it",
    command: "make",
    ...(expires === undefined ? {} : { expires }),
  })]);
}

function give(ledger: Ledger, approval: string, decision: "allow" | "deny"): number {
  const process = { pid: 2, pgid: 2, start_time: null, boot_id: null };
  const index = ledger.state.run.next_index;
  ledger.add([
    draft("approval_given", "run", "cli/2", { approval, decision, reason: "why", process, wall: 0 }),
  ]);
  return index;
}

function ledgerWithTask(): Ledger {
  const ledger = ledgerOf([makeTask("a")]);
  decideAll(ledger);
  start(ledger, "a");
  return ledger;
}

Deno.test("an approval that a person gives is decided once; another, or one that nobody asked for, is refused", () => {
  const ledger = ledgerWithTask();
  assertEquals(nextApproval(ledger.state), "1");
  give(ledger, "1", "allow");
  assertEquals(refusal(decideAll(ledger)), 'no approval "1" is open');
  asked(ledger, "1", ledger.now + 1000);
  asked(ledger, "2");
  assertEquals(
    ledger.state.run.approvals?.open.map(({ approval }) => approval),
    ["1"],
    "the policy has decided over 2",
  );
  assertEquals(nextApproval(ledger.state), "3");
  const request = give(ledger, "1", "allow");
  const [decided] = decideAll(ledger);
  assertEquals([decided?.kind, decided?.payload], ["approval_decided", {
    ...refOf(ledger, "a"),
    approval: "1",
    request,
    decision: "allow",
    reason: "why",
    by: "person",
  }]);
  give(ledger, "1", "deny");
  assertEquals(refusal(decideAll(ledger)), 'no approval "1" is open');
  assertEquals(ledger.state.run.open_requests, []);
});

Deno.test("P9: an approval that nobody answers in time is denied, and the time is waited for", () => {
  const ledger = ledgerWithTask();
  asked(ledger, "1", ledger.now + 5_000);
  assertEquals(decideAll(ledger), []);
  assertEquals(nextWake(ledger.state, ledger.now), ledger.now + 5_000);
  ledger.now += 5_000;
  assertEquals(decideAll(ledger).map((each): unknown => [each.kind, each.payload]), [["approval_decided", {
    ...refOf(ledger, "a"),
    approval: "1",
    decision: "deny",
    reason: "nobody answered within 5 s",
    by: "timeout",
  }]]);
});

Deno.test("an approval goes with its attempt, and a request that is held is answered when it is not any more", () => {
  const ledger = ledgerWithTask();
  asked(ledger, "1", ledger.now + 60_000);
  const request = give(ledger, "1", "allow");
  assertEquals(decide(ledger.state, ledger.now, { held: new Set([request]) }), []);
  assertEquals(decide(ledger.state, ledger.now).map(({ kind }) => kind), ["approval_decided"]);
  ledger.add(settleAttempt(ledger.state, refOf(ledger, "a"), makeOutcome("success"), [], ledger.now));
  assertEquals(ledger.state.run.approvals?.open, []);
  assertEquals(refusal(decideAll(ledger)), 'no approval "1" is open');
});
