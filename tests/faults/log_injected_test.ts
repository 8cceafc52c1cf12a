import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { LogPoisonedError } from "../../src/log/errors.ts";
import { createRunLog, openRunLog } from "../../src/log/file_log.ts";
import { readRunLog } from "../../src/log/reader.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { collect, OPTIONS, runStarted, TemporaryDirectory } from "../log/fixture.ts";

const WRITER = fromFileUrl(new URL("../log/writer.ts", import.meta.url));
const BATCH = 5;

/** Whether strace can trace a child here. */
function canTrace(): boolean {
  try {
    return new Deno.Command("strace", { args: ["-o", "/dev/null", "true"], stdout: "null", stderr: "null" })
      .outputSync()
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const ignore = !canTrace();

/** A log with its first event, and what a traced writer does to it: the appends that it acknowledged. */
async function traced(directory: TemporaryDirectory, inject: string) {
  const log = await createRunLog(directory.file(), OPTIONS);
  await log.append([runStarted()]);
  await log.close();
  const call = inject.slice(0, inject.indexOf(":"));
  const { stdout, success, signal } = await new Deno.Command("strace", {
    args: [
      "-f",
      "-o",
      "/dev/null",
      "-P",
      directory.file(),
      "-e",
      `trace=${call}`,
      "-e",
      `inject=${inject}`,
      Deno.execPath(),
      "run",
      "--no-check",
      "-A",
      WRITER,
      "append",
      directory.file(),
      "strict",
      "w",
      "30",
      String(BATCH),
      "2000",
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).output();
  const lines = new TextDecoder().decode(stdout).trimEnd().split("\n").filter((line) => line !== "");
  return { acknowledged: lines.map((line) => Number(line.split(" ")[1])), success, signal };
}

/** Checks that the log holds whole appends in order, and at least those that were acknowledged. */
async function checkAppends(path: string, acknowledged: readonly number[]): Promise<void> {
  const events = (await collect(readRunLog(path, { from: 1 }))).filter(({ kind }) =>
    kind === "pause_requested"
  );
  const notes = events.map((event) =>
    event.kind === "pause_requested" ? event.payload.reason.split("/").slice(1, 3) : []
  );
  assertEquals(notes, notes.map((_, i) => [String(Math.floor(i / BATCH)), String(i % BATCH)]));
  assertEquals(notes.length % BATCH, 0);
  assert(notes.length / BATCH >= acknowledged.length);
  assertEquals(acknowledged, acknowledged.map((_, i) => i));
}

Deno.test({
  name: "P2: a sync that the system fails is never acknowledged, and no process appends after it",
  ignore,
  async fn() {
    for (const n of [1, 2, 4]) {
      using directory = new TemporaryDirectory();
      const { acknowledged, success } = await traced(directory, `fdatasync:error=EIO:when=${n}`);
      assertEquals(success, false);
      assert(acknowledged.length < 30);
      await checkAppends(directory.file(), acknowledged);
      assertEquals((await verifyLog(directory.file())).verdict, "poisoned");
      await assertRejects(
        () => openRunLog(directory.file(), OPTIONS),
        LogPoisonedError,
        "Input/output error",
      );
    }
  },
});

Deno.test({
  name: "P2: a write that the system fails leaves nothing, or poisons the log",
  ignore,
  async fn() {
    for (
      const [error, verdict] of [["ENOSPC", "verified"], ["EDQUOT", "verified"], ["EIO", "poisoned"]] as const
    ) {
      using directory = new TemporaryDirectory();
      const { acknowledged, success } = await traced(directory, `write:error=${error}:when=7`);
      assertEquals([success, acknowledged.length], [false, 6]);
      await checkAppends(directory.file(), acknowledged);
      assertEquals((await verifyLog(directory.file())).verdict, verdict);
    }
  },
});

Deno.test({
  name: "P2: kill -9 at a write or a sync leaves every append whole or gone",
  ignore,
  async fn() {
    for (
      const inject of ["write:signal=KILL:when=1", "write:signal=KILL:when=9", "fdatasync:signal=KILL:when=3"]
    ) {
      using directory = new TemporaryDirectory();
      const { acknowledged } = await traced(directory, inject);
      assert(acknowledged.length < 30);
      await using log = await openRunLog(directory.file(), OPTIONS);
      await checkAppends(directory.file(), acknowledged);
      assertEquals((await verifyLog(directory.file())).verdict, "verified");
      assert(log.head().index >= 0);
    }
  },
});
