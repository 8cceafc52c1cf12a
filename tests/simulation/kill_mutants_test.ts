import { assert, assertEquals, assertThrows } from "@std/assert";
import { killMutants, MutantError, mutate, sourceOf } from "./kill_mutants.ts";
import { MUTANTS } from "./mutants.ts";

/** One mistake in the fold, one in a decision, one in what follows a failure. */
const SAMPLE = [
  "a retry is counted twice",
  "tasks that are chosen together may conflict",
  "quarantine comes with the fourth recovery",
];

Deno.test("every mutant can be made in the source as it is", async () => {
  for (const mutant of MUTANTS) mutate(await sourceOf(mutant), mutant);
  const [first] = MUTANTS;
  assert(first !== undefined);
  assertThrows(() => mutate("nothing of the kind", first), MutantError, `"${first.name}" in ${first.file}`);
});

Deno.test("the simulation finds a sample of the mutants", async () => {
  const mutants = MUTANTS.filter(({ name }) => SAMPLE.includes(name));
  assertEquals(mutants.length, SAMPLE.length);
  await killMutants(
    { mutants, jobs: 1 },
    ({ name, killedBy }) => assert(killedBy !== null, `"${name}" survives`),
  );
});
