/** One hold of a log's lock: who waits for it, and what it has brought. */

import type { QueuedAppend } from "./append_queue.ts";
import type { RunEvent } from "./event.ts";
import type { LogPosition } from "./port.ts";
import type { Subscribers } from "./subscribers.ts";

/** Someone who waits for the end of a cycle. */
export interface CycleWaiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** See the module. */
export class CommitCycle {
  /** Who wants to know how many events of other processes there are. */
  readonly #polls: readonly CycleWaiter<number>[];
  /** Who wants everything on the disk. */
  readonly #syncs: readonly CycleWaiter<void>[];
  /** The appends that it commits. */
  batch: readonly QueuedAppend[] = [];
  /** The place behind the last of its events. */
  end: LogPosition;
  /** Committed events of other processes, which stand before its own. */
  readonly #foreign: RunEvent[] = [];
  readonly #own: RunEvent[] = [];
  /** How many events of other processes were found. */
  foreign = 0;

  /** @param end where the log ended before */
  constructor(polls: readonly CycleWaiter<number>[], syncs: readonly CycleWaiter<void>[], end: LogPosition) {
    this.#polls = polls;
    this.#syncs = syncs;
    this.end = end;
  }

  /** Whether somebody waits for a sync. */
  get isSyncWanted(): boolean {
    return this.#syncs.length > 0;
  }

  /** Takes an event of another process. */
  readonly see = (event: RunEvent): void => {
    this.#foreign.push(event);
  };

  /** Takes events that this process has committed. */
  add(events: readonly RunEvent[], end: LogPosition): void {
    for (const event of events) this.#own.push(event);
    this.end = end;
  }

  /** Tells the subscribers of its events; returns the first error of one. */
  tell(subscribers: Subscribers): { readonly error: unknown } | undefined {
    if (subscribers.isEmpty) return undefined;
    let failure: { readonly error: unknown } | undefined;
    for (const [events, own] of [[this.#foreign, false], [this.#own, true]] as const) {
      for (const event of events) {
        const thrown = subscribers.tell(event, own);
        failure ??= thrown;
      }
    }
    return failure;
  }

  /** Gives each append its events, and everybody else who waits what they wait for. */
  resolve(): void {
    let at = this.#own.length - this.batch.reduce((count, append) => count + append.events.length, 0);
    for (const append of this.batch) {
      const end = at + append.events.length;
      append.resolve(this.#own.slice(at, end));
      at = end;
    }
    for (const { resolve } of this.#polls) resolve(this.foreign);
    for (const { resolve } of this.#syncs) resolve();
  }

  /** Rejects everybody who waits. */
  reject(error: unknown): void {
    for (const { reject } of [...this.batch, ...this.#polls, ...this.#syncs]) reject(error);
  }
}
