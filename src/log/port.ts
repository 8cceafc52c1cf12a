/** The log port: what the rest of omk knows about an append-only log of events. */

import type { EventDraft, RunEvent } from "./event.ts";
import type { RunClock } from "./run_clock.ts";

/** The end of a log: the last event's index and the `sum` of the commit that holds it. */
export interface LogHead {
  /** −1 in an empty log. */
  readonly index: number;
  /** 64 zeros in an empty log. */
  readonly sum: string;
}

/** A place between two commits, and what the commits before it fix for those behind it. */
export interface LogPosition extends LogHead {
  /** Index of the first event of the segment that it is in. */
  readonly segment: number;
  /** In bytes from the start of the segment. */
  readonly offset: number;
  /** How many lines of the segment stand before it. */
  readonly lines: number;
  /** `ts` of the last event; empty where there is none. */
  readonly ts: string;
  /** `run_id` of all events; empty where it is not known yet. */
  readonly runId: string;
  /** Whether it is a run's log, or a free one; undefined where that is not known yet. */
  readonly form: "run" | "free" | undefined;
}

/** How a batch is appended. */
export interface AppendOptions {
  /** Makes the batch one commit of its own, so that `head()` afterwards is the head that ends with it. */
  readonly alone?: boolean;
  readonly signal?: AbortSignal;
}

/** A run's log, opened for appending. All its readers deliver whole commits only. */
export interface EventLog {
  /**
   * Appends the drafts, in order and all in one commit (others may share it), and resolves with the events
   * as committed: redacted, with index and time. Foreign events that were found before them are delivered to
   * subscribers first.
   *
   * @throws LockTimeoutError, LogIoError, CorruptLogError, MalformedEventError, LogPoisonedError, LogClosedError,
   * AppendAbortedError, EventRefusedError
   */
  append(drafts: readonly EventDraft[], options?: AppendOptions): Promise<readonly RunEvent[]>;
  /** The head after the last commit that this process has seen. */
  head(): LogHead;
  /**
   * The events from an index or a place on, up to `head()` as it is now. What comes behind it is what subscribers will be told:
   * whoever reads and then subscribes, before anything is appended or polled, misses nothing and gets nothing twice.
   */
  read(from?: number | LogPosition): AsyncIterable<RunEvent>;
  /** Reads what other processes have appended, and delivers it to subscribers; resolves with their number. */
  poll(): Promise<number>;
  /**
   * Calls `listener` for each committed event, own and foreign, in the order of the log, before the
   * `append` that committed it resolves. `own` tells this process's appends from others'. Returns the unsubscriber.
   */
  subscribe(listener: (event: RunEvent, own: boolean) => void): () => void;
  /** Drains the queue, syncs what durability asks for, closes the handles. */
  close(): Promise<void>;
}

/** A run's log with the clock that stamps its facts. */
export interface RunLog extends EventLog, AsyncDisposable {
  /** Started when the log was opened; the controller's `now` is this clock's. */
  readonly clock: RunClock;
  /** The place behind the last commit that this process has seen: that of `head()`. */
  position(): LogPosition;
  /** Waits until all that this process has appended is on the disk, whatever the durability. */
  sync(): Promise<void>;
}
