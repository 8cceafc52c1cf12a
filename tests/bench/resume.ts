/** How soon `omk resume` dispatches a task of a run whose log is long, with a snapshot of its state and without. */

import { openRunLog } from "../../src/log/file_log.ts";
import { SNAPSHOT_EVENTS } from "../../src/log/snapshots.ts";
import { foldRun, loadRunPlan } from "../../src/run/load_run.ts";
import { keepSnapshots } from "../../src/run/run_snapshot.ts";
import type { RunDirectory } from "../../src/run/directory.ts";
import { makeTask } from "../run/fixture.ts";
import { EVENTS, IN_PLACE, recordTasks, RUN_ID } from "./long_run.ts";
import { type Benchmark, BINARY, execute, measure, median, report } from "./measure.ts";

/**
 * The task that is left says when it began, in nanoseconds since 1970, and then, where the system shows it, what its
 * parent is: omk, with the CPU time that it has used.
 */
const FIRST_FILE = "first";
const SAY_FIRST = `(date +%s%N; cat /proc/$PPID/stat) > ${FIRST_FILE} 2>/dev/null; true`;
/** So many of them are a second, on every Linux. */
const CLOCK_TICKS = 100;

/** See the module. */
export const resumeBenchmark: Benchmark = {
  name: "resume",
  needsBinary: true,
  async run(runs) {
    const scratch = await Deno.realPath(await Deno.makeTempDir({ prefix: "omk-bench-" }));
    const directory = await recordInterrupted(scratch);
    const recorded = await Deno.readFile(directory.events);
    await keepSnapshot(directory, recorded);
    const [snapshot] = snapshotsIn(directory);
    if (snapshot === undefined) throw new Error("no snapshot was kept");
    const kept = await Deno.readFile(snapshot);
    const dispatches = new Map<string, number[]>();
    const cpuTimes = new Map<string, number[]>();
    const resume = async (name: string, withSnapshot: boolean) => {
      await Deno.writeFile(directory.events, recorded);
      for (const each of snapshotsIn(directory)) await Deno.remove(each);
      if (withSnapshot) await Deno.writeFile(snapshot, kept);
      const began = Date.now();
      await execute(BINARY, ["resume", "--output", "none"], scratch);
      const [first = "", stat = ""] = (await Deno.readTextFile(`${scratch}/${FIRST_FILE}`)).split("\n");
      dispatches.set(name, [...dispatches.get(name) ?? [], Number(first) / 1e6 - began]);
      cpuTimes.set(name, [...cpuTimes.get(name) ?? [], cpuMs(stat)]);
    };
    const parsed = await measure([
      { name: "from a snapshot", run: () => resume("from a snapshot", true) },
      { name: "without", run: () => resume("without", false) },
      { name: "a loop that splits and parses", run: () => parseAll(directory.events) },
    ], runs);
    const megabytes = (recorded.length / 1e6).toFixed(0);
    report(
      `omk resume of ${EVENTS} events (${megabytes} MB): until the first task runs (goal: under 1 s)`,
      [
        ...[...dispatches].map(([name, all]) =>
          `${name.padEnd(30)} ${median(all.slice(1)).toFixed(0).padStart(5)} ms, of which omk computes ${
            median((cpuTimes.get(name) ?? []).slice(1)).toFixed(0)
          } ms on all cores together`
        ),
        `${"a loop that splits and parses".padEnd(30)} ${
          (parsed.get("a loop that splits and parses") ?? NaN).toFixed(0).padStart(5)
        } ms`,
        `the snapshot has ${(kept.length / 1e6).toFixed(1)} MB`,
      ],
    );
    await Deno.remove(scratch, { recursive: true });
  },
};

/** A run that has lost its controller when all of its tasks but one were completed. */
function recordInterrupted(scratch: string): Promise<RunDirectory> {
  return recordTasks(scratch, [makeTask("last", { ...IN_PLACE, run: SAY_FIRST })]);
}

/** The CPU time of a process in user and kernel, from its `/proc/<pid>/stat`; NaN where there is none. */
function cpuMs(stat: string): number {
  // What follows the name, which may have anything in it, begins with the third field.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / CLOCK_TICKS;
}

/** The newest snapshot that a run has at least which is killed with so many events: the log went on behind it. */
async function keepSnapshot(directory: RunDirectory, recorded: Uint8Array<ArrayBuffer>): Promise<void> {
  const text = new TextDecoder().decode(recorded);
  const lines = text.split("\n");
  // A snapshot stands behind a commit, whose last line ends with its sum.
  let last = EVENTS - SNAPSHOT_EVENTS;
  while (!lines[last]?.includes(',"sum":"')) last--;
  await Deno.writeTextFile(directory.events, lines.slice(0, last + 1).map((line) => `${line}\n`).join(""));
  const stored = await loadRunPlan(directory);
  await using log = await openRunLog(directory.events, { runId: RUN_ID, durability: "none" });
  const { state } = await foldRun(directory, stored, {}, async (_, fold) => {
    for await (const event of log.read()) fold(event);
  });
  await keepSnapshots(directory.events, log, { last: -1, every: 1 }).keep(state, false);
}

function snapshotsIn({ path }: RunDirectory): string[] {
  return [...Deno.readDirSync(path)].filter(({ name }) => name.startsWith("snapshot-")).map(({ name }) =>
    `${path}/${name}`
  );
}

async function parseAll(path: string): Promise<void> {
  let kinds = 0;
  for (const line of (await Deno.readTextFile(path)).split("\n")) {
    if (line !== "") kinds += JSON.parse(line).kind.length;
  }
  if (kinds === 0) throw new Error("the log is empty");
}
