/** The tests of the earlier omk's task model: states, dependencies, leases, retries and its JSON. */

import { assert, assertEquals } from "@std/assert";
import type { TriggerRule } from "../../src/plan/spec.ts";
import { readLegacyTask } from "./legacy_task.ts";
import { readiness, tallyOf } from "../../src/scheduler/readiness.ts";
import { backoffMs } from "../../src/scheduler/retry.ts";
import { isTerminal, type TaskStatus } from "../../src/scheduler/task_state.ts";
import { makeTask } from "../run/fixture.ts";
import { claimed, decideAll, ledgerOf, stateOf } from "../scheduler/steps.ts";

/** Whether a task with one dependency in this state may start under the rule. */
function startsAfter(status: TaskStatus, rule: TriggerRule): boolean {
  return readiness(rule, 1, tallyOf(makeTask("dep"), { state: status })) === "ready";
}

Deno.test("002 task_state_terminal", () => {
  for (const status of ["completed", "failed", "cancelled"] as const) assertEquals(isTerminal(status), true);
  for (const status of ["pending", "claimed", "running"] as const) assertEquals(isTerminal(status), false);
});

Deno.test("002 task_dependencies_met: one completed dependency", () => {
  assertEquals(startsAfter("completed", "all_done"), true, "met");
  assertEquals(startsAfter("completed", "all_success"), true, "succeeded");
});

Deno.test("002 task_dependencies_not_met: one pending dependency", () => {
  assertEquals(startsAfter("pending", "all_done"), false, "met");
  assertEquals(startsAfter("pending", "all_success"), false, "succeeded");
});

Deno.test("002 task_lease_expired: no lease, 30 s left, 1 s ago", () => {
  const ledger = ledgerOf([makeTask("a")], { workers: 1 });
  assertEquals(claimed(decideAll(ledger)), ["a"], "without a lease it is free to be claimed");
  ledger.now += 270_000;
  assertEquals(claimed(decideAll(ledger)), []);
  ledger.now += 31_000;
  assertEquals(claimed(decideAll(ledger)), ["a"]);
});

Deno.test("002 retry_policy_next_backoff: attempts 0, 1, 2, 3 of base 2 and factor 2 wait 2, 2, 4, 8 s", () => {
  const policy = { ...makeTask("a").retry_policy, backoff_seconds: 2, backoff_multiplier: 2 };
  assertEquals([0, 1, 2, 3].map((attempt) => backoffMs(policy, "seed", "a", attempt)), [
    2000,
    2000,
    4000,
    8000,
  ]);
});

/** The retries of a task of the earlier omk. */
function retriesOf(fields: object): number {
  return readLegacyTask(JSON.stringify({ id: "a", ...fields })).spec.retry_policy.max_attempts;
}

Deno.test("002 task_backward_compat_max_retries", () => {
  assertEquals(retriesOf({ max_retries: 5, retry_policy: null }), 5);
});

Deno.test("002 task_effective_retry_policy_prefers_explicit_policy", () => {
  assertEquals(retriesOf({ max_retries: 5, retry_policy: { max_attempts: 7 } }), 7);
});

Deno.test("002 task_legacy_deserialization_migration", () => {
  assertEquals(retriesOf({ max_retries: 5 }), 5);
  assertEquals(retriesOf({}), 2, "the default of the earlier omk");
});

Deno.test("002 task: only a pending task can be claimed", () => {
  const ledger = ledgerOf([makeTask("a")]);
  decideAll(ledger);
  const [, claim] = ledger.events;
  assert(claim?.kind === "task_claimed");
  const { kind, subject, actor, payload } = claim;
  ledger.add([{ kind, subject, actor, payload: { ...payload, attempt: 2 } }]);
  assertEquals(ledger.state.run.violations.map(({ why }) => why), [
    'task "a" may not go from claimed to claimed',
  ]);
  assertEquals(stateOf(ledger, "a"), "claimed");
});
