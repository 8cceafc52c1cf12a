import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { PathIndex, pathSetsOf } from "../../src/plan/path_index.ts";
import { conflicts, type DeclaredSets } from "../../src/plan/path_set.ts";
import { anyEntry } from "./path_arbitraries.ts";

const anySets: fc.Arbitrary<DeclaredSets> = fc.record({
  read_set: fc.array(anyEntry, { maxLength: 3 }),
  write_set: fc.option(fc.array(anyEntry, { maxLength: 3 })),
});

Deno.test("P5: PathIndex.conflictsWith() finds exactly what the pairwise rule finds, whatever came and went", () => {
  const step = fc.record({ id: fc.integer({ min: 0, max: 7 }).map(String), sets: fc.option(anySets) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), anySets, fc.boolean(), (steps, asked, caseSensitive) => {
      const index = new PathIndex({ caseSensitive });
      const present = new Map<string, DeclaredSets>();
      for (const { id, sets } of steps) {
        if (sets === null) {
          index.remove(id);
          present.delete(id);
        } else {
          index.add(id, pathSetsOf(sets));
          present.set(id, sets);
        }
      }
      const naive = [...present].filter(([, sets]) => conflicts(sets, asked, { caseSensitive })).map(([id]) =>
        id
      );
      assertEquals(index.conflictsWith(pathSetsOf(asked)).sort(), naive.sort());
    }),
    { numRuns: 1500 },
  );
});

Deno.test("PathIndex.add() replaces, and an emptied index finds nothing", () => {
  const index = new PathIndex();
  const asked = { reads: ["**"], writes: ["**"] };
  index.add("t", { reads: [], writes: ["a/b", "a/b", "a/*.ts"] });
  index.add("t", { reads: [], writes: ["c"] });
  assertEquals(index.conflictsWith({ reads: ["a"], writes: [] }), []);
  assertEquals(index.conflictsWith(asked), ["t"]);
  index.remove("t");
  index.remove("t");
  assertEquals(index.conflictsWith(asked), []);
});
