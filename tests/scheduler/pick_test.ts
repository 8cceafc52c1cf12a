/** Which tasks are claimed together, against a reference that looks at every task each time. */

import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { conflicts } from "../../src/plan/path_set.ts";
import type { TaskSpec } from "../../src/plan/spec.ts";
import { makeTask } from "../run/fixture.ts";
import { claimed, decideAll, end, ledgerOf, stateOf } from "./steps.ts";

const path = fc.constantFrom(
  "a",
  "a/b",
  "a/b/c.ts",
  "a/*.ts",
  "a/*.md",
  "b.ts",
  "**",
  "c/x.ts",
  "c/y.ts",
  "d/**",
);
const someTask = fc.record({
  priority: fc.integer({ min: -1, max: 2 }),
  pool: fc.constantFrom(null, null, "one", "two"),
  read_set: fc.array(path, { maxLength: 2 }),
  write_set: fc.option(fc.array(path, { maxLength: 3 })),
});

/** The tasks that may start beside those at work, best first, by trying all of them. */
function reference(
  tasks: readonly TaskSpec[],
  ready: Set<string>,
  atWork: string[],
  workers: number,
): string[] {
  const specs = new Map(tasks.map((spec) => [spec.id, spec]));
  const pools: Record<string, number> = { one: 1, two: 2 };
  const ranked = tasks.filter(({ id }) => ready.has(id)).toSorted((a, b) => b.priority - a.priority);
  const started: string[] = [];
  for (const spec of ranked) {
    const others = [...atWork, ...started].flatMap((id) => specs.get(id) ?? []);
    if (others.length >= workers) break;
    const inPool = others.filter(({ pool }) => pool !== null && pool === spec.pool).length;
    if (spec.pool !== null && inPool >= (pools[spec.pool] ?? 0)) continue;
    if (others.some((other) => conflicts(other, spec))) continue;
    started.push(spec.id);
  }
  return started;
}

Deno.test("P5: decide() claims what a look at every task would, whatever waits for what", () => {
  fc.assert(
    fc.property(
      fc.array(someTask, { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
      (shapes, workers, choices) => {
        const tasks = shapes.map((shape, at) => makeTask(`t${at}`, shape));
        const ledger = ledgerOf(tasks, { workers, pools: { one: 1, two: 2 } });
        const ready = new Set(tasks.map(({ id }) => id));
        let atWork: string[] = [];
        for (const choice of choices) {
          const expected = reference(tasks, ready, atWork, workers);
          assertEquals(claimed(decideAll(ledger)), expected);
          for (const id of expected) ready.delete(id);
          atWork.push(...expected);
          const over = atWork[choice % Math.max(1, atWork.length)];
          if (over === undefined) break;
          atWork = atWork.filter((id) => id !== over);
          // Every third end is a lost worker, after which the task is ready again.
          if (choice % 3 === 0 && stateOf(ledger, over) === "claimed") {
            end(ledger, over, "lost");
            if (stateOf(ledger, over) === "pending") ready.add(over);
          } else {
            end(ledger, over, "success");
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});
