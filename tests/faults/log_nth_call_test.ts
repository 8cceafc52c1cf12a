/** Every system call of a log fails in turn, once or for ever after; then the same of the repair. */

import { assert, assertEquals } from "@std/assert";
import { type Clock, systemClock } from "../../src/clock.ts";
import { openRunLog } from "../../src/log/file_log.ts";
import { systemFiles } from "../../src/log/file_port.ts";
import type { RunLog } from "../../src/log/port.ts";
import { poison } from "../../src/log/poison.ts";
import { repairLog } from "../../src/log/repair.ts";
import { salvageLog } from "../../src/log/salvage.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { join } from "../log/commits.ts";
import { ioError, noSpace, OPTIONS, TemporaryDirectory } from "../log/fixture.ts";
import {
  type Acknowledged,
  BEFORE,
  canAppend,
  checkAppends,
  draftsOf,
  SEGMENT_BYTES,
  TORN_END,
  WHOLE_LOG,
} from "./appends.ts";
import { type Call, CountingFiles, type Failing } from "./counting_files.ts";
import { report } from "./share.ts";

/** The last writer died within a commit: the first thing is the repair of that. */
const TORN = join(WHOLE_LOG, TORN_END);
const APPENDS = 7;
/** Nobody writes to these logs meanwhile: what is torn stays so. */
const clock: Clock = { ...systemClock, sleep: () => Promise.resolve() };
/** By it syncs take no time: after some of them the next are waited for in place. */
const quickDisk: Clock = { ...systemClock, monotonic: () => 0 };

/** What a run of appends met. */
interface Met {
  readonly acknowledged: readonly Acknowledged[];
  /** Whether anything was acknowledged behind the first failure. */
  readonly wentOn: boolean;
  readonly failed: number;
}

/** Opens a log, appends to it whatever happens, and closes it. */
async function appendAll(path: string, tag: string, files: CountingFiles): Promise<Met> {
  const acknowledged: Acknowledged[] = [];
  let wentOn = false;
  let failed = 0;
  let log: RunLog;
  try {
    log = await openRunLog(path, {
      ...OPTIONS,
      durability: "strict",
      segmentBytes: SEGMENT_BYTES,
      files,
      clock: quickDisk,
    });
  } catch {
    return { acknowledged, wentOn, failed: 1 };
  }
  for (let append = 0; append < APPENDS; append++) {
    try {
      const [first] = await log.append(draftsOf(tag, append));
      acknowledged.push({ tag, append, index: first?.index ?? -1 });
      wentOn ||= failed > 0;
    } catch {
      failed++;
    }
  }
  await log.close().catch(() => failed++);
  return { acknowledged, wentOn, failed };
}

/** The ways in which calls fail. */
const WAYS: readonly Omit<Failing, "from">[] = [
  { error: ioError, forEver: false },
  { error: noSpace, forEver: false },
  { error: ioError, forEver: true },
  { error: noSpace, forEver: true },
  { call: "write", short: 0, error: noSpace, forEver: false },
  { call: "write", short: 100, error: noSpace, forEver: false },
  { call: "write", short: Infinity, error: noSpace, forEver: true },
  { call: "syncData", error: ioError, forEver: false },
  { call: "syncDataSync", error: ioError, forEver: false },
  { call: "syncDirectory", error: ioError, forEver: false },
];
const SYNCS: readonly (Call | undefined)[] = ["syncData", "syncDataSync", "syncDirectory"];

Deno.test("P2: whichever call of a log fails, nothing acknowledged is missing, and what cannot be trusted is poisoned", async () => {
  let cases = 0;
  let poisonedCases = 0;
  for (const way of WAYS) {
    for (let from = 1, hasPassed = false; !hasPassed; from++) {
      using directory = new TemporaryDirectory();
      const path = directory.file();
      Deno.writeFileSync(path, TORN);
      const files = new CountingFiles({ ...way, from });
      const what = `${JSON.stringify({ ...way, error: way.error().message })} from call ${from}`;
      const met = await appendAll(path, "w", files);
      hasPassed = files.failures === 0;
      assert(!hasPassed || from > 1, `void: ${what} is never made`);
      cases++;
      const acknowledged = [BEFORE, ...met.acknowledged];
      if (SYNCS.includes(way.call)) assert(!met.wentOn, `${what}: acknowledged behind a failed sync`);
      try {
        await checkAppends(path, acknowledged);
        const { verdict } = await verifyLog(path, clock);
        assert(["verified", "torn", "poisoned"].includes(verdict), verdict);
        if (!await canAppend(path, acknowledged)) {
          assertEquals(verdict, "poisoned");
          assert(!met.wentOn, "acknowledged on a log that is poisoned");
          poisonedCases++;
          await repairLog(path);
          assert(await canAppend(path, acknowledged), "it is not repaired");
        }
        if (/^syncData/.test(way.call ?? "") && files.failures > 0) assertEquals(verdict, "poisoned");
        assertEquals((await verifyLog(path, clock)).verdict, "verified");
        await checkAppends(path, acknowledged);
      } catch (error) {
        throw new Error(what, { cause: error });
      }
    }
  }
  report("failing calls of a log", { cases, "poisoned and repaired": poisonedCases });
});

Deno.test("P2: whichever call of a repair fails, the log is repaired or poisoned as before, and repaired the next time", async () => {
  let cases = 0;
  let failures = 0;
  for (const way of WAYS) {
    for (let from = 1, hasPassed = false; !hasPassed; from++) {
      using directory = new TemporaryDirectory();
      const path = directory.file();
      Deno.writeFileSync(path, TORN);
      await poison(systemFiles, path, "a sync failed");
      const files = new CountingFiles({ ...way, from });
      const repaired = await repairLog(path, { files }).then(() => true, () => false);
      hasPassed = files.failures === 0;
      cases++;
      if (!repaired) failures++;
      const acknowledged = [BEFORE];
      const isOpen = await canAppend(path, acknowledged);
      assert(isOpen || !repaired, `call ${from}`);
      if (!isOpen) {
        assertEquals((await verifyLog(path, clock)).verdict, "poisoned", `call ${from}`);
        await repairLog(path);
        assert(await canAppend(path, acknowledged), `call ${from}`);
      }
      assertEquals((await verifyLog(path, clock)).verdict, "verified", `call ${from}`);
      await checkAppends(path, acknowledged);
    }
  }
  report("failing calls of a repair", { cases, failures });
});

Deno.test("P2: whichever call of a salvage fails, it says so, and what it leaves is a copy that is whole or none", async () => {
  let cases = 0;
  let failures = 0;
  for (const way of WAYS) {
    for (let from = 1, hasPassed = false; !hasPassed; from++) {
      using directory = new TemporaryDirectory();
      const path = directory.file();
      const copy = directory.file("copy.jsonl");
      Deno.writeFileSync(path, TORN);
      const files = new CountingFiles({ ...way, from });
      const isSalvaged = await salvageLog(path, copy, files).then(() => true, () => false);
      hasPassed = files.failures === 0;
      cases++;
      if (!isSalvaged) failures++;
      const isThere = directory.names().includes("copy.jsonl");
      // Who can remove nothing leaves what is there, and has said that it failed.
      if (isSalvaged || !way.forEver) assertEquals(isThere, isSalvaged, `call ${from}`);
      if (isSalvaged) assertEquals((await verifyLog(copy)).verdict, "verified", `call ${from}`);
      assertEquals(Deno.readFileSync(path), TORN);
    }
  }
  report("failing calls of a salvage", { cases, failures });
});
