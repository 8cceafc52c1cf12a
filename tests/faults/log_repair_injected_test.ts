/** `omk log repair` that is killed, or fails, at any of its system calls: the log is poisoned still, or repaired. */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { systemFiles } from "../../src/log/file_port.ts";
import { poison } from "../../src/log/poison.ts";
import { repairLog } from "../../src/log/repair.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { TemporaryDirectory } from "../log/fixture.ts";
import { BEFORE, canAppend, checkAppends, TORN_END, WHOLE_LOG } from "./appends.ts";
import { report, share } from "./share.ts";
import { canTrace, injecting, type Injection, RENAME, wasInjected } from "./strace.ts";

const PROGRAM = fromFileUrl(new URL("../../main.ts", import.meta.url));
const BESIDE = ["", "events.jsonl", "events.repair", `events.torn-${WHOLE_LOG.length}`, "events.poisoned"];
/** Past this the case should have passed through long ago. */
const MOST_CALLS = 100;

const FAULTS = ["write", "fdatasync", "fsync", "openat", RENAME, "?unlink,?unlinkat"].flatMap((calls) =>
  share(["signal=KILL", "error=EIO"], ["signal=KILL", "error=EIO", "error=ENOSPC"]).map((fault) => ({
    calls,
    fault,
  }))
);

/** Repairs with a fault at the n-th call, and says whether that came to pass, and whether it mattered. */
async function repairWith(
  directory: TemporaryDirectory,
  fault: Pick<Injection, "calls" | "fault" | "n">,
): Promise<{ readonly isRepaired: boolean; readonly wasHit: boolean }> {
  const trace = directory.file("trace");
  const paths = BESIDE.map((name) => name === "" ? directory.path : directory.file(name));
  const [command = "", ...args] = injecting({ ...fault, paths, trace });
  const { success } = await new Deno.Command(command, {
    args: [...args, Deno.execPath(), "run", "--no-check", "-A", PROGRAM, "log", "repair", directory.file()],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return { isRepaired: success, wasHit: !success || wasInjected(trace) };
}

Deno.test({
  name:
    "P2: omk log repair that is killed or fails at any call leaves the log poisoned, or repaired, and can be called again",
  ignore: !canTrace(),
  async fn() {
    const counts: Record<string, number> = {};
    for (const { calls, fault } of FAULTS) {
      let hits = 0;
      for (let n = 1, hasPassed = false; !hasPassed; n = share(2 * n, n + 1)) {
        assert(n < MOST_CALLS, "the fault never passes through");
        using directory = new TemporaryDirectory();
        const path = directory.file();
        Deno.writeFileSync(path, WHOLE_LOG);
        Deno.writeFileSync(path, TORN_END, { append: true });
        assert(await poison(systemFiles, path, "a sync failed"));
        const { isRepaired, wasHit } = await repairWith(directory, { calls, fault, n });
        hasPassed = !wasHit;
        if (wasHit) hits++;
        const what = `${calls}:${fault}:when=${n}`;
        const acknowledged = [BEFORE];
        await checkAppends(path, acknowledged);
        const isOpen = await canAppend(path, acknowledged);
        assert(isOpen || !isRepaired, what);
        if (!isOpen) {
          assertEquals((await verifyLog(path)).verdict, "poisoned", what);
          await repairLog(path);
          assert(await canAppend(path, acknowledged), what);
        }
        assertEquals((await verifyLog(path)).verdict, "verified", what);
        await checkAppends(path, acknowledged);
        assert(!directory.names().includes("events.repair"), what);
      }
      const call = calls.startsWith("?") ? calls.slice(1, calls.indexOf(",")) : calls;
      counts[`${call} ${fault}`] = hits;
    }
    report("injected into a repair", counts);
  },
});
