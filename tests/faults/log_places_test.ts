/** Places where a log cannot be: each is said with its path and the system's own reason, and nothing is left behind. */

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { LockTimeoutError, LogIoError } from "../../src/log/errors.ts";
import { createRunLog, openFreeLog, openRunLog } from "../../src/log/file_log.ts";
import { repairLog } from "../../src/log/repair.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { canMount, MOUNT_NAMESPACE } from "../e2e/mount_namespace.ts";
import { linesOf, OPTIONS, request, runStarted, spawnWriter, TemporaryDirectory } from "../log/fixture.ts";
import { report, share } from "./share.ts";

const PROGRAM = fromFileUrl(new URL("../../main.ts", import.meta.url));

/** A log with its first event. */
async function logIn(directory: TemporaryDirectory): Promise<string> {
  await using log = await createRunLog(directory.file(), OPTIONS);
  await log.append([runStarted()]);
  return directory.file();
}

Deno.test(
  "a log in a directory that is read-only can be read and verified, and names the reason why it takes no append",
  { ignore: !canMount() },
  async () => {
    using directory = new TemporaryDirectory();
    const path = await logIn(directory);
    const before = Deno.readFileSync(path);
    // Mounted read-only, which holds for root too.
    const omk = `"$1" run --no-check -A "$2"`;
    const script = [
      `mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" || exit 99`,
      `${omk} log verify "$0/events.jsonl"; echo "verify $?" >&2`,
      `echo '{"kind":"noted"}' | ${omk} log append "$0/new.jsonl"; echo "append $?" >&2`,
      `${omk} log tail "$0/events.jsonl" >/dev/null; echo "tail $?" >&2`,
    ].join("\n");
    const { code, stderr } = await new Deno.Command("unshare", {
      args: [...MOUNT_NAMESPACE, "sh", "-c", script, directory.path, Deno.execPath(), PROGRAM],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    const said = new TextDecoder().decode(stderr);
    assertEquals(code, 0, said);
    assertEquals(said.match(/^(?:verify|append|tail) \d+$/gm), ["verify 0", "append 5", "tail 0"], said);
    assert(/new\.lock.*Read-only file system/.test(said), said);
    assertEquals(Deno.readFileSync(path), before);
    assertEquals(directory.names(), ["events.jsonl", "events.lock"]);
  },
);

Deno.test("a directory where the log should be is named, by whoever opens, verifies or repairs it", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file();
  Deno.mkdirSync(path);
  for (
    const open of [
      () => openRunLog(path, OPTIONS),
      () => createRunLog(path, OPTIONS),
      () => openFreeLog(path, OPTIONS),
      () => repairLog(path),
    ]
  ) {
    const error = await assertRejects(open, LogIoError);
    assertEquals(error.path, path);
  }
  const { verdict, at } = await verifyLog(path);
  assertEquals(verdict, "unreadable");
  assert(at?.why.includes("Is a directory"), at?.why);
  assert(Deno.statSync(path).isDirectory);
  // A file where its directory should be.
  Deno.writeTextFileSync(directory.file("file"), "");
  await assertRejects(() => openFreeLog(directory.file("file/events.jsonl"), OPTIONS), LogIoError);
  await assertRejects(
    () => openRunLog(directory.file("none/events.jsonl"), OPTIONS),
    LogIoError,
    "No such file",
  );
});

Deno.test("a directory where the lock should be is named", async () => {
  using directory = new TemporaryDirectory();
  Deno.mkdirSync(directory.file("events.lock"));
  const error = await assertRejects(() => createRunLog(directory.file(), OPTIONS), LogIoError);
  assertEquals([error.path, error.operation], [directory.file("events.lock"), "lock"]);
  assertEquals(directory.names(), ["events.lock"]);
});

Deno.test("P2: a lock that another process holds beyond the budget rejects appends in time, and nothing of them is written", async () => {
  using directory = new TemporaryDirectory();
  const path = await logIn(directory);
  await using log = await openRunLog(path, { ...OPTIONS, lockBudgetMs: 100 });
  const holder = spawnWriter("lock", path);
  const lines = linesOf(holder.stdout);
  assertEquals((await lines.next()).value, "locked");
  const budgets = share([0, 1, 100], [0, 1, 10, 100, 1000, 5000]);
  const before = Deno.readFileSync(path);
  for (const lockBudgetMs of budgets) {
    const error = await assertRejects(() => openRunLog(path, { ...OPTIONS, lockBudgetMs }), LockTimeoutError);
    assertEquals(error.path, directory.file("events.lock"));
    assert(error.waitedMs >= lockBudgetMs, `${error.waitedMs} of ${lockBudgetMs} ms`);
    assert(error.holder?.includes(String(holder.pid)), error.holder);
    await assertRejects(() => repairLog(path, { lockBudgetMs }), LockTimeoutError);
  }
  const rejected = await Promise.allSettled(
    Array.from({ length: 10 }, (_, i) => log.append([request(`late ${i}`)])),
  );
  for (const result of rejected) {
    assert(result.status === "rejected");
    assertInstanceOf(result.reason, LockTimeoutError);
  }
  assertEquals(Deno.readFileSync(path), before);
  // Whoever holds it may be killed: the lock goes with it.
  holder.kill("SIGKILL");
  await holder.status;
  await lines.next();
  await holder.stdin.close().catch(() => {});
  const [event] = await log.append([request("in time")]);
  assertEquals(event?.index, 1);
  assertEquals(await verifyLog(path).then(({ verdict, events }) => [verdict, events]), ["verified", 2]);
  report("lock held by another process", { "budgets": budgets.length, "appends rejected": rejected.length });
});
