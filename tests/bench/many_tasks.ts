/** Whether a long run stays as it began: ten thousand real tasks, their cost each, and the memory of omk over time. */

import { type Benchmark, BINARY, median, report } from "./measure.ts";
import { bareLoop } from "./tasks.ts";

const TASKS = 10_000;
/** How often the memory is looked at, milliseconds. */
const SAMPLE_MS = 250;

/** See the module. */
export const manyTasksBenchmark: Benchmark = {
  name: "many-tasks",
  needsBinary: true,
  async run() {
    const scratch = await Deno.makeTempDir({ prefix: "omk-bench-" });
    const tasks = Array.from({ length: TASKS }, (_, at) => ({ id: `t${at}`, run: "true" }));
    const plan = {
      version: 1,
      workers: 2,
      durability: "batch",
      gates: [],
      defaults: { isolation: "none", write_set: [] },
      tasks,
    };
    await Deno.writeTextFile(`${scratch}/omk.jsonc`, JSON.stringify(plan));
    const began = performance.now();
    const omk = new Deno.Command(BINARY, {
      args: ["run", "--output", "none"],
      cwd: scratch,
      env: { XDG_STATE_HOME: `${scratch}/state` },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    let isOver = false;
    const ended = omk.status.finally(() => isOver = true);
    const samples: number[] = [];
    let cpuMs = 0;
    while (!isOver) {
      const used = await usedBy(omk.pid);
      if (used !== null) {
        samples.push(used.bytes);
        cpuMs = used.cpuMs;
      }
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, SAMPLE_MS))]);
    }
    const { code } = await ended;
    const ms = performance.now() - began;
    await bareLoop(scratch, TASKS);
    const bareMs = performance.now() - began - ms;
    if (code !== 0) throw new Error(`omk run ended with ${code}`);
    report(
      `${TASKS} tasks "true" in the directory itself, 2 at once, batch (goal: under 5 ms each, memory flat)`,
      [
        `${(ms / TASKS).toFixed(2)} ms/task, of it ${
          (cpuMs / TASKS).toFixed(2)
        } ms of CPU in omk itself; a loop that only spawns: ${(bareMs / TASKS).toFixed(2)} ms/task`,
        ...tenths(samples).map((bytes, at) => `after ${at * 10} %  ${(bytes / 1e6).toFixed(0)} MB`),
      ],
    );
    await Deno.remove(scratch, { recursive: true });
  },
};

/** Linux counts the CPU time of a process in hundredths of a second. */
const TICK_MS = 10;

/** The resident memory of a process, and the CPU time of its threads so far; null where it is gone. */
async function usedBy(pid: number): Promise<{ readonly bytes: number; readonly cpuMs: number } | null> {
  try {
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    // The name of the program, in parentheses, may hold spaces; the 12th and 13th fields behind it are the times.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]);
    return kib === undefined ? null : { bytes: Number(kib) * 1024, cpuMs: ticks * TICK_MS };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The medians of the ten equal parts of a sequence. */
function tenths(values: readonly number[]): number[] {
  const part = Math.max(1, Math.ceil(values.length / 10));
  return Array.from({ length: 10 }, (_, at) => median(values.slice(at * part, (at + 1) * part)))
    .filter((each) => !Number.isNaN(each));
}
