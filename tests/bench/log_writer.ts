/**
 * A process of its own that appends to a log for the benchmark. Usage: log_writer.ts LOG EVENTS PRODUCERS. It warms up
 * on a log of its own, prints `ready`, waits for the end of its standard input, appends, and prints `done`.
 */

import { createRunLog, openRunLog } from "../../src/log/file_log.ts";
import type { RunLog } from "../../src/log/port.ts";
import { OPTIONS, runStarted, TemporaryDirectory } from "../log/fixture.ts";
import { requestOfWorker } from "./log.ts";

const WARM_UP_EVENTS = 10_000;

const [path = "", events = "0", producers = "1"] = Deno.args;

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function append(log: RunLog, count: number): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: Number(producers) }, async () => {
    while (next++ < count) await log.append([requestOfWorker()]);
  }));
}

/** So that not the compiler is measured. */
async function warmUp(): Promise<void> {
  using directory = new TemporaryDirectory();
  await using log = await createRunLog(directory.file(), OPTIONS);
  await log.append([runStarted()]);
  await append(log, WARM_UP_EVENTS);
}

await warmUp();
await using log = await openRunLog(path, { ...OPTIONS, lockBudgetMs: 60_000 });
print("ready");
await Deno.stdin.read(new Uint8Array(1));
await append(log, Number(events));
print("done");
