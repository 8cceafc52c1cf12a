/**
 * A process of its own that uses a log, for tests:
 *
 * - `append LOG DURABILITY TAG APPENDS BATCH SIZE` appends batches of requests whose reasons are
 *   `TAG/<append>/<event in it>/<padding of SIZE>`, and prints `<first index> <append>` as each is acknowledged;
 * - `wait LOG MS` appends one request after the other under `strict` durability, from the end of its standard input on,
 *   and prints `<appends> <longest wait in ms>`;
 * - `lock LOG` takes the lock, prints `locked`, and keeps it until its standard input ends.
 */

import { systemClock } from "../../src/clock.ts";
import { openRunLog } from "../../src/log/file_log.ts";
import { LogLock } from "../../src/log/lock.ts";
import { lockPath } from "../../src/log/log_paths.ts";
import { request, RUN_ID } from "./fixture.ts";

const [mode, path = "", ...rest] = Deno.args;

function print(line: string): void {
  const bytes = new TextEncoder().encode(`${line}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

async function append(
  durability: "strict" | "batch" | "none",
  tag: string,
  sizes: readonly number[],
): Promise<void> {
  const [appends = 0, batch = 1, size = 0] = sizes;
  const padding = "x".repeat(size);
  await using log = await openRunLog(path, { runId: RUN_ID, durability, lockBudgetMs: 30_000 });
  for (let i = 0; i < appends; i++) {
    const drafts = Array.from(
      { length: batch },
      (_, k) => request(`${tag}/${i}/${k}/${padding}`, `cli/${Deno.pid}`),
    );
    const [first] = await log.append(drafts);
    print(`${first?.index} ${i}`);
  }
}

async function wait(ms: number): Promise<void> {
  await using log = await openRunLog(path, { runId: RUN_ID, durability: "strict", lockBudgetMs: 30_000 });
  print("ready");
  await Deno.stdin.read(new Uint8Array(1));
  const end = performance.now() + ms;
  let appends = 0;
  let longest = 0;
  for (let start = performance.now(); start < end; appends++) {
    await log.append([request(`${appends}`, `cli/${Deno.pid}`)]);
    const now = performance.now();
    longest = Math.max(longest, now - start);
    start = now;
  }
  print(`${appends} ${Math.round(longest)}`);
}

async function hold(): Promise<void> {
  using lock = LogLock.open(lockPath(path), systemClock);
  await lock.acquire();
  print("locked");
  await Deno.stdin.read(new Uint8Array(1));
  lock.release();
}

if (mode === "lock") await hold();
else if (mode === "wait") await wait(Number(rest[0]));
else {
  const [durability = "none", tag = "", ...sizes] = rest;
  if (durability !== "none" && durability !== "batch" && durability !== "strict") throw new Error(durability);
  await append(durability, tag, sizes.map(Number));
}
