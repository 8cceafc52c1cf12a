import { assertEquals } from "@std/assert";
import { simulate } from "./simulation.ts";
import { Totals } from "./totals.ts";

const SEEDS = 200;
const LARGEST = 60;

Deno.test("P1 P3 P4 P5: the controller keeps its promises over 200 simulated seeds, and decides as the model does", async () => {
  const totals = new Totals();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const report = await simulate(seed, LARGEST);
    assertEquals(report.violations, [], `deno task simulate --seed ${seed} --largest ${LARGEST}`);
    totals.add(report);
  }
  assertEquals(totals.unknownRefusals(), []);
  assertEquals([...totals.faults].filter(([, count]) => count === 0), [], "each kind of fault happens");
});

Deno.test("a seed always gives the same run", async () => {
  const [one, other] = [await simulate(7, LARGEST), await simulate(7, LARGEST)];
  assertEquals(one, other);
});
