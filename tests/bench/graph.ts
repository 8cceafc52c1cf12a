/** How long `omk graph` takes for plans of 10,000 tasks, in every format: many layers of tasks, and one long chain. */

import { type Benchmark, BINARY, execute, measure, report } from "./measure.ts";

const TASKS = 10_000;
const LAYER = 200;
const FORMATS = ["text", "dot", "mermaid", "json", "svg"] as const;

/** Each shape by the places of the tasks that one at a place depends on. */
const SHAPES: Readonly<Record<string, (at: number) => readonly number[]>> = {
  layers: (at) => at < LAYER ? [] : [...new Set([at - LAYER, at - LAYER + (at % 7)])],
  chain: (at) => at === 0 ? [] : [at - 1],
};

/** See the module. */
export const graphBenchmark: Benchmark = {
  name: "graph",
  needsBinary: true,
  async run(runs) {
    const scratch = await Deno.makeTempDir({ prefix: "omk-bench-" });
    for (const [shape, dependenciesOf] of Object.entries(SHAPES)) {
      const tasks = Array.from({ length: TASKS }, (_, at) => ({
        id: `task-${at}`,
        run: "true",
        dependencies: dependenciesOf(at).map((each) => `task-${each}`),
      }));
      const plan = `${scratch}/${shape}.jsonc`;
      await Deno.writeTextFile(plan, JSON.stringify({ version: 1, gates: [], tasks }));
      const medians = await measure(
        FORMATS.map((format) => ({
          name: format,
          run: () => execute(BINARY, ["graph", plan, "--format", format, "--critical"], scratch),
        })),
        runs,
      );
      report(
        `omk graph of ${TASKS} tasks, ${shape} (goal: under 1 s)`,
        [...medians].map(([name, ms]) => `${name.padEnd(8)} ${ms.toFixed(0).padStart(5)} ms`),
      );
    }
    await Deno.remove(scratch, { recursive: true });
  },
};
