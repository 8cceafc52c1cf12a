/** A run's log in memory, for tests and the simulation: the same rules and the same bytes, without files. */

import type { Clock } from "../clock.ts";
import { admit, type AdmittedEvent } from "./admission.ts";
import { CommitEncoder, EMPTY_HEAD } from "./commit.ts";
import { makeCommit } from "./commit_batch.ts";
import { AppendAbortedError, LogClosedError } from "./errors.ts";
import type { EventDraft, RunEvent } from "./event.ts";
import type { AppendOptions, LogHead, LogPosition, RunLog } from "./port.ts";
import { type RunClock, startRunClock } from "./run_clock.ts";
import { type Listener, Subscribers } from "./subscribers.ts";
import { createUuid7, type IdSource } from "./uuid7.ts";

/** How a log in memory behaves. */
export interface MemoryLogOptions {
  readonly runId: string;
  readonly clock: Clock;
  readonly newId?: IdSource;
  /** Asked before each append: what it returns is thrown, and nothing is committed. */
  readonly failure?: (drafts: readonly EventDraft[]) => Error | undefined;
}

/** A commit in memory. */
interface StoredCommit {
  readonly events: readonly RunEvent[];
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly head: LogHead;
  readonly own: boolean;
}

/** Every append is a commit of its own. */
export class MemoryLog implements RunLog {
  readonly clock: RunClock;
  readonly #options: MemoryLogOptions;
  readonly #newId: IdSource;
  readonly #encoder = new CommitEncoder();
  readonly #subscribers = new Subscribers();
  readonly #commits: StoredCommit[] = [];
  /** How many of the commits this process has seen. */
  #seen = 0;
  #isClosed = false;

  /** Starts empty. */
  constructor(options: MemoryLogOptions) {
    this.#options = options;
    this.#newId = options.newId ?? createUuid7(() => options.clock.wall());
    this.clock = startRunClock(options.clock, 0);
  }

  /** See {@linkcode RunLog.append}. */
  async append(drafts: readonly EventDraft[], options: AppendOptions = {}): Promise<readonly RunEvent[]> {
    if (this.#isClosed) throw new LogClosedError("memory");
    const admitted = drafts.map(admit);
    // As in a file, nothing is committed before the caller has had its turn.
    await undefined;
    if (options.signal?.aborted) throw new AppendAbortedError("memory", options.signal.reason);
    const failure = this.#options.failure?.(drafts);
    if (failure !== undefined) throw failure;
    if (admitted.length === 0) return [];
    const { events } = this.#commit(admitted, true);
    this.#catchUp();
    return events;
  }

  /** Appends as another process would: found by the next append or poll of this one. */
  appendForeign(drafts: readonly EventDraft[]): readonly RunEvent[] {
    return this.#commit(drafts.map(admit), false).events;
  }

  /** See {@linkcode RunLog.head}. */
  head(): LogHead {
    return this.#commits[this.#seen - 1]?.head ?? EMPTY_HEAD;
  }

  /** See {@linkcode RunLog.position}. */
  position(): LogPosition {
    const seen = this.#commits.slice(0, this.#seen);
    return {
      ...this.head(),
      segment: 0,
      offset: seen.reduce((sum, { bytes }) => sum + bytes.length, 0),
      lines: this.head().index + 1,
      ts: seen.at(-1)?.events.at(-1)?.ts ?? "",
      runId: this.#options.runId,
      form: "run",
    };
  }

  /** See {@linkcode RunLog.read}. */
  async *read(from: number | LogPosition = 0): AsyncGenerator<RunEvent, void> {
    const index = typeof from === "number" ? from : from.index + 1;
    for (const { events } of this.#commits.slice(0, this.#seen)) {
      for (const event of events) {
        if (event.index >= index) yield event;
      }
    }
  }

  /** See {@linkcode RunLog.poll}. */
  async poll(): Promise<number> {
    await undefined;
    return this.#catchUp();
  }

  /** See {@linkcode RunLog.subscribe}. */
  subscribe(listener: Listener): () => void {
    return this.#subscribers.add(listener);
  }

  /** Memory is as safe as it will get. */
  sync(): Promise<void> {
    return Promise.resolve();
  }

  /** Refuses what comes later. */
  close(): Promise<void> {
    this.#isClosed = true;
    return Promise.resolve();
  }

  /** See {@linkcode MemoryLog.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What a file would hold. */
  bytes(): Uint8Array<ArrayBuffer> {
    const length = this.#commits.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const whole = new Uint8Array(length);
    let at = 0;
    for (const { bytes } of this.#commits) {
      whole.set(bytes, at);
      at += bytes.length;
    }
    return whole;
  }

  #commit(admitted: readonly AdmittedEvent[], own: boolean): StoredCommit {
    const last = this.#commits.at(-1);
    const before = { ...(last?.head ?? EMPTY_HEAD), ts: last?.events.at(-1)?.ts ?? "" };
    const { last: { index }, readBack, bytes, sum } = makeCommit(admitted, before, {
      runId: this.#options.runId,
      now: this.clock.now(),
      newId: this.#newId,
      encoder: this.#encoder,
    });
    const commit = { events: readBack(), bytes: bytes.slice(), head: { index, sum }, own };
    this.#commits.push(commit);
    return commit;
  }

  /** Tells subscribers of what they have not seen; returns how many events of others were among it. */
  #catchUp(): number {
    let foreign = 0;
    const fresh = this.#commits.slice(this.#seen);
    this.#seen = this.#commits.length;
    let failure: { readonly error: unknown } | undefined;
    for (const { events, own } of fresh) {
      if (!own) foreign += events.length;
      for (const event of events) {
        const thrown = this.#subscribers.tell(event, own);
        failure ??= thrown;
      }
    }
    if (failure !== undefined) throw failure.error;
    return foreign;
  }
}
