/** What many small tasks cost: beside ninja, make, and a loop that only spawns. */

import { type Benchmark, BINARY, type Contender, execute, isInstalled, measure, report } from "./measure.ts";

const TASKS = 500;

/** See the module. */
export const tasksBenchmark: Benchmark = { name: "tasks", needsBinary: true, run: benchTasks };

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
    { name: "bare Deno loop", run: () => bareLoop(scratch, TASKS) },
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
export async function bareLoop(cwd: string, tasks: number): Promise<void> {
  let left = tasks;
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
