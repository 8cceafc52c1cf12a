/** How long `omk graph` takes for a plan of 10,000 tasks, in every format. */

import { type Benchmark, BINARY, execute, measure, report } from "./measure.ts";

const TASKS = 10_000;
const LAYER = 200;

/** See the module. */
export const graphBenchmark: Benchmark = {
  name: "graph",
  needsBinary: true,
  async run(runs) {
    const scratch = await Deno.makeTempDir({ prefix: "omk-bench-" });
    const tasks = Array.from({ length: TASKS }, (_, at) => ({
      id: `task-${at}`,
      run: "true",
      dependencies: at < LAYER
        ? []
        : [at - LAYER, at - LAYER + (at % 7)].filter((each, i, all) => each < at && all.indexOf(each) === i)
          .map((each) => `task-${each}`),
    }));
    await Deno.writeTextFile(`${scratch}/omk.jsonc`, JSON.stringify({ version: 1, gates: [], tasks }));
    const medians = await measure(
      ["text", "dot", "mermaid", "json", "svg"].map((format) => ({
        name: format,
        run: () => execute(BINARY, ["graph", "--format", format, "--critical"], scratch),
      })),
      runs,
    );
    report(
      `omk graph of ${TASKS} tasks (goal: under 1 s)`,
      [...medians].map(([name, ms]) => `${name.padEnd(8)} ${ms.toFixed(0).padStart(5)} ms`),
    );
    await Deno.remove(scratch, { recursive: true });
  },
};
