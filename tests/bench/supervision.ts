/** What supervision costs: a supervised shell beside the same one spawned detached with two pipes, in the same process. */

import { createSupervisor } from "../../src/process/supervisor.ts";
import { type Benchmark, measure, report } from "./measure.ts";

/** Bodies per round. */
const BODIES = 100;
/** No limit of theirs is to be reached. */
const AMPLE = 60_000_000;

/** See the module. */
export const supervisionBenchmark: Benchmark = {
  name: "supervision",
  needsBinary: false,
  async run(runs) {
    const scratch = await Deno.makeTempDir({ prefix: "omk-bench-" });
    const env = Deno.env.toObject();
    await using supervisor = await createSupervisor({ environment: env });
    const bodies = async () => {
      for (let attempt = 1; attempt <= BODIES; attempt++) {
        const body = supervisor.run({
          task_id: "bench",
          attempt,
          command: "true",
          cwd: scratch,
          env,
          timeoutMs: AMPLE,
          graceMs: AMPLE,
          outputPath: `${scratch}/output.log`,
          outputLimitBytes: AMPLE,
        });
        await body.outcome;
      }
    };
    const medians = await measure([
      { name: "supervised", run: bodies },
      { name: "detached, two pipes", run: () => spawnShells(scratch, true) },
      { name: "not detached", run: () => spawnShells(scratch, false) },
    ], runs);
    const detached = medians.get("detached, two pipes") ?? NaN;
    report(
      "A shell that does nothing, one after the other (goal: supervised at most 1.5 ms more than detached)",
      [...medians].map(([name, ms]) => {
        const more = ((ms - detached) / BODIES).toFixed(2);
        return `${name.padEnd(20)} ${(ms / BODIES).toFixed(2)} ms each, ${more} ms more than detached`;
      }),
    );
    await Deno.remove(scratch, { recursive: true });
  },
};

/** `spawn`, since `Command.output` starts a process in the session of its own caller whatever is asked for. */
async function spawnShells(cwd: string, detached: boolean): Promise<void> {
  for (let body = 0; body < BODIES; body++) {
    const shell = new Deno.Command("/bin/sh", {
      args: ["-c", "true"],
      cwd,
      detached,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
    await shell.spawn().output();
  }
}
