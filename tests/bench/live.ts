/** What the live view costs: 50 tasks that print 10 MB/s together, for a few seconds, on a terminal of 200×60. */

import process from "node:process";
import { createOutput } from "../../src/cli/output.ts";
import { LiveView } from "../../src/cli/render/live/live_view.ts";
import { PlainView } from "../../src/cli/render/plain_view.ts";
import { makeTask } from "../run/fixture.ts";
import { Scene } from "../cli/render/scene.ts";
import { type Benchmark, median, report } from "./measure.ts";

const TASKS = 50;
const BYTES_PER_SECOND = 10_000_000;
const SECONDS = 3;
/** Pieces come as a pipe gives them. */
const PIECE_BYTES = 16_384;

/** See the module. */
export const liveBenchmark: Benchmark = {
  name: "live",
  needsBinary: false,
  async run(runs) {
    const shares: number[] = [];
    let bytes = 0;
    for (let round = 0; round < runs; round++) {
      const { cpu, wall, written } = await watch();
      shares.push(cpu / wall);
      bytes = written;
    }
    report(
      `Live view of ${TASKS} tasks that print ${BYTES_PER_SECOND / 1e6} MB/s (goal: under half a core)`,
      [
        `${(median(shares) * 100).toFixed(0)} % of a core; ${
          (bytes / SECONDS / 1000).toFixed(0)
        } kB/s go to the terminal`,
      ],
    );
  },
};

/** Feeds a view for some seconds at the rate; CPU and wall time in milliseconds. */
async function watch(): Promise<{ readonly cpu: number; readonly wall: number; readonly written: number }> {
  let written = 0;
  const terminal = {
    write: (text: string) => void (written += text.length),
    size: () => ({ columns: 200, rows: 60 }),
  };
  const output = createOutput("never", {});
  const view = new LiveView(
    output,
    terminal,
    (print) =>
      new PlainView({ ...output, print: (line = "") => print(line) }, {
        mode: "none",
        verbosity: "normal",
        marks: null,
        onlyEnds: true,
      }),
  );
  const tasks = Array.from({ length: TASKS }, (_, at) => makeTask(`task-${at}`));
  const scene = new Scene(tasks, { workers: TASKS }, view).go();
  view.begin(scene.state);
  for (const { id } of tasks) scene.start(id);
  const line = "a line of output of about eighty characters, as compilers and tests print them\n";
  const piece = line.repeat(Math.ceil(PIECE_BYTES / line.length)).slice(0, PIECE_BYTES);
  const started = performance.now();
  const before = cpuMs();
  let sent = 0;
  for (let at = 0; performance.now() - started < SECONDS * 1000;) {
    const due = (performance.now() - started) / 1000 * BYTES_PER_SECOND;
    for (; sent < due; at++, sent += PIECE_BYTES) view.taskOutput(`task-${at % TASKS}`, 1, piece);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const wall = performance.now() - started;
  const cpu = cpuMs() - before;
  view.close();
  return { cpu, wall, written };
}

/** CPU time of this process, milliseconds. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
