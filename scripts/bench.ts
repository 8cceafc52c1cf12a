/**
 * The benchmarks: each figure beside its reference, in turn and in the same run, medians of several. Some need the
 * executable (`deno task compile`); `--runs N` and names of benchmarks choose what is measured.
 */

import { parseArgs } from "@std/cli/parse-args";
import { attemptsBenchmark } from "../tests/bench/attempts.ts";
import { commandsBenchmark } from "../tests/bench/commands.ts";
import { logBenchmark } from "../tests/bench/log.ts";
import { graphBenchmark } from "../tests/bench/graph.ts";
import { idleBenchmark } from "../tests/bench/idle.ts";
import { liveBenchmark } from "../tests/bench/live.ts";
import { manyTasksBenchmark } from "../tests/bench/many_tasks.ts";
import { type Benchmark, BINARY } from "../tests/bench/measure.ts";
import { mergeBenchmark } from "../tests/bench/merge.ts";
import { resumeBenchmark } from "../tests/bench/resume.ts";
import { schedulerBenchmark } from "../tests/bench/scheduler.ts";
import { startBenchmark } from "../tests/bench/start.ts";
import { supervisionBenchmark } from "../tests/bench/supervision.ts";
import { tasksBenchmark } from "../tests/bench/tasks.ts";
import { verifyBenchmark } from "../tests/bench/verify.ts";
import { worktreesBenchmark } from "../tests/bench/worktrees.ts";

const BENCHMARKS: readonly Benchmark[] = [
  startBenchmark,
  tasksBenchmark,
  manyTasksBenchmark,
  resumeBenchmark,
  supervisionBenchmark,
  idleBenchmark,
  schedulerBenchmark,
  liveBenchmark,
  logBenchmark,
  verifyBenchmark,
  graphBenchmark,
  commandsBenchmark,
  mergeBenchmark,
  worktreesBenchmark,
  attemptsBenchmark,
];

async function main(): Promise<number> {
  const args = parseArgs(Deno.args, { string: ["runs"] });
  const names = args._.map(String);
  const unknown = names.find((name) => !BENCHMARKS.some((each) => each.name === name));
  if (unknown !== undefined) {
    console.error(
      `There is no benchmark "${unknown}"; there are ${BENCHMARKS.map(({ name }) => name).join(", ")}`,
    );
    return 2;
  }
  const chosen = BENCHMARKS.filter(({ name }) => names.length === 0 || names.includes(name));
  if (chosen.some(({ needsBinary }) => needsBinary) && !await isThere(BINARY)) {
    console.error("dist/omk is missing: run deno task compile first");
    return 1;
  }
  for (const benchmark of chosen) await benchmark.run(Number(args.runs ?? 5));
  return 0;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.exit(await main());
