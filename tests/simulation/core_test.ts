import { assert, assertEquals } from "@std/assert";
import { simulate } from "./core.ts";

const SEEDS = 200;

Deno.test("P1 P3 P4 P5: the scheduler keeps its promises over 200 simulated seeds", () => {
  const kinds = new Map<string, number>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const report = simulate(seed, 60);
    assertEquals(report.violations, [], `seed ${seed}`);
    for (const [kind, count] of report.byKind) kinds.set(kind, (kinds.get(kind) ?? 0) + count);
  }
  const expected = [
    "task_claimed",
    "task_completed",
    "task_failed",
    "retry_scheduled",
    "merge_conflicted",
    "task_blocked",
    "task_cancelled",
    "task_waiting",
    "result_refused",
    "request_refused",
    "run_cancelled",
    "run_paused",
    "budget_exhausted",
  ];
  for (const kind of expected) assert((kinds.get(kind) ?? 0) > 0, `${kind} was never reached`);
});
