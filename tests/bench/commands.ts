/** How long the commands take that people call all the time, where there are a hundred runs. */

import { draft } from "../../src/log/event.ts";
import { recordRun, storyDrafts, storyPlan } from "../cli/fixture.ts";
import { type Benchmark, BINARY, execute, measure, report } from "./measure.ts";

const RUNS = 100;
/** Every so many runs one was interrupted, so that its whole log is read; the others end with a proof. */
const INTERRUPTED_EVERY = 50;

/** See the module. */
export const commandsBenchmark: Benchmark = {
  name: "commands",
  needsBinary: true,
  async run(runs) {
    const scratch = await Deno.makeTempDir({ prefix: "omk-bench-" });
    await execute("git", ["init", "--quiet"], scratch);
    for (let at = 0; at < RUNS; at++) {
      const id = `20260102-${String(at).padStart(6, "0")}-abcd`;
      const more = Array.from(
        { length: 50 },
        () =>
          draft("request_refused", "run", "controller/1", {
            request: 0,
            reason: "for the length of the log",
          }),
      );
      const story = storyDrafts(at % INTERRUPTED_EVERY === 0 ? "active" : "finished");
      const directory = await recordRun(`${scratch}/.git/omk`, id, storyPlan(), [...more, ...story]);
      const tasks = storyPlan().tasks.map((task) => ({ id: task.id, state: "completed", selected: true }));
      await Deno.writeTextFile(directory.proof, JSON.stringify({ status: "not_ready", tasks }));
    }
    const medians = await measure([
      { name: "omk status", run: () => execute(BINARY, ["status"], scratch) },
      { name: "omk list", run: () => execute(BINARY, ["list"], scratch) },
      { name: "omk --help", run: () => execute(BINARY, ["--help"], scratch) },
      { name: "omk --version", run: () => execute(BINARY, ["--version"], scratch) },
    ], runs * 3);
    report(
      `Commands among ${RUNS} runs (goal: under 100 ms each)`,
      [...medians].map(([name, ms]) => `${name.padEnd(14)} ${ms.toFixed(0).padStart(4)} ms`),
    );
    await Deno.remove(scratch, { recursive: true });
  },
};
