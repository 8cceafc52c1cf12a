import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { createRunLog, openRunLog } from "../../src/log/file_log.ts";
import { logStats } from "../../src/log/stats.ts";
import { fact, OPTIONS, runStarted, TemporaryDirectory } from "../log/fixture.ts";
import { report, share } from "./share.ts";

const READER = fromFileUrl(new URL("log_reader_process.ts", import.meta.url));
/** Events of about a kilobyte: a gigabyte in the long run of the faults. */
const EVENTS = share(250_000, 1_000_000);
const NOTE = "x".repeat(700);
const LIMIT_MB = 150;
const OPENINGS = 5;
/** V8's young generation otherwise grows with what passes through it, whatever of that is still used. */
const V8_FLAGS = "--v8-flags=--max-semi-space-size=8";

Deno.test(`a log of ${EVENTS} events: read, verified and followed in bounded memory, opened at once`, async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file();
  {
    await using log = await createRunLog(path, OPTIONS);
    await log.append([runStarted()]);
    for (let i = 1; i < EVENTS; i += 500) {
      await Promise.all(
        Array.from({ length: Math.min(500, EVENTS - i) }, (_, k) => log.append([fact(`${i + k}${NOTE}`)])),
      );
    }
  }
  let last = -1;
  let opened = Infinity;
  // The quickest of some: what else the machine does is not the log's.
  for (let i = 0; i < OPENINGS; i++) {
    const start = performance.now();
    const log = await openRunLog(path, OPTIONS);
    opened = Math.min(opened, performance.now() - start);
    last = log.head().index;
    await log.close();
  }
  assert(opened < 100, `opening took ${opened} ms`);
  const { bytes, files, events } = await logStats(path);
  assert(files.length > 1, "void: it was not rotated");
  const peaks: Record<string, number> = {};
  for (const what of ["read", "verify", "follow", "tolerant"]) {
    const { stdout, success } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "-A", V8_FLAGS, READER, what, path, String(last)],
      stdout: "piped",
      stderr: "inherit",
    }).output();
    assert(success);
    const found = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals(found.events, events, what);
    assert(found.megabytes < LIMIT_MB, `${what}: ${found.megabytes} MB`);
    peaks[`MB to ${what} it`] = found.megabytes;
  }
  report(`a log of ${EVENTS} events`, {
    MB: Math.round(bytes / 1e6),
    segments: files.length,
    "ms to open it": opened.toFixed(1),
    ...peaks,
  });
});
