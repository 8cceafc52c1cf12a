/**
 * The fan-out behind a log: every committed event goes to each sink, in the order of the log. Sinks are called in
 * this process and at once. One that has to wait, or that must not miss what happens while it is down, reads the log
 * itself from its own cursor (see `consume.ts`); the log is its queue.
 */

import { type OmkError, reasonOf } from "../../errors.ts";
import { SinkError } from "./errors.ts";

/** Who is told of events. */
export interface Sink<E> {
  /** Names it in reports; unique in its fan-out. */
  readonly name: string;
  /** Takes an event. May append to the log, and may throw: neither disturbs the others. */
  deliver(event: E): void;
}

/** How a sink has done. */
export interface SinkStatus {
  readonly name: string;
  /** Events that it took. */
  readonly delivered: number;
  /** Events at which it threw: each was given to it once. */
  readonly failed: number;
  /** What it threw last. */
  readonly lastError: string | undefined;
}

/** Past this many failures of a sink only each power of two is reported, so that a broken one does not flood. */
const REPORTED_ONE_BY_ONE = 3;

interface Entry<E> {
  readonly sink: Sink<E>;
  delivered: number;
  failed: number;
  lastError: string | undefined;
}

/** See the module. */
export class FanOut<E> {
  readonly #entries: Entry<E>[] = [];
  readonly #report: (error: OmkError) => void;
  readonly #queue: E[] = [];
  #isDelivering = false;

  /** @param report told of failures of sinks; what it throws is not caught */
  constructor(report: (error: OmkError) => void) {
    this.#report = report;
  }

  /**
   * Adds a sink behind those that are there; it gets the events that are delivered from now on.
   *
   * @throws {RangeError} for a name that is taken.
   */
  add(sink: Sink<E>): void {
    if (this.#entries.some((entry) => entry.sink.name === sink.name)) {
      throw new RangeError(`There is a sink "${sink.name}" already`);
    }
    this.#entries.push({ sink, delivered: 0, failed: 0, lastError: undefined });
  }

  /** How each sink has done, in their order. */
  status(): readonly SinkStatus[] {
    return this.#entries.map(({ sink, delivered, failed, lastError }) => {
      return { name: sink.name, delivered, failed, lastError };
    });
  }

  /**
   * Gives an event to every sink. Where a sink causes another event meanwhile, that one waits until all sinks have
   * this one: each sink sees the same order. To be subscribed to a log: `log.subscribe(fanOut.deliver)`.
   */
  readonly deliver = (event: E): void => {
    this.#queue.push(event);
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#give(next);
    } finally {
      this.#isDelivering = false;
    }
  };

  #give(event: E): void {
    for (const entry of [...this.#entries]) {
      try {
        entry.sink.deliver(event);
        entry.delivered++;
      } catch (error) {
        entry.failed++;
        entry.lastError = reasonOf(error);
        const { failed } = entry;
        const isReported = failed <= REPORTED_ONE_BY_ONE || (failed & (failed - 1)) === 0;
        if (isReported) this.#report(new SinkError(entry.sink.name, failed, error));
      }
    }
  }
}
