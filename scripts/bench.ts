/**
 * The benchmarks: each figure beside its reference, in turn and in the same run, medians of several. They need the
 * executable (`deno task compile`); `--runs N` and names of benchmarks choose what is measured.
 */

import { parseArgs } from "@std/cli/parse-args";
import { fromFileUrl } from "@std/path";

const BINARY = fromFileUrl(new URL("../dist/omk", import.meta.url));
/** Tasks of the benchmark of many small tasks. */
const TASKS = 500;

/** One command that is timed, and how its figures are named. */
interface Contender {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** Medians of the contenders in milliseconds, measured in turn so that a drift of the machine meets them all. */
async function measure(contenders: readonly Contender[], runs: number): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (const { run } of contenders) await run();
  for (let round = 0; round < runs; round++) {
    for (const { name, run } of contenders) {
      const start = performance.now();
      await run();
      times.get(name)?.push(performance.now() - start);
    }
  }
  return new Map([...times].map(([name, all]) => [name, median(all)]));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function execute(command: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd,
    env: { XDG_STATE_HOME: `${cwd}/state` },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with ${code}: ${new TextDecoder().decode(stderr)}`);
  }
}

async function isInstalled(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["--version"], stdout: "null", stderr: "null" }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function report(title: string, lines: readonly string[]): void {
  console.log(`\n${title}`);
  for (const line of lines) console.log(`  ${line}`);
}

async function benchStart(runs: number): Promise<void> {
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
}

/** No-op tasks without dependencies, two at once, in the directory itself and with the log on. */
async function benchTasks(runs: number): Promise<void> {
  const scratch = await Deno.makeTempDir({ prefix: "omk-bench-" });
  const ids = Array.from({ length: TASKS }, (_, at) => `t${at}`);
  const plan = (durability: string) => ({
    version: 1,
    name: "bench",
    workers: 2,
    durability,
    gates: [],
    defaults: { isolation: "none", write_set: [] },
    tasks: ids.map((id) => ({ id, run: "true" })),
  });
  await Deno.writeTextFile(`${scratch}/omk.jsonc`, JSON.stringify(plan("batch")));
  await Deno.writeTextFile(`${scratch}/unsynced.jsonc`, JSON.stringify(plan("none")));
  await Deno.writeTextFile(
    `${scratch}/Makefile`,
    `all: ${ids.join(" ")}\n${ids.map((id) => `${id}:\n\t@sh -c true\n`).join("")}.PHONY: all ${
      ids.join(" ")
    }\n`,
  );
  await Deno.writeTextFile(
    `${scratch}/build.ninja`,
    `rule t\n command = true\n${ids.map((id) => `build ${id}: t\n`).join("")}`,
  );
  const contenders: Contender[] = [
    { name: "omk", run: () => execute(BINARY, ["run"], scratch) },
    { name: "omk, unsynced", run: () => execute(BINARY, ["run", "unsynced.jsonc"], scratch) },
    { name: "bare Deno loop", run: () => bareLoop(scratch) },
  ];
  for (const tool of ["ninja", "make"]) {
    if (await isInstalled(tool)) {
      contenders.push({
        name: `${tool} -j2`,
        run: () => execute(tool, ["-j2"], scratch),
      });
    }
  }
  const medians = await measure(contenders, runs);
  const ninja = medians.get("ninja -j2");
  report(
    `${TASKS} no-op tasks, 2 at once (goal: at most 2.5 times ninja)`,
    [...medians].map(([name, ms]) => {
      const ratio = ninja === undefined ? "" : `  ${(ms / ninja).toFixed(2)} x ninja`;
      return `${name.padEnd(16)} ${ms.toFixed(0).padStart(6)} ms  ${(ms / TASKS).toFixed(2)} ms/task${ratio}`;
    }),
  );
  await Deno.remove(scratch, { recursive: true });
}

/** What spawning alone costs from this runtime: the same shells with two pipes, nothing else. */
async function bareLoop(cwd: string): Promise<void> {
  let left = TASKS;
  const worker = async () => {
    while (left-- > 0) {
      await new Deno.Command("/bin/sh", {
        args: ["-c", "true"],
        cwd,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      })
        .output();
    }
  };
  await Promise.all([worker(), worker()]);
}

const BENCHMARKS: Readonly<Record<string, (runs: number) => Promise<void>>> = {
  start: benchStart,
  tasks: benchTasks,
};

async function main(): Promise<number> {
  const args = parseArgs(Deno.args, { string: ["runs"] });
  const names = args._.length === 0 ? Object.keys(BENCHMARKS) : args._.map(String);
  try {
    await Deno.stat(BINARY);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error("dist/omk is missing: run deno task compile first");
    return 1;
  }
  for (const name of names) {
    const bench = BENCHMARKS[name];
    if (bench === undefined) {
      console.error(`There is no benchmark "${name}"; there are ${Object.keys(BENCHMARKS).join(", ")}`);
      return 2;
    }
    await bench(Number(args.runs ?? 5));
  }
  return 0;
}

Deno.exit(await main());
