/** What omk explain tells of tasks in every situation, as it was last looked at. */

import { explainLines } from "../../../src/cli/render/explain.ts";
import { draft, taskSubject } from "../../../src/log/event.ts";
import type { OutcomeResult } from "../../../src/log/kinds.ts";
import type { TaskSpec } from "../../../src/plan/spec.ts";
import { apply } from "../../../src/run/state.ts";
import { TaskStory } from "../../../src/run/task_story.ts";
import { whatKeeps } from "../../../src/scheduler/explain.ts";
import { causeChain } from "../../../src/scheduler/explain_cause.ts";
import { createRunState, findTask } from "../../../src/scheduler/run_state.ts";
import { settleAttempt, settleConflict } from "../../../src/scheduler/settle.ts";
import { type Ledger, makeOutcome, makeTask, RUN_ID } from "../../run/fixture.ts";
import { ask, decideAll, end, ledgerOf, OID, pin, refOf, start } from "../../scheduler/steps.ts";
import { Snapshots } from "../../snapshot.ts";
import { PLAIN } from "../fixture.ts";

const SECOND = 1_000;

/** A task whose plan allows retries. */
function retried(id: string, max_attempts: number, more: Partial<TaskSpec> = {}): TaskSpec {
  const retry_policy = { ...makeTask(id).retry_policy, max_attempts, backoff_seconds: 4 };
  return makeTask(id, { retry_policy, retry_declared: true, ...more });
}

/** Lets time pass. */
function pass(ledger: Ledger, seconds: number): void {
  ledger.now += seconds * SECOND;
}

/** The started attempt of a task ends with evidence. */
function settle(
  ledger: Ledger,
  id: string,
  result: OutcomeResult,
  more: Parameters<typeof makeOutcome>[1],
): void {
  const outcome = makeOutcome(result, more);
  ledger.add(settleAttempt(ledger.state, refOf(ledger, id), outcome, [], ledger.now));
}

/** What omk explain prints of tasks of a ledger, from its log alone. */
function explained(ledger: Ledger, ids: readonly string[]): readonly string[] {
  return ids.flatMap((id) => {
    const state = createRunState(ledger.state.plan);
    const story = new TaskStory(id);
    for (const event of ledger.events) {
      apply(state, event);
      story.take(event, state);
    }
    const view = findTask(state, id);
    if (view === undefined) return [`no task ${id}`];
    const told = {
      view,
      points: story.points,
      because: causeChain(state, view),
      keeping: whatKeeps(state, view, ledger.now),
      runId: RUN_ID,
      isOver: false,
      isControlled: true,
    };
    return [...explainLines(told, PLAIN, 10_000), ""];
  });
}

const CASES: Readonly<Record<string, () => readonly string[]>> = {
  "rank": () => {
    const ledger = ledgerOf([
      makeTask("plain"),
      makeTask("urgent", { priority: 5 }),
      makeTask("long"),
      makeTask("after-long", { dependencies: ["long"] }),
      makeTask("last"),
    ], { workers: 1 });
    for (const id of ["urgent", "long", "plain"]) {
      decideAll(ledger);
      pass(ledger, 2);
      end(ledger, id, "success");
    }
    decideAll(ledger);
    return explained(ledger, ["urgent", "long", "plain", "last", "after-long"]);
  },
  "age": () => {
    const ledger = ledgerOf([
      makeTask("first", { priority: 9 }),
      makeTask("young", { dependencies: ["first"] }),
      makeTask("old"),
      makeTask("middle", { priority: 2 }),
    ], { workers: 1 });
    decideAll(ledger);
    pass(ledger, 1_300);
    end(ledger, "first", "success");
    decideAll(ledger);
    end(ledger, "middle", "success");
    decideAll(ledger);
    return explained(ledger, ["middle", "old", "young"]);
  },
  "dependencies": () => {
    const ledger = ledgerOf([
      makeTask("a"),
      makeTask("b"),
      makeTask("all", { dependencies: ["a", "b"] }),
      makeTask("one", { dependencies: ["a", "b"], trigger_rule: "one_success" }),
      makeTask("done", { dependencies: ["a", "b"], trigger_rule: "all_done" }),
    ]);
    decideAll(ledger);
    pass(ledger, 3);
    end(ledger, "b", "exit", 2);
    pass(ledger, 3);
    end(ledger, "a", "success");
    decideAll(ledger);
    return explained(ledger, ["all", "one", "done"]);
  },
  "retries": () => {
    const ledger = ledgerOf([retried("flaky", 2), makeTask("lost")]);
    decideAll(ledger);
    for (const code of [3, 4, 5]) {
      start(ledger, "flaky");
      pass(ledger, 2);
      settle(ledger, "flaky", "exit", { exit_code: code, duration_ms: 2_000 });
      pass(ledger, 60);
      decideAll(ledger);
    }
    end(ledger, "lost", "lost");
    decideAll(ledger);
    start(ledger, "lost");
    settle(ledger, "lost", "signal", { signal: "SIGSEGV", duration_ms: 700 });
    decideAll(ledger);
    return explained(ledger, ["flaky", "lost"]);
  },
  "failures": () => {
    const ends: readonly [OutcomeResult, Parameters<typeof makeOutcome>[1]][] = [
      ["exit", { exit_code: 7, duration_ms: 1_500 }],
      ["timeout", { duration_ms: 60_000, detail: "its limit is 60 s" }],
      ["write_set_violated", { detail: "src/a.ts, src/b.ts" }],
      ["gate_failed", { detail: 'gate "lint" exited with 1' }],
    ];
    const ledger = ledgerOf(ends.map(([result]) => makeTask(result)), { workers: 4 });
    decideAll(ledger);
    for (const [result, more] of ends) {
      start(ledger, result);
      settle(ledger, result, result, more);
    }
    return explained(ledger, ends.map(([result]) => result));
  },
  "merge": () => {
    const ledger = ledgerOf([makeTask("first"), makeTask("second"), makeTask("same")], { workers: 3 });
    decideAll(ledger);
    for (const id of ["first", "second"]) {
      start(ledger, id);
      pass(ledger, 1);
      pin(ledger, id);
      settle(ledger, id, "success", { duration_ms: 1_000 });
    }
    end(ledger, "same", "success");
    decideAll(ledger);
    const waiting = explained(ledger, ["first", "second"]);
    ledger.add([draft("task_completed", taskSubject("first"), "controller/1", {
      ...refOf(ledger, "first"),
      commit: OID,
      tree: OID,
    })]);
    decideAll(ledger);
    ledger.add(
      settleConflict(ledger.state, refOf(ledger, "second"), {
        head: OID,
        paths: ["src/a.ts"],
        detail: "text",
      }, ledger.now),
    );
    return [...waiting, ...explained(ledger, ["first", "second", "same"])];
  },
  "waits": () => {
    const ledger = ledgerOf([
      makeTask("first", { priority: 1, pool: "db", write_set: ["src/api/**"] }),
      makeTask("pooled", { pool: "db" }),
      makeTask("rival", { write_set: ["src/**"] }),
      makeTask("reader", { read_set: ["src/api/x.ts"], write_set: [] }),
      makeTask("next", { dependencies: ["first"] }),
      makeTask("asks"),
      makeTask("late"),
    ], { workers: 2, pools: { db: 1 } });
    decideAll(ledger);
    start(ledger, "asks");
    settle(ledger, "asks", "blocked_on_human", {
      reported: { status: "blocked_on_human", question: "Which colour?" },
    });
    return explained(ledger, ["pooled", "rival", "reader", "next", "asks", "late"]);
  },
  "held": () => {
    const retrying = ledgerOf([retried("retry", 1), makeTask("held")], { workers: 1 });
    decideAll(retrying);
    end(retrying, "retry", "exit", 1);
    ask(retrying, "pause_requested", { reason: "a look" });
    decideAll(retrying);
    const spent = ledgerOf([makeTask("a"), makeTask("b")], { budget: { time_secs: null, attempts: 1 } });
    decideAll(spent);
    return [...explained(retrying, ["retry", "held"]), ...explained(spent, ["b"])];
  },
  "blocked": () => {
    const ledger = ledgerOf([
      makeTask("root"),
      makeTask("middle", { dependencies: ["root"] }),
      makeTask("leaf", { dependencies: ["middle"] }),
      makeTask("chosen-not"),
    ]);
    decideAll(ledger);
    end(ledger, "root", "exit", 3);
    decideAll(ledger);
    return explained(ledger, ["leaf"]);
  },
  "cancelled": () => {
    const own = ledgerOf([
      makeTask("a", { priority: 1 }),
      makeTask("b"),
      makeTask("c", { dependencies: ["b"] }),
      makeTask("d", { dependencies: ["c"] }),
    ], { workers: 1 });
    decideAll(own);
    ask(own, "cancel_requested", { task_id: "b", reason: "not now" });
    decideAll(own);
    const run = ledgerOf([makeTask("works"), makeTask("rests", { dependencies: ["works"] })]);
    decideAll(run);
    ask(run, "cancel_requested", { task_id: null, reason: "enough" });
    decideAll(run);
    end(run, "works", "cancelled");
    return [...explained(own, ["b", "d"]), ...explained(run, ["works", "rests"])];
  },
  "people": () => {
    const asking = ledgerOf([makeTask("asks")]);
    decideAll(asking);
    start(asking, "asks");
    asking.add([draft("approval_requested", taskSubject("asks"), "controller/1", {
      ...refOf(asking, "asks"),
      approval: "1",
      tool: "execute",
      detail: "run make",
      expires: asking.now + 60 * SECOND,
    })]);
    const spent = ledgerOf([retried("spends", 2, { prompt: "x", budget: { usd: 3 } })]);
    decideAll(spent);
    start(spent, "spends");
    settle(spent, "spends", "exit", { exit_code: 1, usage: { usd: 4, quality: "measured" } });
    decideAll(spent);
    return [...explained(asking, ["asks"]), ...explained(spent, ["spends"])];
  },
};

Deno.test("omk explain tells of every situation as it was last looked at", async () => {
  const snapshots = new Snapshots("explain");
  for (const [name, tell] of Object.entries(CASES)) {
    await snapshots.check(`${name}.txt`, `${tell().join("\n")}\n`);
  }
  await snapshots.checkNoOthers();
});
