/**
 * Faults that the system really has, put in by strace: the n-th call of one kind fails, or the process is killed at
 * it, for every n until the case passes through.
 */

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { LogPoisonedError } from "../../src/log/errors.ts";
import { openRunLog } from "../../src/log/file_log.ts";
import type { RunLog } from "../../src/log/port.ts";
import { repairLog } from "../../src/log/repair.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { linesOf, OPTIONS, TemporaryDirectory } from "../log/fixture.ts";
import {
  type Acknowledged,
  BEFORE,
  canAppend,
  checkAppends,
  draftsOf,
  SEGMENT_BYTES,
  startWriter,
  TORN_END,
  WHOLE_LOG,
} from "./appends.ts";
import { report, share } from "./share.ts";
import { canTrace, injecting, type Injection, RENAME, wasInjected } from "./strace.ts";

const APPENDS = 8;
/** Past this the case should have passed through long ago. */
const MOST_CALLS = 100;

const ignore = !canTrace();

/** What a traced writer, and a process beside it, have met. */
interface Met {
  readonly acknowledged: readonly Acknowledged[];
  /** The writer acknowledged something behind a failure of its own. */
  readonly wentOn: boolean;
  /** What another process's append was rejected with, after the writer's first failure or its end. */
  readonly refusal: unknown;
  /** Whether the fault came to pass. */
  readonly wasHit: boolean;
}

/** The files that a writer uses in a log's directory. */
async function usedNames(): Promise<string[]> {
  using directory = new TemporaryDirectory();
  Deno.writeFileSync(directory.file(), WHOLE_LOG);
  Deno.writeFileSync(directory.file(), TORN_END, { append: true });
  const process = startWriter(writing(directory.file()));
  await process.stdin.close();
  for await (const line of linesOf(process.stdout)) assert(!line.startsWith("failed"), line);
  assertEquals((await process.status).code, 0);
  return [...directory.names().filter((name) => !/lock|turn/.test(name)), "events.poisoned"];
}

function writing(path: string) {
  return {
    path,
    tag: "w",
    appends: APPENDS,
    atOnce: 1,
    durability: "strict",
    segmentBytes: SEGMENT_BYTES,
  } as const;
}

/** Lets a traced process repair a torn commit, append and rotate while a fault is injected, and another append beside it. */
async function meet(
  directory: TemporaryDirectory,
  names: readonly string[],
  fault: Pick<Injection, "calls" | "fault" | "n">,
): Promise<Met> {
  const path = directory.file();
  const trace = directory.file("trace");
  Deno.writeFileSync(path, WHOLE_LOG);
  await using other = await openRunLog(path, OPTIONS);
  Deno.writeFileSync(path, TORN_END, { append: true });
  const paths = [directory.path, ...names.map((name) => directory.file(name))];
  const process = startWriter(writing(path), injecting({ ...fault, paths, trace }));
  // Who could not open the log has ended.
  await process.stdin.close().catch(() => {});
  const acknowledged: Acknowledged[] = [];
  let failed = 0;
  let wentOn = false;
  let refusal: unknown;
  for await (const line of linesOf(process.stdout)) {
    const [word, append, index] = line.split(" ");
    if (word === "acknowledged") {
      acknowledged.push({ tag: "w", append: Number(append), index: Number(index) });
      wentOn ||= failed > 0;
    } else if (word === "failed" && failed++ === 0) refusal = await appendBeside(other, acknowledged);
  }
  const { success } = await process.status;
  if (!success && failed === 0) refusal = await appendBeside(other, acknowledged);
  const wasHit = !success || wasInjected(trace);
  return { acknowledged, wentOn, refusal, wasHit };
}

/** An append of this process; returns what it was rejected with. */
async function appendBeside(log: RunLog, acknowledged: Acknowledged[]): Promise<unknown> {
  try {
    const [first] = await log.append(draftsOf("beside", 0));
    acknowledged.push({ tag: "beside", append: 0, index: first?.index ?? -1 });
  } catch (error) {
    return error;
  }
}

/** Injects a fault at the n-th call, for every n or only 1, 2, 4, 8 …; returns how many were met. */
async function sweep(calls: string, fault: string, names: readonly string[]): Promise<number> {
  let hits = 0;
  for (let n = 1;; n = share(2 * n, n + 1)) {
    assert(n < MOST_CALLS, "the fault never passes through");
    using directory = new TemporaryDirectory();
    const inject = `${calls}:${fault}:when=${n}`;
    try {
      const met = await meet(directory, names, { calls, fault, n });
      if (!met.wasHit) return hits;
      hits++;
      await checkMeeting(directory.file(), met, inject);
    } catch (error) {
      throw new Error(inject, { cause: error });
    }
  }
}

/** Checks that nothing that was acknowledged is missing, and that a log in doubt takes nothing from anybody. */
async function checkMeeting(
  path: string,
  { acknowledged, wentOn, refusal }: Met,
  inject: string,
): Promise<void> {
  const all = [BEFORE, ...acknowledged];
  await checkAppends(path, all);
  const { verdict } = await verifyLog(path);
  if (/sync.*error/.test(inject)) assert(!wentOn, "acknowledged behind a failed sync");
  if (/fdatasync.*error/.test(inject)) assertEquals(verdict, "poisoned");
  if (verdict === "poisoned") {
    assert(!wentOn, "acknowledged on a log that is poisoned");
    assertInstanceOf(refusal, LogPoisonedError);
    assertEquals(await canAppend(path, all), false);
    await repairLog(path);
  } else assertEquals([verdict, refusal], ["verified", undefined]);
  assert(await canAppend(path, all), "no more appends");
  assertEquals((await verifyLog(path)).verdict, "verified");
  await checkAppends(path, all);
}

/** What is injected into which calls. A write that returns 100 is a short one. */
const FAULTS: Readonly<Record<string, readonly (readonly [calls: string, fault: string])[]>> = {
  "a sync that fails": [["fdatasync", "error=EIO"], ["fdatasync", "error=ENOSPC"], ["fsync", "error=EIO"]],
  "a write that fails, or is short": [
    ["write", "error=EIO"],
    ["write", "error=ENOSPC"],
    ["write", "error=EDQUOT"],
    ["write", "retval=100"],
    ["ftruncate", "error=EIO"],
  ],
  "a file that cannot be opened or renamed": [
    ["openat", "error=EIO"],
    ["openat", "error=ENOSPC"],
    ["openat", "error=EMFILE"],
    [RENAME, "error=EIO"],
    [RENAME, "error=ENOSPC"],
  ],
  "kill -9": ["write", "fdatasync", "fsync", "ftruncate", "openat", RENAME].map((
    calls,
  ) => [calls, "signal=KILL"]),
};

for (const [name, faults] of Object.entries(FAULTS)) {
  Deno.test({
    name: `P2: ${name}, at any call: nothing acknowledged is missing, and nothing is acknowledged in doubt`,
    ignore,
    async fn() {
      const names = await usedNames();
      const counts: Record<string, number> = {};
      for (const [calls, fault] of faults) {
        const call = calls === RENAME ? "rename" : calls;
        counts[`${call} ${fault}`] = await sweep(calls, fault, names);
      }
      report(`injected: ${name}`, counts);
    },
  });
}
