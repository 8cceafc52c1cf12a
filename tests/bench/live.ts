/** What the live view costs: 50 tasks that print 10 MB/s together, for a few seconds, on a terminal of 200×60. */

import process from "node:process";
import type { OutputMode } from "../../src/cli/config/settings.ts";
import { createOutput } from "../../src/cli/output.ts";
import { LiveView } from "../../src/cli/render/live/live_view.ts";
import type { Terminal } from "../../src/cli/render/live/terminal.ts";
import { PlainView } from "../../src/cli/render/plain_view.ts";
import { makeTask } from "../run/fixture.ts";
import { Scene } from "../cli/render/scene.ts";
import { type Benchmark, median, report } from "./measure.ts";

const TASKS = 50;
const BYTES_PER_SECOND = 10_000_000;
const SECONDS = 3;
/** Pieces come as a pipe gives them. */
const PIECE_BYTES = 16_384;
/** Each task prints all of them in turn, so that its last line changes. */
const PIECES = 7;

/** What the tasks print, and how much of it is shown. */
const CASES: readonly { readonly name: string; readonly mode: OutputMode; readonly line: string }[] = [
  {
    name: "lines of compilers and tests",
    mode: "none",
    line: "a line of output of about eighty characters, as compilers and tests print them\n",
  },
  {
    name: "coloured lines in Japanese, 2 kB each",
    mode: "none",
    line: `${"\x1b[32m合格\x1b[0m すべてのテストに合格しました ".repeat(42)}\n`,
  },
  {
    name: "lines of compilers and tests, --output group",
    mode: "group",
    line: "a line of output of about eighty characters, as compilers and tests print them\n",
  },
];

/** See the module. */
export const liveBenchmark: Benchmark = {
  name: "live",
  needsBinary: false,
  async run(runs) {
    const lines: string[] = [];
    for (const { name, mode, line } of CASES) {
      const seen: Seen[] = [];
      for (let round = 0; round < runs; round++) seen.push(await watch(mode, line));
      const share = median(seen.map(({ cpu, wall }) => cpu / wall));
      const written = median(seen.map((each) => each.written / each.wall));
      lines.push(
        `${name}: ${(share * 100).toFixed(0)} % of a core; ${written.toFixed(0)} kB/s go to the terminal`,
      );
    }
    report(
      `Live view of ${TASKS} tasks that print ${BYTES_PER_SECOND / 1e6} MB/s (goal: under half a core)`,
      lines,
    );
  },
};

/** CPU and wall time in milliseconds, and how many bytes were written to the terminal. */
interface Seen {
  readonly cpu: number;
  readonly wall: number;
  readonly written: number;
}

/** Feeds a view for some seconds at the rate. */
async function watch(mode: OutputMode, line: string): Promise<Seen> {
  const encoder = new TextEncoder();
  let written = 0;
  const terminal: Terminal = {
    write: (text) => void (written += encoder.encode(text).length),
    size: () => ({ columns: 200, rows: 60 }),
    onContinue: () => ({ [Symbol.dispose]() {} }),
  };
  const output = createOutput("never", {});
  const view = new LiveView(
    output,
    terminal,
    (print) =>
      new PlainView({ ...output, print: (line = "") => print(line) }, {
        mode,
        verbosity: "normal",
        marks: null,
        onlyEnds: true,
      }),
  );
  const tasks = Array.from({ length: TASKS }, (_, at) => makeTask(`task-${at}`));
  const scene = new Scene(tasks, { workers: TASKS }, view).go();
  view.begin(scene.state, scene.directory);
  for (const { id } of tasks) scene.start(id);
  const count = Math.ceil(PIECE_BYTES / encoder.encode(line).length);
  const pieces = Array.from({ length: PIECES }, (_, at) => line.repeat(count) + `${at}: ${line}`);
  const pieceBytes = encoder.encode(pieces[0]).length;
  const started = performance.now();
  const before = cpuMs();
  let sent = 0;
  for (let at = 0; performance.now() - started < SECONDS * 1000;) {
    const due = (performance.now() - started) / 1000 * BYTES_PER_SECOND;
    for (; sent < due; at++, sent += pieceBytes) {
      view.taskOutput(`task-${at % TASKS}`, 1, pieces[at % PIECES] ?? "");
    }
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
