/**
 * The log: appends beside a loop that only stringifies, locks, writes and unlocks (R1) or syncs as well (R2), reading
 * beside a loop that only splits and parses, verifying beside one that hashes too.
 */

import { createHash } from "node:crypto";
import { fromFileUrl, join } from "@std/path";
import { draft, type DraftOf, type EventDraft } from "../../src/log/event.ts";
import { createRunLog, openRunLog } from "../../src/log/file_log.ts";
import type { Durability } from "../../src/log/group_commit.ts";
import { redactText } from "../../src/log/redact.ts";
import { redactPayload } from "../../src/log/redact_payload.ts";
import { readRunLog } from "../../src/log/reader.ts";
import { logStats } from "../../src/log/stats.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { OPTIONS, request, RUN_ID, runStarted, TemporaryDirectory } from "../log/fixture.ts";
import { type Benchmark, type Contender, measure, measureBoth, median, report } from "./measure.ts";

/** Events of one round without sync. */
const EVENTS = 20_000;
/** Syncs of one round: creating and closing the log, which is in its time too, is little beside them. */
const SYNCS = 500;
const PRODUCERS = 64;
const PROCESSES = 8;
/** Events of each of the processes: enough for some turns of each. */
const PROCESS_EVENTS = 20_000;
const WRITER = fromFileUrl(new URL("log_writer.ts", import.meta.url));

/** An event as a run has most of them. */
export function typicalEvent(i: number): DraftOf<"task_claimed"> {
  return draft("task_claimed", "task/api", "controller/1", {
    task_id: "api",
    attempt: 1,
    worker: "local/1",
    lease_expires: 1_763_682_600_123 + i,
    base: "0123456789abcdef0123456789abcdef01234567",
  });
}

/** An event as a process that is not the controller makes it. */
export function requestOfWorker(): EventDraft {
  return request("a request as a worker makes it", `cli/${Deno.pid}`);
}

/** See the module. */
export const logBenchmark: Benchmark = {
  name: "log",
  needsBinary: false,
  async run(runs) {
    await benchAppends(runs);
    await benchSyncedAppends(runs);
    await benchProcesses(runs);
    await benchReading(runs);
    await benchRedaction(runs);
  },
};

/** What R1 writes, and whether it is R2. */
interface PlainOptions {
  readonly isSynced?: boolean;
  readonly eventOf?: (i: number) => EventDraft;
}

/** R1, and R2 where it syncs: one event at a time, neither redacted nor summed. */
function appendPlainly(
  directory: string,
  events: number,
  { isSynced = false, eventOf = typicalEvent }: PlainOptions = {},
): void {
  using file = Deno.openSync(join(directory, "plain.jsonl"), { append: true, create: true });
  using lock = Deno.openSync(join(directory, "plain.lock"), { read: true, write: true, create: true });
  const encoder = new TextEncoder();
  for (let i = 0; i < events; i++) {
    const { kind, subject, actor, payload } = eventOf(i);
    const id = crypto.randomUUID();
    const ts = new Date().toISOString();
    const event = { index: i, id, run_id: RUN_ID, ts, schema_version: 1, kind, subject, actor, payload };
    const line = encoder.encode(`${JSON.stringify(event)}\n`);
    lock.lockSync(true);
    file.writeSync(line);
    if (isSynced) file.syncDataSync();
    lock.unlockSync();
  }
}

/**
 * A log of its own for each round, written by producers that each await their acknowledgements. To remove it takes up to
 * half as long again, and the references remove nothing.
 */
function appendToLog(durability: Durability, producers: number, events: number): Omit<Contender, "name"> {
  let directory: TemporaryDirectory | undefined;
  return {
    async run() {
      directory = new TemporaryDirectory();
      await using log = await createRunLog(directory.file(), { ...OPTIONS, durability });
      await log.append([runStarted()]);
      let next = 0;
      await Promise.all(Array.from({ length: producers }, async () => {
        while (next < events) await log.append([typicalEvent(next++)]);
      }));
    },
    after: () => directory?.[Symbol.dispose](),
  };
}

async function benchAppends(runs: number): Promise<void> {
  using scratch = new TemporaryDirectory();
  const times = await measure([
    { name: "R1", run: async () => await Promise.resolve(appendPlainly(scratch.path, EVENTS)) },
    { name: "one", ...appendToLog("none", 1, EVENTS) },
    { name: "many", ...appendToLog("none", PRODUCERS, EVENTS) },
  ], runs);
  const reference = times.get("R1") ?? NaN;
  const line = (name: string, what: string, goal: string) => {
    const time = times.get(name) ?? NaN;
    return `${what}: ${perSecond(EVENTS, time)}, ${(reference / time).toFixed(2)} × R1 (goal ${goal})`;
  };
  report("Log, appends with sums and redaction, no sync", [
    `R1, stringify, lock, write, unlock: ${perSecond(EVENTS, reference)}`,
    line("one", "one producer", "0.4"),
    line("many", `${PRODUCERS} producers`, "1.3, aim 2"),
  ]);
}

/**
 * What the disk allows at most: so many bytes as the lines of one event of each producer have are written and synced at
 * once, again and again, and nothing else is done.
 */
function appendBytes(directory: string): void {
  const path = join(directory, "bytes");
  {
    using file = Deno.openSync(path, { append: true, create: true });
    const line = JSON.stringify({ index: 0, id: crypto.randomUUID(), run_id: RUN_ID, ...typicalEvent(0) });
    const commit = new TextEncoder().encode(`${line}\n`.repeat(PRODUCERS));
    for (let i = 0; i < SYNCS; i++) {
      file.writeSync(commit);
      file.syncDataSync();
    }
  }
  Deno.removeSync(path);
}

async function benchSyncedAppends(runs: number): Promise<void> {
  using scratch = new TemporaryDirectory();
  const events = SYNCS * PRODUCERS;
  const times = await measure([
    {
      name: "R2",
      run: async () => await Promise.resolve(appendPlainly(scratch.path, SYNCS, { isSynced: true })),
    },
    { name: "bytes", run: async () => await Promise.resolve(appendBytes(scratch.path)) },
    { name: "strict", ...appendToLog("strict", PRODUCERS, events) },
  ], runs);
  const reference = (times.get("R2") ?? NaN) / SYNCS;
  const each = (times.get("strict") ?? NaN) / events;
  const bytes = (times.get("bytes") ?? NaN) / events;
  report("Log, strict: every commit synced", [
    `R2, R1 with fdatasync: ${perSecond(1, reference)}`,
    `${PRODUCERS} producers: ${perSecond(1, each)}, ${(reference / each).toFixed(1)} × R2 (goal 20)`,
    `their bytes alone, appended and synced: ${perSecond(1, bytes)}, ${(reference / bytes).toFixed(1)} × R2`,
  ]);
}

/** Processes that start together; the time that their appends took, from the first to the last. */
async function appendFromProcesses(): Promise<number> {
  using directory = new TemporaryDirectory();
  {
    await using log = await createRunLog(directory.file(), OPTIONS);
    await log.append([runStarted()]);
  }
  const writers = Array.from({ length: PROCESSES }, () =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "-A", WRITER, directory.file(), String(PROCESS_EVENTS), String(PRODUCERS)],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn());
  const outputs = writers.map((writer) => writer.stdout.getReader());
  for (const output of outputs) await output.read();
  const start = performance.now();
  for (const writer of writers) await writer.stdin.close();
  for (const output of outputs) await output.read();
  const time = performance.now() - start;
  for (const output of outputs) await output.cancel();
  for (const writer of writers) await writer.status;
  const { kinds } = await logStats(directory.file());
  const appended = kinds.pause_requested ?? 0;
  if (appended !== PROCESSES * PROCESS_EVENTS) throw new Error(`The log has ${appended} of the events`);
  return time;
}

/** Each round beside its own reference, which writes events of the same kind: the two are seconds apart. */
async function benchProcesses(runs: number): Promise<void> {
  using scratch = new TemporaryDirectory();
  const events = PROCESSES * PROCESS_EVENTS;
  const rates: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < runs; round++) {
    const start = performance.now();
    appendPlainly(scratch.path, events, { eventOf: requestOfWorker });
    const reference = performance.now() - start;
    Deno.removeSync(join(scratch.path, "plain.jsonl"));
    const time = await appendFromProcesses();
    rates.push(time);
    ratios.push(reference / time);
  }
  report(`Log, ${PROCESSES} processes at once, ${PRODUCERS} producers in each, no sync`, [
    `together ${perSecond(events, median(rates))}, ${median(ratios).toFixed(2)} × R1 ` +
    `(${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}; goal 1)`,
  ]);
}

async function benchReading(runs: number): Promise<void> {
  for (const batch of [1, 64]) {
    using directory = new TemporaryDirectory();
    const path = directory.file();
    await using log = await createRunLog(path, OPTIONS);
    await log.append([runStarted()]);
    for (let i = 0; i < EVENTS; i += batch) {
      await log.append(Array.from({ length: batch }, (_, k) => typicalEvent(i + k)));
    }
    const { wall, cpu } = await measureBoth([
      { name: "parse", run: () => splitAndParse(path, false) },
      { name: "hash", run: () => splitAndParse(path, true) },
      {
        name: "read",
        run: async () => {
          for await (const _event of readRunLog(path)) {
            // Reading is all.
          }
        },
      },
      { name: "verify", run: async () => void await verifyLog(path) },
      { name: "open", run: async () => await (await openRunLog(path, OPTIONS)).close() },
    ], runs);
    const beside = (name: string, reference: string, goal: string) => {
      const ratio = (times: ReadonlyMap<string, number>) =>
        ((times.get(reference) ?? NaN) / (times.get(name) ?? NaN)).toFixed(2);
      return `${perSecond(EVENTS, wall.get(name) ?? NaN)}, ${ratio(wall)} × the reference with ` +
        `${perSecond(EVENTS, wall.get(reference) ?? NaN)}, in CPU time ${ratio(cpu)} × (goal ${goal})`;
    };
    report(`Log, reading ${EVENTS} events in commits of ${batch}`, [
      `strict read, beside splitting and parsing: ${beside("read", "parse", "0.5")}`,
      `verify, beside splitting, parsing and hashing: ${beside("verify", "hash", "0.8")}`,
      `strict read, beside splitting, parsing and hashing: ${beside("read", "hash", "none")}`,
      `opening it for appending: ${(wall.get("open") ?? NaN).toFixed(1)} ms`,
    ]);
  }
}

/** Splits the lines of a log and parses them; `isHashed`: hashes its commits too. */
async function splitAndParse(path: string, isHashed: boolean): Promise<void> {
  const bytes = await Deno.readFile(path);
  const text = new TextDecoder().decode(bytes);
  let start = 0;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const { sum } = JSON.parse(line);
    if (!isHashed || sum === undefined) continue;
    // The lines of the benchmark are ASCII: characters are bytes.
    const end = text.indexOf(sum, start) + sum.length + 3;
    const commit = bytes.subarray(start, end - 75);
    if (createHash("sha256").update(commit).digest("hex") !== sum) throw new Error("A sum does not hold");
    start = end;
  }
}

async function benchRedaction(runs: number): Promise<void> {
  const payloads = Array.from({ length: EVENTS }, (_, i) => typicalEvent(i).payload);
  const megabyte = "a line of output without any secrets in it, key=value path/to/file\n".repeat(16_000);
  const times = await measure([
    {
      name: "event",
      run: async () => {
        for (const payload of payloads) redactPayload("task_claimed", payload);
        await Promise.resolve();
      },
    },
    { name: "1 MB", run: async () => void await Promise.resolve(redactText(megabyte)) },
    { name: "2 MB", run: async () => void await Promise.resolve(redactText(megabyte + megabyte)) },
  ], runs);
  const of = (name: string) => times.get(name) ?? NaN;
  report("Redaction", [
    `a typical event: ${(of("event") / EVENTS * 1000).toFixed(2)} µs (goal 2)`,
    `a text of 1 MB: ${of("1 MB").toFixed(1)} ms; of 2 MB: ${of("2 MB").toFixed(1)} ms (goal: linear)`,
  ]);
}

function perSecond(events: number, ms: number): string {
  return `${Math.round(events / ms * 1000)}/s`;
}
