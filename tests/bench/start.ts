/** How long the executable takes to start. */

import { type Benchmark, BINARY, execute, measure, report } from "./measure.ts";

/** See the module. */
export const startBenchmark: Benchmark = {
  name: "start",
  needsBinary: true,
  async run(runs) {
    const scratch = await Deno.makeTempDir({ prefix: "omk-bench-" });
    const medians = await measure([
      { name: "omk --version", run: () => execute(BINARY, ["--version"], scratch) },
      { name: "omk --help", run: () => execute(BINARY, ["--help"], scratch) },
      { name: "true", run: () => execute("true", [], scratch) },
    ], runs * 3);
    report(
      "Start-up (goal: --version under 60 ms)",
      [...medians].map(([name, ms]) => `${name.padEnd(16)} ${ms.toFixed(1)} ms`),
    );
    await Deno.remove(scratch, { recursive: true });
  },
};
