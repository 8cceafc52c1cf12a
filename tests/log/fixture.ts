/** What the tests of the log share: drafts, a virtual clock, files that fail, and other processes. */

import { fromFileUrl, join } from "@std/path";
import type { Clock } from "../../src/clock.ts";
import { draft, type DraftOf } from "../../src/log/event.ts";
import { type FilePort, type LogFile, systemFiles } from "../../src/log/file_port.ts";
import type { RunLog } from "../../src/log/port.ts";
import { createRunLog, type RunLogOptions } from "../../src/log/file_log.ts";

/** The run that the tests' events belong to. */
export const RUN_ID = "20261120-235000-abcd";

/** What every test opens its log with, unless it is about one of these. */
export const OPTIONS: RunLogOptions = { runId: RUN_ID, durability: "none" };

const SHA = "a".repeat(64);
const PROCESS = { pid: 4711, pgid: 4711, start_time: "1", boot_id: "b" };

/** The first event of a run's log. */
export function runStarted(name = "run"): DraftOf<"run_started"> {
  return draft("run_started", "run", "controller/1", {
    incarnation: 1,
    controller: { ...PROCESS, mark: "m" },
    name,
    plan_digest: SHA,
    base: null,
    directory: "/project",
    worktree_directory: null,
    seed: "seed",
    selected: null,
    settings: { workers: 2, on_failure: "continue", durability: "none", gates_detected: false },
    durations: [],
    containment: "mark",
    versions: { omk: "0.1.0", runtime: "2.7.11", git: null, os: "linux" },
    identity: null,
    case_sensitive: true,
    file_system: null,
    known_gaps: [],
  });
}

/** A fact that `batch` durability does not sync; `note` is free text in it. */
export function fact(note: string): DraftOf<"run_paused"> {
  return draft("run_paused", "run", "controller/1", { reason: note });
}

/** A fact that `batch` durability syncs. */
export function syncedFact(note: string): DraftOf<"run_failed"> {
  return draft("run_failed", "run", "controller/1", { reason: note, detail: "" });
}

/** A request of some other process. */
export function request(note: string, actor = "cli/99"): DraftOf<"pause_requested"> {
  return draft("pause_requested", "run", actor, { reason: note, process: PROCESS, wall: 1 });
}

/** A request with a free-form part. */
export function proposal(content: Record<string, unknown>, actor = "worker/w1"): DraftOf<"task_proposed"> {
  return draft("task_proposed", "task/a", actor, {
    task_id: "a",
    attempt: 1,
    token: 1,
    proposal: content,
    process: PROCESS,
    wall: 1,
  });
}

/** A directory that is removed at the end of its scope. */
export class TemporaryDirectory implements Disposable {
  /** Absolute. */
  readonly path: string;

  /** @param parent where it is made; without it where the system keeps what is temporary */
  constructor(parent?: string) {
    this.path = Deno.makeTempDirSync({
      prefix: "omk-log-",
      ...(parent === undefined ? {} : { dir: parent }),
    });
  }

  /** The path of a file in it. */
  file(name = "events.jsonl"): string {
    return join(this.path, name);
  }

  /** The names of its files, sorted. */
  names(): string[] {
    return [...Deno.readDirSync(this.path)].map(({ name }) => name).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** A log with its first event, in the directory's `events.jsonl`. */
export async function born(directory: TemporaryDirectory, options = OPTIONS): Promise<RunLog> {
  const log = await createRunLog(directory.file(), options);
  await log.append([runStarted()]);
  return log;
}

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is told to go on. */
export class VirtualClock implements Clock {
  #now = 0;
  #wall: number;
  #sleepers: Sleeper[] = [];

  constructor(wall = Date.parse("2026-11-20T23:50:00.000Z")) {
    this.#wall = wall;
  }

  wall(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const sleeper = { until: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      }, { once: true });
    });
  }

  /** How many sleep. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Moves both clocks, and wakes who has slept long enough. */
  advance(ms: number): void {
    this.#now += ms;
    this.#wall += ms;
    const woken = this.#sleepers.filter(({ until }) => until <= this.#now);
    this.#sleepers = this.#sleepers.filter(({ until }) => until > this.#now);
    for (const { wake } of woken) wake();
  }

  /** Moves the wall clock alone. */
  jump(ms: number): void {
    this.#wall += ms;
  }
}

/** What a scripted system call does instead of its work. */
export type Fault = { readonly error: Error } | { readonly short: number };

/** The machine's files, with faults that a test puts in between. */
export class FaultyFiles implements FilePort {
  /** Called with the number of the call, from 1. */
  onWrite: (call: number, bytes: Uint8Array) => Fault | undefined = () => undefined;
  onSync: (call: number) => Promise<void> | void = () => {};
  onTruncate: () => Error | undefined = () => undefined;
  onCreateWhole: (path: string) => Error | undefined = () => undefined;
  onRename: (from: string, to: string) => Error | undefined = () => undefined;
  onCreate: (path: string) => Error | undefined = () => undefined;
  onSyncDirectory: () => Promise<void> | void = () => {};
  /** How often each was called on the log. */
  writes = 0;
  syncs = 0;
  /** How many of the syncs did not let anything else happen meanwhile. */
  syncsInPlace = 0;

  open(path: string): LogFile {
    return this.#wrap(systemFiles.open(path));
  }

  create(path: string): LogFile {
    const error = this.onCreate(path);
    if (error !== undefined) throw error;
    return this.#wrap(systemFiles.create(path));
  }

  status(path: string) {
    return systemFiles.status(path);
  }

  read(path: string) {
    return systemFiles.read(path);
  }

  createWhole(path: string, bytes: Uint8Array): Promise<void> {
    const error = this.onCreateWhole(path);
    return error === undefined ? systemFiles.createWhole(path, bytes) : Promise.reject(error);
  }

  makeReadOnly(path: string): void {
    systemFiles.makeReadOnly(path);
  }

  list(directory: string) {
    return systemFiles.list(directory);
  }

  rename(from: string, to: string): void {
    const error = this.onRename(from, to);
    if (error !== undefined) throw error;
    systemFiles.rename(from, to);
  }

  remove(path: string): void {
    systemFiles.remove(path);
  }

  async syncDirectory(path: string): Promise<void> {
    await this.onSyncDirectory();
    await systemFiles.syncDirectory(path);
  }

  #wrap(file: LogFile): LogFile {
    return {
      readAt: (offset, into) => file.readAt(offset, into),
      size: () => file.size(),
      write: (bytes) => {
        const fault = this.onWrite(++this.writes, bytes);
        if (fault === undefined) return file.write(bytes);
        if ("error" in fault) throw fault.error;
        return file.write(bytes.subarray(0, fault.short));
      },
      truncate: (size) => {
        const error = this.onTruncate();
        if (error !== undefined) throw error;
        file.truncate(size);
      },
      syncData: async () => {
        await this.onSync(++this.syncs);
        await file.syncData();
      },
      syncDataSync: () => {
        this.syncsInPlace++;
        const wait = this.onSync(++this.syncs);
        if (wait !== undefined) throw new Error("A sync in place cannot be held up");
        file.syncDataSync();
      },
      [Symbol.dispose]: () => file[Symbol.dispose](),
    };
  }
}

/** What the system says when a file system is full. */
export function noSpace(): Error {
  return new Error("No space left on device (os error 28)");
}

/** What the system says when a quota is used up. */
export function overQuota(): Error {
  return new Error("Disk quota exceeded (os error 122)");
}

/** What the system says when a disk fails. */
export function ioError(): Error {
  return new Error("Input/output error (os error 5)");
}

const WRITER = fromFileUrl(new URL("writer.ts", import.meta.url));

/** Starts a process that appends to a log; see `writer.ts` for its arguments. */
export function spawnWriter(...args: readonly (string | number)[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "-A", WRITER, ...args.map(String)],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** The lines that a process prints. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const piece of stream) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** All items of an async sequence. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Turns of the event loop after which a test gives up: about twenty seconds. */
const PATIENCE = 20_000;

/** Waits until something has happened; fails where it never does. */
export async function until(hasHappened: () => boolean): Promise<void> {
  for (let turn = 0; !hasHappened(); turn++) {
    if (turn > PATIENCE) throw new Error(`It never came to ${hasHappened}`);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
