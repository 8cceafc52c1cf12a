/** What a run costs that only waits: the processor time of omk and its helpers while one long task does nothing. */

import { type Benchmark, BINARY, median, report } from "./measure.ts";

/** How long each run is watched, milliseconds: several heartbeats, and a look of the sampler. */
const WINDOW_MS = 15_000;
/** The task outlives this and the window. */
const SETTLE_MS = 3_000;
/** Clock ticks per second in /proc, on every platform of Linux. */
const TICKS = 100;

/** See the module. */
export const idleBenchmark: Benchmark = {
  name: "idle",
  needsBinary: true,
  async run(runs) {
    const shares: number[] = [];
    for (let round = 0; round < runs; round++) shares.push(await shareOfIdleRun());
    report(`A run that waits for one long task, ${WINDOW_MS / 1000} s each (goal: under 1 % of one core)`, [
      `omk and its helpers: ${(median(shares) * 100).toFixed(2)} % of one core`,
    ]);
  },
};

/** The part of one core that a waiting run takes. */
async function shareOfIdleRun(): Promise<number> {
  const scratch = await Deno.makeTempDir({ prefix: "omk-bench-" });
  const plan = {
    version: 1,
    gates: [],
    tasks: [{ id: "long", run: "exec sleep 600", isolation: "none", write_set: [] }],
  };
  await Deno.writeTextFile(`${scratch}/omk.jsonc`, JSON.stringify(plan));
  const omk = new Deno.Command(BINARY, {
    args: ["run", "--output", "none"],
    cwd: scratch,
    env: { XDG_STATE_HOME: `${scratch}/state` },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await wait(SETTLE_MS);
  const [before, began] = [await processorMs(omk.pid), performance.now()];
  await wait(WINDOW_MS);
  const share = (await processorMs(omk.pid) - before) / (performance.now() - began);
  omk.kill("SIGINT");
  await omk.status;
  await Deno.remove(scratch, { recursive: true });
  return share;
}

/** Processor time of a process and of all that it has started, the ended included. The task itself does nothing. */
async function processorMs(pid: number): Promise<number> {
  const children = (await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`)).trim();
  const fields = (await Deno.readTextFile(`/proc/${pid}/stat`)).split(") ").at(-1)?.split(" ") ?? [];
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  let ms = (ticks * 1000) / TICKS;
  for (const child of children === "" ? [] : children.split(" ")) ms += await processorMs(Number(child));
  return ms;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
