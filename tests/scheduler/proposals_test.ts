import { assertEquals } from "@std/assert";
import { draft, taskSubject } from "../../src/log/event.ts";
import type { AttemptOutcome } from "../../src/log/kinds.ts";
import type { Plan, ProposalPolicy, TaskSpec } from "../../src/plan/spec.ts";
import { applyAll } from "../../src/run/state.ts";
import { decide } from "../../src/scheduler/decide.ts";
import { createRunState, findTask, runStateJson } from "../../src/scheduler/run_state.ts";
import { settleAttempt } from "../../src/scheduler/settle.ts";
import { Ledger, makeGate, makeOutcome, makePlan, makeTask } from "../run/fixture.ts";
import { ask, claimed, decideAll, end, ledgerOf, refOf, start, stateOf } from "./steps.ts";

const POLICY: ProposalPolicy = { max_tasks: 20, max_depth: 1, write_set: null, links: [] };
type Written = Readonly<Record<string, unknown>>;

/** A run that allows proposals, with its first tasks claimed. */
function allowing(
  tasks: readonly TaskSpec[],
  policy: Partial<ProposalPolicy> = {},
  more: Partial<Plan> = {},
) {
  const ledger = ledgerOf(tasks, { workers: 4, proposals: { ...POLICY, ...policy }, ...more });
  decideAll(ledger);
  return ledger;
}

/** A claimed task ends with a result and what it reports. */
function report(
  ledger: Ledger,
  id: string,
  reported: Omit<NonNullable<AttemptOutcome["reported"]>, "status">,
  result: AttemptOutcome["result"] = "success",
): void {
  start(ledger, id);
  const outcome = makeOutcome(result, { reported: { status: "success", ...reported } });
  ledger.add(settleAttempt(ledger.state, refOf(ledger, id), outcome, [], ledger.now));
}

/** The answers to what `a` proposes, in order: the id of an accepted task, or why one was refused. */
function answers(ledger: Ledger, proposals: readonly Written[], more = 0): string[] {
  report(ledger, "a", { proposals: [...proposals], ...(more === 0 ? {} : { more_proposals: more }) });
  decideAll(ledger);
  assertEquals([ledger.state.run.violations, ledger.state.run.open_proposals], [[], undefined]);
  return answersIn(ledger);
}

function answersIn(ledger: Ledger): string[] {
  return ledger.events.flatMap(({ kind, payload }) =>
    kind === "task_accepted" ? [payload.task_id] : kind === "task_rejected" ? [payload.reason] : []
  );
}

const NOT_ALLOWED = "the plan does not allow proposals";

Deno.test("a plan without a policy refuses each proposal with its reason, what was not read as one", () => {
  const ledger = ledgerOf([makeTask("a")]);
  decideAll(ledger);
  const proposals = [{ id: "next", run: "true" }, { run: "no id" }, { id: "../x" }, { id: 7 }];
  const unread = "5 more were not read: an attempt may make 20 proposals";
  assertEquals(answers(ledger, proposals, 5), [...Array(4).fill(NOT_ALLOWED), unread]);
  assertEquals(stateOf(ledger, "a"), "completed");
  const names = ledger.events.flatMap(({ kind, subject, payload }) =>
    kind === "task_rejected" ? [[subject, payload.task_id, payload.proposal]] : []
  );
  assertEquals(names, [0, 1, 2, 3, 20].map((place) => ["task/a", place === 0 ? "next" : "a", place]));
});

Deno.test("an accepted task is a task of the run: it is ranked, waits, runs, fails, and folds from the log alone (P1)", () => {
  const ledger = allowing([makeTask("a"), makeTask("z", { dependencies: ["a"] })]);
  const given = answers(ledger, [
    { id: "last", run: "true", dependencies: ["mid", "z"], trigger_rule: "all_done" },
    { id: "mid", run: "true", dependencies: ["a"] },
    { id: "alone", run: ["make", "alone"], timeout_secs: 5, env: { A: "1" } },
  ]);
  assertEquals(given, ["mid", "last", "alone"], "each comes after what it depends on");
  const { state } = ledger;
  assertEquals(state.tasks.map(({ id }) => id), ["a", "z", "mid", "last", "alone"]);
  assertEquals(findTask(state, "mid")?.task.proposed_by, { task_id: "a", attempt: 1, token: 1, depth: 1 });
  assertEquals(state.index.ranks.pathMs(2), 2_000, "the longest chain behind it counts");
  assertEquals(
    claimed(ledger.events),
    ["a", "z", "mid", "alone"],
    "by rank: z and mid have something behind them",
  );
  end(ledger, "mid", "exit", 1);
  end(ledger, "z", "success");
  assertEquals(claimed(decideAll(ledger)), ["last"]);
  end(ledger, "last", "success");
  const pinned = makePlan([makeTask("a"), makeTask("z", { dependencies: ["a"] })], {
    workers: 4,
    proposals: POLICY,
  });
  const folded = applyAll(createRunState(pinned), ledger.events);
  assertEquals([runStateJson(folded), pinned.tasks.length], [runStateJson(state), 2]);
  assertEquals(folded.plan.tasks.at(-1)?.run, ["make", "alone"]);
});

Deno.test("a task that was added behind another one makes that one's chain longer, whatever it waits for", () => {
  const ledger = allowing(
    [
      makeTask("a", { pool: "p" }),
      makeTask("first", { pool: "p" }),
      makeTask("second", { pool: "p" }),
    ],
    {},
    { pools: { p: 1 } },
  );
  assertEquals(answers(ledger, [{ id: "after", run: "true", dependencies: ["second"] }]), ["after"]);
  assertEquals(claimed(ledger.events), ["a", "second"]);
});

Deno.test("what is wrong with a proposal is told as for a task of the plan", () => {
  const reasons = (proposal: Written, a: Partial<TaskSpec> = {}, policy: Partial<ProposalPolicy> = {}) =>
    answers(
      allowing([makeTask("a", a), makeTask("Other")], policy, {
        pools: { p: 1 },
        gates: [makeGate({ name: "lint", scope: "task" })],
      }),
      [proposal],
    );
  const run = "true";
  const wrong: [Written, string][] = [
    [{ run }, '"id" is missing'],
    [{ id: "../x", run }, '"../x" cannot be a task id'],
    [{ id: "a", run }, 'the run has a task "a" already'],
    [{ id: "OTHER", run }, 'its id "OTHER" differs from "Other" in case only'],
    [{ id: "x" }, "there is nothing to do"],
    [{ id: "x", run: "" }, '"run" is empty'],
    [{ id: "x", prompt: "do it" }, '"prompt" needs an "agent" of the plan'],
    [
      { id: "x", run, dependencies: ["nobody"] },
      '"dependencies" names "nobody", which is no task of the run',
    ],
    [{ id: "x", run, dependencies: ["x"] }, "it depends on itself"],
    [{ id: "x", run, dependencies: ["a", "a"] }, '"dependencies" names "a" twice'],
    [{ id: "x", run, pool: "q" }, '"q" is no pool of the plan'],
    [{ id: "x", run, gates: ["nobody"] }, '"nobody" is no gate of the plan'],
    [
      { id: "x", run, gates: [{ name: "own", command: "true" }] },
      '"gates" defines a gate; a proposed task can only name gates of the plan',
    ],
    [{ id: "x", run, write_set: ["/etc"] }, '"/etc" is absolute'],
    [{ id: "x", run, isolation: "none" }, '"isolation" must be "worktree", as that of "a"'],
    [{ id: "x", run, sandbox: { network: "host" } }, '"sandbox" must be that of "a", or absent'],
    [{ id: "x", run, limits: { processes: 5 } }, '"limits" must be that of "a", or absent'],
    [{ id: "x", run, env: { OMK_X: "1" } }, '"OMK_X" is reserved: omk alone sets OMK_* variables'],
    [
      { id: "x", run, env: { A: { from: "HOME" } } },
      '"env" takes "HOME" from omk\'s environment, which "a" does not get',
    ],
    [{ id: "x", run: "echo [REDACTED:key]" }, '"run" holds what looks like a secret'],
    [{ id: "x", run, timeout_secs: -1 }, '"timeout_secs" must be greater than 0'],
    [
      { id: "x", run, retry_policy: { max_attempts: 1e9 } },
      '"retry_policy.max_attempts" must be at most 1000',
    ],
    [{ id: "x", run, colour: 1 }, 'unknown field "colour"'],
  ];
  const told = wrong.map(([proposal]) => reasons(proposal)[0] ?? "");
  assertEquals(
    told.map((each, at) => each.startsWith(wrong[at]?.[1] ?? "?") ? wrong[at]?.[1] : each),
    wrong.map(([, why]) => why),
  );
  const narrow = { write_set: ["src/api/**", "doc.md"] };
  assertEquals(reasons({ id: "x", run, write_set: ["src/api/v1.ts", "doc.md"] }, narrow), ["x"]);
  assertEquals(reasons({ id: "x", run, write_set: ["src/**"] }, narrow), [
    '"write_set" names "src/**", where a task of "a" may not write',
  ]);
  assertEquals(reasons({ id: "x", run, write_set: ["docs/x.md"] }, narrow, { write_set: ["docs/**"] }), [
    "x",
  ]);
  assertEquals(
    reasons({ id: "x", run, write_set: ["src/api/v1.ts"] }, narrow, { write_set: ["docs/**"] }).length,
    1,
  );
  assertEquals(
    reasons({ id: "x", run, write_set: ["l/x.ts"] }, narrow, { links: [{ path: "l", target: "src/web" }] }),
    ['"write_set" names "src/web/x.ts", where a task of "a" may not write'],
  );
});

Deno.test("a proposed task has the write set, the gates and the isolation of the one that proposes it", () => {
  const lint = makeGate({ name: "lint", scope: "task" });
  const ledger = allowing(
    [makeTask("a", {
      write_set: ["src/**"],
      gates: [lint],
      env: { B: { from: "SECRET" } },
      limits: { processes: 9 },
    })],
    {},
    { gates: [lint] },
  );
  answers(ledger, [{ id: "x", run: "true", env: { C: { from: "SECRET" } }, gates: ["lint"] }]);
  const spec = findTask(ledger.state, "x")?.spec;
  assertEquals([spec?.write_set, spec?.gates, spec?.isolation], [["src/**"], [lint], "worktree"]);
  assertEquals([spec?.limits, spec?.sandbox], [{ processes: 9 }, undefined]);
});

Deno.test("the proposals of one attempt that form a cycle are refused with it, the others are not", () => {
  const ledger = allowing([makeTask("a")]);
  const task = (id: string, ...dependencies: string[]) => ({ id, run: "true", dependencies });
  const cycle = "the dependencies of the proposals form a cycle: p -> q -> r -> p";
  assertEquals(
    answers(ledger, [task("p", "q"), task("q", "r"), task("r", "p"), task("s", "p"), task("t"), task("t")]),
    ["t", 'the run has a task "t" already', cycle, cycle, cycle, cycle],
  );
});

Deno.test("the policy limits how many proposals are accepted and how long their chain becomes", () => {
  const few = allowing([makeTask("a")], { max_tasks: 2 });
  const three = ["x", "y", "z"].map((id) => ({ id, run: "true" }));
  assertEquals(answers(few, three), [
    "x",
    "y",
    "the plan accepts 2 proposals in a run, and so many were accepted",
  ]);
  const chain = allowing([makeTask("a")], { max_depth: 2 });
  answers(chain, [{ id: "b", run: "true" }]);
  report(chain, "b", { proposals: [{ id: "c", run: "true" }] });
  decideAll(chain);
  report(chain, "c", { proposals: [{ id: "d", run: "true" }] });
  decideAll(chain);
  assertEquals(answersIn(chain), [
    "b",
    "c",
    '"c" was proposed itself, and the plan accepts chains of 2',
  ]);
});

Deno.test("P3: only an attempt that is the current one proposes by request, and only one that succeeded by its result", () => {
  const ledger = allowing([makeTask("a"), makeTask("b", { dependencies: ["a"] })]);
  const propose = (ref: { task_id: string; attempt: number; token: number }, id: string) =>
    ledger.add([draft("task_proposed", taskSubject(ref.task_id), "task/2", {
      ...ref,
      proposal: { id, run: "true" },
      process: { pid: 2, pgid: 2, start_time: null, boot_id: null },
      wall: 0,
    })]);
  const ref = refOf(ledger, "a");
  propose({ ...ref, token: 0 }, "stale");
  propose({ task_id: "nobody", attempt: 1, token: 1 }, "lost");
  propose(ref, "early");
  propose(ref, "early");
  decideAll(ledger);
  report(ledger, "a", { proposals: [{ id: "never", run: "true" }] }, "exit");
  propose(ref, "late");
  decideAll(ledger);
  const stale = "the attempt that proposes it is not the current one of its task";
  const told = ledger.events.flatMap(({ kind, payload }) =>
    kind === "task_accepted" || kind === "task_rejected" || kind === "request_refused"
      ? [kind === "task_accepted" ? payload.task_id : payload.reason]
      : []
  );
  assertEquals(told, [
    stale,
    stale,
    "early",
    'the run has a task "early" already',
    "the attempt that proposed it did not succeed",
    stale,
  ]);
  assertEquals([ledger.state.run.violations, ledger.state.run.open_requests], [[], []]);
});

Deno.test("a task that is added to a selection is selected, and may not wait for what is not", () => {
  const plan = makePlan([makeTask("a"), makeTask("b")], { proposals: POLICY });
  const started = new Ledger(plan).start({ selected: ["a"] });
  decideAll(started);
  const why = 'it depends on "b", which is not part of this run';
  assertEquals(answers(started, [{ id: "x", run: "true" }, { id: "y", run: "true", dependencies: ["b"] }]), [
    "x",
    why,
  ]);
  assertEquals([started.state.run.selected, started.state.index.selectedCount], [["a", "x"], 2]);
});

Deno.test("an acceptance that breaks a rule of the plan changes nothing and is held against the log", () => {
  const spec = { ...makeTask("x") };
  const accept = (ledger: Ledger, change: Written, proposer = "a") => {
    ledger.add([draft("task_accepted", taskSubject("x"), "controller/1", {
      task_id: "x",
      reason: "forged",
      proposed_by: { task_id: proposer, attempt: 1, token: 1 },
      spec: { ...spec, ...change },
    })]);
    assertEquals(ledger.state.tasks.length, 1);
    return ledger.state.run.violations.at(-1)?.why;
  };
  assertEquals(accept(ledgerOf([makeTask("a")]), {}), NOT_ALLOWED);
  assertEquals(accept(allowing([makeTask("a")]), { id: "y" }), 'it accepts task "x" and names "y"');
  assertEquals(accept(allowing([makeTask("a")]), {}, "b"), 'the plan has no task "b"');
  assertEquals(accept(allowing([makeTask("a")]), { dependencies: ["x"] }), "it depends on itself");
  assertEquals(
    accept(allowing([makeTask("a")]), { run: 1 })?.startsWith("it accepts what is no task: "),
    true,
  );
});

Deno.test("an acceptance that was decided before somebody asked to cancel the run holds", () => {
  const ledger = allowing([makeTask("a")]);
  report(ledger, "a", { proposals: [{ id: "x", run: "true" }, { id: "y", run: "true" }] });
  const decided = decide(ledger.state, ledger.now);
  ask(ledger, "cancel_requested", { task_id: null, reason: "enough" });
  ledger.add(decided);
  decideAll(ledger);
  assertEquals(ledger.state.run.violations, []);
  assertEquals(answersIn(ledger), ["x", "the run is cancelled"]);
  assertEquals([stateOf(ledger, "x"), ledger.state.run.cancelled], ["cancelled", true]);
});
