import { assertEquals } from "@std/assert";
import { draft, type EventDraft } from "../../src/log/event.ts";
import type { RunStatus } from "../../src/log/kinds.ts";
import { exitCodeOf, runStatus } from "../../src/proof/status.ts";
import type { GateSpec } from "../../src/plan/spec.ts";
import { makeGate } from "../gates/fixture.ts";
import { Ledger, makePlan, makeTask } from "../run/fixture.ts";
import { claim, complete, CONTROLLER, fail, gateRun, HEAD, wait } from "./fixture.ts";

interface Case {
  readonly what: string;
  readonly status: RunStatus;
  readonly exit: number;
  readonly gates?: readonly GateSpec[];
  readonly selected?: readonly string[];
  readonly inPlace?: boolean;
  /** What happens after the start, each batch folded before the next is made. */
  readonly events: readonly ((ledger: Ledger) => readonly EventDraft[])[];
}

const done = (id: string) => (ledger: Ledger) => complete(ledger, id);
const both = [done("a"), done("b")];
const gate = makeGate();
const passed = (name = "test", tree = HEAD.tree) => () => gateRun("gate_passed", { gate: name, tree });
const failed = (name = "test", tree = HEAD.tree) => () => gateRun("gate_failed", { gate: name, tree });
const event =
  <K extends Parameters<typeof draft>[0]>(kind: K, payload: Parameters<typeof draft<K>>[3]) => () =>
    [draft(kind, "run", CONTROLLER, payload)] as readonly EventDraft[];

const CASES: readonly Case[] = [
  {
    what: "ready: every task completed, and the required gate passed on the delivered tree",
    status: "ready",
    exit: 0,
    gates: [gate],
    events: [...both, passed()],
  },
  {
    what: "ready: a gate that failed before passed on the delivered tree",
    status: "ready",
    exit: 0,
    gates: [gate],
    events: [...both, failed(), passed()],
  },
  {
    what: "ready: only gates that may fail did so",
    status: "ready",
    exit: 0,
    gates: [gate, makeGate({ name: "lint", required: false }), makeGate({ name: "slow", allow_fail: true })],
    events: [...both, passed(), failed("lint"), failed("slow")],
  },
  {
    what: "ready: the tasks that were not selected do not count",
    status: "ready",
    exit: 0,
    gates: [gate],
    selected: ["a"],
    events: [done("a"), passed()],
  },
  { what: "passed: done, but no gate is required", status: "passed", exit: 0, events: both },
  {
    what: "passed: a gate passed, but there is no delivered tree",
    status: "passed",
    exit: 0,
    gates: [gate],
    inPlace: true,
    events: [
      (ledger) => complete(ledger, "a", null),
      (ledger) => complete(ledger, "b", null),
      () => gateRun("gate_passed", { tree: null, commit: null }),
    ],
  },
  {
    what: "not_ready: a required gate failed without a delivered tree",
    status: "not_ready",
    exit: 1,
    gates: [gate],
    inPlace: true,
    events: [
      (ledger) => complete(ledger, "a", null),
      (ledger) => complete(ledger, "b", null),
      () => gateRun("gate_failed", { tree: null, commit: null }),
    ],
  },
  { what: "not_ready: nothing was done", status: "not_ready", exit: 1, events: [] },
  {
    what: "not_ready: a task failed",
    status: "not_ready",
    exit: 1,
    gates: [gate],
    events: [done("a"), (ledger) => fail(ledger, "b"), passed()],
  },
  {
    what: "not_ready: a required gate failed",
    status: "not_ready",
    exit: 1,
    gates: [gate],
    events: [...both, failed()],
  },
  {
    what: "not_ready: the latest run of a required gate failed",
    status: "not_ready",
    exit: 1,
    gates: [gate],
    events: [...both, passed(), failed()],
  },
  {
    what: "not_ready: a required gate did not run",
    status: "not_ready",
    exit: 1,
    gates: [gate],
    events: both,
  },
  {
    what: "not_ready: a required gate was skipped",
    status: "not_ready",
    exit: 1,
    gates: [gate],
    events: [...both, () => gateRun("gate_skipped", {})],
  },
  {
    what: "not_ready: a required gate passed, but on another tree",
    status: "not_ready",
    exit: 1,
    gates: [gate],
    events: [done("a"), passed("test", "9".repeat(40)), done("b")],
  },
  {
    what: "blocked_on_human: a task waits for a person",
    status: "blocked_on_human",
    exit: 3,
    events: [done("a"), (ledger) => wait(ledger, "b", "human")],
  },
  {
    what: "blocked_on_human: before what waits for something else",
    status: "blocked_on_human",
    exit: 3,
    events: [(ledger) => wait(ledger, "a", "external"), (ledger) => wait(ledger, "b", "human")],
  },
  {
    what: "blocked_on_external: a task waits for something else",
    status: "blocked_on_external",
    exit: 3,
    events: [done("a"), (ledger) => wait(ledger, "b", "external")],
  },
  {
    what: "needs_more_budget: the budget ended before the tasks, whoever waits",
    status: "needs_more_budget",
    exit: 4,
    events: [
      (ledger) => wait(ledger, "a", "human"),
      event("budget_exhausted", { budget: "time", used: 2, limit: 1 }),
    ],
  },
  {
    what: "ready: the budget ended when everything was done",
    status: "ready",
    exit: 0,
    gates: [gate],
    events: [...both, event("budget_exhausted", { budget: "time", used: 2, limit: 1 }), passed()],
  },
  {
    what: "failed_infra: the machine failed, although all is done",
    status: "failed_infra",
    exit: 5,
    gates: [gate],
    events: [...both, passed(), event("run_failed", { reason: "lock", detail: "gone" })],
  },
  {
    what: "failed_infra: somebody else wrote a fact",
    status: "failed_infra",
    exit: 5,
    gates: [gate],
    events: [...both, passed(), event("log_tampered", { at: 3 })],
  },
  {
    what: "failed_infra: an event breaks a rule",
    status: "failed_infra",
    exit: 5,
    gates: [gate],
    events: [...both, passed(), (ledger) => claim(ledger, "a")],
  },
  {
    what: "cancelled: before everything else",
    status: "cancelled",
    exit: 130,
    gates: [gate],
    events: [
      ...both,
      passed(),
      event("run_failed", { reason: "lock", detail: "gone" }),
      event("run_cancelled", { reason: "enough" }),
    ],
  },
];

for (const { what, status, exit, gates = [], selected, inPlace, events } of CASES) {
  Deno.test(`P7: runStatus() is ${what}`, () => {
    const isolation = inPlace === true ? "none" : "worktree";
    const plan = makePlan([makeTask("a", { isolation }), makeTask("b", { isolation })], { gates });
    const ledger = new Ledger(plan).start({
      ...(selected === undefined ? {} : { selected: [...selected] }),
      ...(inPlace === true ? { base: null } : {}),
    });
    for (const make of events) ledger.add(make(ledger));
    assertEquals(runStatus(ledger.state), status);
    assertEquals(exitCodeOf(status), exit);
  });
}

Deno.test("P8: runStatus() does not look at what run_finished says", () => {
  const ledger = new Ledger(makePlan([makeTask("a")], { gates: [gate] })).start();
  ledger.add([draft("run_finished", "run", CONTROLLER, { status: "ready", exit_code: 0 })]);
  assertEquals(runStatus(ledger.state), "not_ready");
});
