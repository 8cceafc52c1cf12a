/**
 * A finished run of a hundred thousand events: `omk verify`, and the fold that `omk replay` tells it from, beside
 * loops that only split its log, parse it, and hash it.
 */

import { createHash } from "node:crypto";
import { draft, type EventDraft } from "../../src/log/event.ts";
import { findLostTests } from "../../src/gates/tests/find_lost_tests.ts";
import { openRunLog } from "../../src/log/file_log.ts";
import { createProofWriter } from "../../src/proof/write.ts";
import type { RunDirectory } from "../../src/run/directory.ts";
import { loadRun } from "../../src/run/load_run.ts";
import { exitCodeOf, runStatus } from "../../src/proof/status.ts";
import { verifyRun } from "../../src/proof/verify.ts";
import { apply } from "../../src/run/state.ts";
import { Timeline } from "../../src/run/timeline.ts";
import { createRunState } from "../../src/scheduler/run_state.ts";
import { type Benchmark, BINARY, execute, measure, report } from "./measure.ts";
import { EVENTS, recordTasks, RUN_ID } from "./long_run.ts";

/** See the module. */
export const verifyBenchmark: Benchmark = {
  name: "verify",
  needsBinary: true,
  async run(runs) {
    const scratch = await Deno.realPath(await Deno.makeTempDir({ prefix: "omk-bench-" }));
    const directory = await recordProved(scratch);
    const { size } = await Deno.stat(directory.events);
    const times = await measure([
      { name: "parse", run: () => parseAll(directory.events, false) },
      { name: "hash", run: () => parseAll(directory.events, true) },
      { name: "replay", run: () => replay(directory) },
      { name: "verify", run: () => verify(directory) },
      { name: "omk", run: () => execute(BINARY, ["verify"], scratch) },
    ], runs);
    const of = (name: string) => times.get(name) ?? NaN;
    const ms = (name: string) => `${of(name).toFixed(0)} ms`;
    const ratio = (reference: string, name: string) => (of(reference) / of(name)).toFixed(2);
    report(`A run of ${EVENTS} events (${(size / 1e6).toFixed(0)} MB)`, [
      `splits and parses only: ${ms("parse")}; hashes its commits too: ${ms("hash")}`,
      `replay, its state and timeline: ${ms("replay")}, ${ratio("parse", "replay")} × the former (goal 0.5)`,
      `verification: ${ms("verify")}, ${ratio("hash", "verify")} × the latter`,
      `omk verify: ${ms("omk")} (goal: under 2000 ms)`,
    ]);
    await Deno.remove(scratch, { recursive: true });
  },
};

/** A run whose tasks are all completed, with its proof. */
async function recordProved(scratch: string): Promise<RunDirectory> {
  const directory = await recordTasks(scratch, []);
  const { state } = await loadRun(directory);
  await using log = await openRunLog(directory.events, { runId: RUN_ID, durability: "none" });
  const status = runStatus(state);
  const append = async (drafts: readonly EventDraft[]) => {
    for (const event of await log.append(drafts)) apply(state, event);
  };
  await append([draft("proof_writing", "run", "controller/1", { status, commit: null, tree: null })]);
  const head = log.head();
  const writer = createProofWriter({ directory: directory.path, log, workspace: null, key: null });
  const written = await writer.write(state, status, head);
  await append([
    draft("proof_written", "run", "controller/1", { status, head, ...written }),
    draft("run_finished", "run", "controller/1", { status, exit_code: exitCodeOf(status) }),
  ]);
  return directory;
}

async function verify(directory: RunDirectory): Promise<void> {
  const fold = { create: createRunState, apply };
  const runDirectory = directory.path;
  const { first_failure } = await verifyRun({ runDirectory, git: null, fold, findLostTests, key: null });
  if (first_failure !== null) throw new Error(`${first_failure.name}: ${first_failure.detail}`);
}

/** As `omk replay` does before it prints. */
async function replay(directory: RunDirectory): Promise<void> {
  const timeline = new Timeline();
  const { state } = await loadRun(directory, { onEvent: (event) => timeline.take(event) });
  if (state.run.phase !== "finished") throw new Error("the run is not finished");
}

/** Splits the lines of a log and parses them; `isHashed`: hashes its commits too. */
async function parseAll(path: string, isHashed: boolean): Promise<void> {
  const bytes = await Deno.readFile(path);
  const text = new TextDecoder().decode(bytes);
  let events = 0;
  let start = 0;
  let end = 0;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const { sum } = JSON.parse(line);
    events++;
    // The lines of the benchmark are ASCII: characters are bytes. A sum and its key take the last 75 of a commit.
    end += line.length + 1;
    if (!isHashed || sum === undefined) continue;
    if (createHash("sha256").update(bytes.subarray(start, end - 75)).digest("hex") !== sum) {
      throw new Error("A sum does not hold");
    }
    start = end;
  }
  if (events < EVENTS) throw new Error(`the log has ${events} events`);
}
