import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { systemClock } from "../../src/clock.ts";
import { LockTimeoutError, LogIoError } from "../../src/log/errors.ts";
import { LogLock } from "../../src/log/lock.ts";
import { holderOf } from "../../src/log/lock_holder.ts";
import { linesOf, spawnWriter, TemporaryDirectory, VirtualClock } from "./fixture.ts";

/** A process that holds the lock of a log until it is told to let go. */
class Holder implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string, void>;
  #isDone = false;

  private constructor(process: Deno.ChildProcess, lines: AsyncGenerator<string, void>) {
    this.#process = process;
    this.#lines = lines;
  }

  static async start(log: string): Promise<Holder> {
    const process = spawnWriter("lock", log);
    const lines = linesOf(process.stdout);
    assertEquals(await lines.next(), { done: false, value: "locked" });
    return new Holder(process, lines);
  }

  get pid(): number {
    return this.#process.pid;
  }

  async letGo(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    await this.#process.stdin.close();
    await this.#process.status;
    await this.#lines.return();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.letGo();
  }
}

Deno.test("LogLock is held by one user of a process at a time, in the order of asking", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("events.lock");
  using a = LogLock.open(path, systemClock);
  using b = LogLock.open(path, systemClock);
  assert(a.tryAcquire());
  assert(!b.tryAcquire() && !a.tryAcquire());
  const order: string[] = [];
  const first = b.acquire().then(() => order.push("b"));
  const second = a.acquire().then(() => order.push("a"));
  assert(!a.tryAcquire(), "nobody overtakes those who wait");
  a.release();
  await first;
  b.release();
  await second;
  a.release();
  assertEquals(order, ["b", "a"]);
  assertEquals((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
});

Deno.test("LogLock.acquire() takes a free lock with a budget of nothing", async () => {
  using directory = new TemporaryDirectory();
  using lock = LogLock.open(directory.file("events.lock"), systemClock);
  await lock.acquire(0);
  lock.release();
});

Deno.test("LogLock.acquire() names who holds the lock beyond the budget, and a retry gets it when it is free", async () => {
  using directory = new TemporaryDirectory();
  await using holder = await Holder.start(directory.file());
  const clock = new VirtualClock();
  using lock = LogLock.open(directory.file("events.lock"), clock);
  for (let attempt = 0; attempt < 3; attempt++) {
    const failed = assertRejects(() => lock.acquire(), LockTimeoutError);
    clock.advance(4999);
    assertEquals(clock.sleeping, 1);
    clock.advance(1);
    const error = await failed;
    assertEquals([error.path, error.waitedMs], [Deno.realPathSync(directory.file("events.lock")), 5000]);
    if (Deno.build.os === "linux") assertEquals(error.holder?.startsWith(`process ${holder.pid}`), true);
  }
  const granted = lock.acquire();
  await holder.letGo();
  await granted;
  assert(!lock.tryAcquire());
  lock.release();
  assertEquals(clock.sleeping, 0);
});

Deno.test("LogLock gives a late grant back that nobody awaits", async () => {
  using directory = new TemporaryDirectory();
  await using holder = await Holder.start(directory.file());
  const clock = new VirtualClock();
  using lock = LogLock.open(directory.file("events.lock"), clock);
  const failed = assertRejects(() => lock.acquire(), LockTimeoutError);
  clock.advance(5000);
  await failed;
  await holder.letGo();
  // Another process gets the lock although this one has asked first.
  await using _other = await Holder.start(directory.file());
  assert(!lock.tryAcquire());
});

Deno.test("LogLock closed with a request pending lets go of the file when the grant comes", async () => {
  using directory = new TemporaryDirectory();
  await using holder = await Holder.start(directory.file());
  const clock = new VirtualClock();
  {
    using lock = LogLock.open(directory.file("events.lock"), clock);
    const failed = assertRejects(() => lock.acquire(), LockTimeoutError);
    clock.advance(5000);
    await failed;
  }
  await holder.letGo();
  using again = LogLock.open(directory.file("events.lock"), systemClock);
  await again.acquire();
  again.release();
});

Deno.test("LogLock.open() fails where the lock file cannot be", () => {
  using directory = new TemporaryDirectory();
  Deno.mkdirSync(directory.file("events.lock"));
  const error = assertThrows(() => LogLock.open(directory.file("events.lock"), systemClock), LogIoError);
  assertEquals(error.path, directory.file("events.lock"));
  assertInstanceOf(error.cause, Error);
  assertThrows(() => LogLock.open(directory.file("missing/events.lock"), systemClock), LogIoError);
});

Deno.test("holderOf() finds the process in the text of /proc/locks", () => {
  const locks = [
    "1: POSIX  ADVISORY  WRITE 100 08:01:77 0 EOF",
    "2: FLOCK  ADVISORY  WRITE 200 08:01:77 0 EOF",
    "2: -> FLOCK  ADVISORY  WRITE 300 08:01:77 0 EOF",
    "3: FLOCK  ADVISORY  WRITE 400 08:02:77 0 EOF",
    "4: FLOCK  ADVISORY  WRITE 500 fe:10:88 0 EOF",
  ].join("\n");
  assertEquals(holderOf(locks, 0x801, 77), 200);
  assertEquals(holderOf(locks, 0x802, 77), 400);
  assertEquals(holderOf(locks, 0x803, 77), undefined);
  assertEquals(holderOf(locks, 0x1, 88), 500);
  assertEquals(holderOf(locks, 0x801, 99), undefined);
});

Deno.test("LogLock.park() leaves the lock to this process alone; who had it resumes only if nobody else has", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("events.lock");
  using a = LogLock.open(path, systemClock);
  using b = LogLock.open(path, systemClock);
  using foreign = Deno.openSync(path, { read: true, write: true });
  assert(a.tryAcquire());
  a.park();
  assert(!foreign.tryLockSync(true), "other processes are kept out");
  assert(!b.tryResume());
  assert(a.tryResume());
  a.park();
  assert(b.tryAcquire());
  b.park();
  assert(!a.tryResume(), "somebody else may have written");
  assert(a.tryAcquire());
  const granted = b.acquire();
  assert(a.isTurnOver, "somebody in this process waits");
  a.release();
  await granted;
  b.park();
  b.unpark();
  b.unpark();
  assert(foreign.tryLockSync(true));
  foreign.unlockSync();
});

Deno.test("LogLock.tryAcquire() lets a process that waits at the turnstile go first, once its turn is over", async () => {
  using directory = new TemporaryDirectory();
  using lock = LogLock.open(directory.file("events.lock"), systemClock);
  using waiting = Deno.openSync(directory.file("events.turn"), { read: true, write: true, create: true });
  waiting.lockSync(true);
  assert(!lock.tryAcquire());
  const granted = lock.acquire();
  waiting.unlockSync();
  await granted;
  lock.release();
  assert(lock.tryAcquire(), "within its turn it need not queue again");
  lock.release();
});
