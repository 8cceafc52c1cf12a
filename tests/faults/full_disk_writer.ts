/**
 * Appends to a log on a small disk until that is full, makes room, and goes on; prints what happened as JSON.
 *
 * Usage: full_disk_writer.ts DIRECTORY, with a file `filler` in it that takes a part of the space
 */

import { createRunLog } from "../../src/log/file_log.ts";
import { LogIoError } from "../../src/log/errors.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { fact, OPTIONS, runStarted } from "../log/fixture.ts";

/** What the process prints. */
export interface FullDiskReport {
  /** Events that were acknowledged, in order: their indices. */
  readonly acknowledged: readonly number[];
  /** The system's reasons for the appends that failed. */
  readonly failures: readonly string[];
  /** Bytes of the log before and after each failed append. */
  readonly sizes: readonly (readonly [number, number])[];
  /** Appends that were acknowledged after room had been made. */
  readonly recovered: number;
  readonly verdict: string;
  readonly events: number;
}

async function fill(directory: string): Promise<FullDiskReport> {
  const path = `${directory}/events.jsonl`;
  const acknowledged: number[] = [];
  const failures: string[] = [];
  const sizes: [number, number][] = [];
  let recovered = 0;
  {
    await using log = await createRunLog(path, { ...OPTIONS, durability: "batch" });
    acknowledged.push(...(await log.append([runStarted()])).map(({ index }) => index));
    for (let i = 0; recovered < 20 && i < 10_000; i++) {
      const before = Deno.statSync(path).size;
      try {
        const batch = Array.from({ length: 1 + (i % 3) }, () => fact("x".repeat(300 + i % 1000)));
        acknowledged.push(...(await log.append(batch)).map(({ index }) => index));
        if (failures.length >= 3) recovered++;
      } catch (error) {
        if (!(error instanceof LogIoError)) throw error;
        failures.push(String(error.detail.why));
        sizes.push([before, Deno.statSync(path).size]);
        // Room for some more, after the disk has been seen to be full several times.
        if (failures.length === 3) Deno.removeSync(`${directory}/filler`);
      }
    }
  }
  const { verdict, events } = await verifyLog(path);
  return { acknowledged, failures, sizes, recovered, verdict, events };
}

if (import.meta.main) console.log(JSON.stringify(await fill(Deno.args[0] ?? "")));
