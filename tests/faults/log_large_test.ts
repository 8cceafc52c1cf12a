import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { createRunLog, openRunLog } from "../../src/log/file_log.ts";
import { logStats } from "../../src/log/stats.ts";
import { fact, OPTIONS, runStarted, TemporaryDirectory } from "../log/fixture.ts";
import { CountingFiles } from "./counting_files.ts";
import { report, share } from "./share.ts";

const READER = fromFileUrl(new URL("log_reader_process.ts", import.meta.url));
/** Events of about a kilobyte: a gigabyte in the long run of the faults. */
const EVENTS = share(250_000, 1_000_000);
const NOTE = "x".repeat(700);
const LIMIT_MB = 150;
/** Of one commit, and what opening a log reads of it: windows from its end on that double until they hold it. */
const COMMIT_EVENTS = 500;
const MOST_READ_BYTES = 8 * COMMIT_EVENTS * (NOTE.length + 400);
/** V8's young generation otherwise grows with what passes through it, whatever of that is still used. */
const V8_FLAGS = "--v8-flags=--max-semi-space-size=8";

Deno.test(`a log of ${EVENTS} events: read, verified and followed in bounded memory, opened by its end`, async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file();
  {
    await using log = await createRunLog(path, OPTIONS);
    await log.append([runStarted()]);
    for (let i = 1; i < EVENTS; i += COMMIT_EVENTS) {
      const count = Math.min(COMMIT_EVENTS, EVENTS - i);
      await Promise.all(Array.from({ length: count }, (_, k) => log.append([fact(`${i + k}${NOTE}`)])));
    }
  }
  const disk = new CountingFiles();
  const start = performance.now();
  const log = await openRunLog(path, { ...OPTIONS, files: disk });
  const opened = performance.now() - start;
  const last = log.head().index;
  await log.close();
  // Not timed, since others use the machine: what it reads does not grow with the log.
  assert(disk.bytesRead > 0 && disk.bytesRead < MOST_READ_BYTES, `opening it reads ${disk.bytesRead} bytes`);
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
    "kB read to open it": Math.round(disk.bytesRead / 1e3),
    "ms for it": opened.toFixed(1),
    ...peaks,
  });
});
