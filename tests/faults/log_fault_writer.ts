/**
 * A process that appends to a run's log and says what became of every append. It goes on after failures, which no
 * program should do: what the log then lets through would be seen.
 *
 * Usage: log_fault_writer.ts LOG TAG APPENDS AT_ONCE DURABILITY SEGMENT_BYTES
 *
 * Prints `ready` once the log is open, and begins with the first byte on its standard input. Then it prints
 * `acknowledged <append> <index of its first event>` or `failed <append> <name of the error>` for each.
 */

import { openRunLog } from "../../src/log/file_log.ts";
import type { RunLog } from "../../src/log/port.ts";
import { RUN_ID } from "../log/fixture.ts";
import { draftsOf } from "./appends.ts";

function print(line: string): void {
  const bytes = new TextEncoder().encode(`${line}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

async function append(log: RunLog, tag: string, append: number): Promise<void> {
  try {
    const [first] = await log.append(draftsOf(tag, append));
    print(`acknowledged ${append} ${first?.index}`);
  } catch (error) {
    print(`failed ${append} ${error instanceof Error ? error.name : error}`);
  }
}

const [path = "", tag = "", appends, atOnce, durability, segmentBytes] = Deno.args;
if (durability !== "none" && durability !== "batch" && durability !== "strict") throw new Error(durability);
await using log = await openRunLog(path, {
  runId: RUN_ID,
  durability,
  lockBudgetMs: 60_000,
  segmentBytes: Number(segmentBytes),
});
print("ready");
await Deno.stdin.read(new Uint8Array(1));
for (let next = 0; next < Number(appends);) {
  const wave = Math.min(Number(atOnce), Number(appends) - next);
  await Promise.all(Array.from({ length: wave }, () => append(log, tag, next++)));
}
