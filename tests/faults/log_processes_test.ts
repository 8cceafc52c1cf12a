/** Many processes on one log, killed and stopped at random moments. */

import { assert, assertEquals } from "@std/assert";
import { createRunLog } from "../../src/log/file_log.ts";
import { logFiles } from "../../src/log/stats.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { linesOf, OPTIONS, runStarted, TemporaryDirectory } from "../log/fixture.ts";
import { type Acknowledged, checkAppends, sizeOf, startWriter } from "./appends.ts";
import { Random } from "../simulation/random.ts";
import { report, SEED, share } from "./share.ts";

/** Events of each process, at least, that have to be acknowledged. */
const EVENTS = share(200, 1000);
/** An append has two events on average. */
const APPENDS = EVENTS / 2;
/** Acknowledged appends of each process before anything happens: less would be a run without traffic. */
const TRAFFIC = 10;
/** Faults for each process. */
const FAULTS = 3;
/** The longest that a process stays stopped, in milliseconds. */
const LONGEST_STOP_MS = 60;
/** Small, so that processes die while a segment is closed, too. */
const SEGMENT_BYTES = 200_000;

/** Kills and stops processes of a set, one each time that so many appends were acknowledged. */
class Chaos {
  readonly processes = new Set<Deno.ChildProcess>();
  readonly #random: Random;
  readonly #gap: number;
  readonly #pauses: Promise<void>[] = [];
  #total = 0;
  #next: number;
  kills = 0;
  stops = 0;

  constructor(random: Random, first: number, gap: number) {
    this.#random = random;
    this.#next = first;
    this.#gap = gap;
  }

  /** An append was acknowledged. */
  count(): void {
    if (++this.#total < this.#next) return;
    this.#next = this.#total + 1 + Math.floor(this.#random.next() * 2 * this.#gap);
    if (this.processes.size === 0) return;
    const victim = this.#random.pick([...this.processes]);
    if (this.#random.chance(0.5)) {
      if (signal(victim, "SIGKILL")) this.kills++;
    } else if (signal(victim, "SIGSTOP")) {
      this.stops++;
      const pause = new Promise((resolve) => setTimeout(resolve, this.#random.next() * LONGEST_STOP_MS));
      this.#pauses.push(pause.then(() => void signal(victim, "SIGCONT")));
    }
  }

  /** Waits until nobody is stopped any more. */
  async isOver(): Promise<void> {
    await Promise.all(this.#pauses);
  }
}

/** Whether the process was there to be signalled. */
function signal(process: Deno.ChildProcess, name: Deno.Signal): boolean {
  try {
    process.kill(name);
    return true;
  } catch (error) {
    if (error instanceof TypeError || error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Appends until enough is acknowledged; a process that was killed is followed by another. */
async function write(
  path: string,
  writer: number,
  chaos: Chaos,
  start: Promise<void>,
  ready: () => void,
): Promise<Acknowledged[]> {
  const acknowledged: Acknowledged[] = [];
  let events = 0;
  for (let life = 0; events < EVENTS; life++) {
    const tag = `w${writer}.${life}`;
    const process = startWriter({
      path,
      tag,
      appends: Math.ceil((EVENTS - events) / 2),
      atOnce: 1 + writer % 2,
      durability: writer % 8 === 0 ? "batch" : "none",
      segmentBytes: SEGMENT_BYTES,
    });
    for await (const line of linesOf(process.stdout)) {
      const [word, append, index] = line.split(" ");
      if (word === "ready") {
        if (life === 0) {
          ready();
          await start;
        }
        chaos.processes.add(process);
        // Who was killed before it could begin does not read this.
        await process.stdin.close().catch(() => {});
      } else if (word === "acknowledged") {
        acknowledged.push({ tag, append: Number(append), index: Number(index) });
        events += sizeOf(Number(append));
        chaos.count();
      } else throw new Error(`${tag}: ${line}`);
    }
    chaos.processes.delete(process);
    const { code, signal } = await process.status;
    assert(signal === "SIGKILL" || code === 0, `${tag} ended with ${code}`);
  }
  return acknowledged;
}

for (const count of share([8], [8, 32, 128])) {
  Deno.test(`P2: ${count} processes, killed and stopped at random: no gap, nothing doubled, nothing acknowledged lost`, async () => {
    using directory = new TemporaryDirectory();
    const path = directory.file();
    {
      await using log = await createRunLog(path, OPTIONS);
      await log.append([runStarted()]);
    }
    const traffic = count * TRAFFIC;
    const gap = (count * APPENDS - traffic) / (count * FAULTS);
    const chaos = new Chaos(new Random(SEED), traffic, gap);
    const all = Promise.withResolvers<void>();
    let waiting = count;
    const ready = () => {
      if (--waiting === 0) all.resolve();
    };
    const written = await Promise.all(
      Array.from({ length: count }, (_, writer) => write(path, writer, chaos, all.promise, ready)),
    );
    await chaos.isOver();
    const acknowledged = written.flat();
    const { verdict, events, at } = await verifyLog(path);
    assertEquals([verdict, at], ["verified", undefined], `OMK_TEST_SEED=${SEED}`);
    assertEquals(await checkAppends(path, acknowledged), events, `OMK_TEST_SEED=${SEED}`);
    assert(
      chaos.kills >= count / 2 && chaos.stops >= count / 2,
      `void: ${chaos.kills} kills, ${chaos.stops} stops`,
    );
    const segments = (await logFiles(path)).length;
    assert(segments > 1, "void: it was not rotated");
    report(`${count} processes`, {
      "appends acknowledged": acknowledged.length,
      "events": events,
      "segments": segments,
      "before the first fault": traffic,
      "times killed": chaos.kills,
      "stopped": chaos.stops,
    });
  });
}
