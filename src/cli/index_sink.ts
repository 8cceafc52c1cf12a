/**
 * The index as a sink of a run that goes on: it learns of the events within a second, and never holds the run up.
 * What it misses, for whatever reason, is read from the log by whoever asks the index next.
 */

import { type Clock, systemClock } from "../clock.ts";
import type { OmkError } from "../errors.ts";
import type { EventIndex } from "../log/index/event_index.ts";
import type { IndexedRun } from "../log/index/update.ts";
import { SinkError } from "../log/sinks/errors.ts";
import type { Sink } from "../log/sinks/fan_out.ts";

/** Between two looks at the log, in milliseconds. */
const PAUSE_MS = 1000;
/** While another process writes to the index, all of this one stands still: better to try again later. */
const BUSY_MS = 50;

/** What the sink works on. */
export interface IndexSinkOptions {
  /** The index, which is there already: who has none pays nothing. */
  readonly path: string;
  readonly run: IndexedRun;
  /** Told of a failure that no event follows. */
  readonly report: (error: OmkError) => void;
  readonly clock?: Clock;
}

/** See the module. Dispose of it at the end of the run: it then takes what is left. */
export class IndexSink implements Sink<unknown>, AsyncDisposable {
  readonly name = "index";
  readonly #options: IndexSinkOptions;
  readonly #end = new AbortController();
  readonly #loop: Promise<void>;
  #index: EventIndex | undefined;
  #news = Promise.withResolvers<void>();
  #failures = 0;
  /** What the last look has failed with, until somebody is told. */
  #failure: { readonly error: unknown } | undefined;

  /** Begins with what the log holds already. */
  constructor(options: IndexSinkOptions) {
    this.#options = options;
    this.#news.resolve();
    this.#loop = this.#follow();
  }

  /** See {@linkcode Sink.deliver}: throws what the look at the events before has failed with. */
  deliver(): void {
    this.#news.resolve();
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    this.#news.resolve();
    await this.#loop;
    await this.#look();
    this.#index?.[Symbol.dispose]();
    const failure = this.#failure;
    if (failure !== undefined) this.#options.report(new SinkError(this.name, this.#failures, failure.error));
  }

  async #follow(): Promise<void> {
    const { clock = systemClock } = this.#options;
    for (;;) {
      await this.#news.promise;
      await clock.sleep(PAUSE_MS, this.#end.signal);
      if (this.#end.signal.aborted) return;
      this.#news = Promise.withResolvers();
      await this.#look();
    }
  }

  /** Reads what is new in the log; never rejects. */
  async #look(): Promise<void> {
    const { path, run } = this.#options;
    try {
      this.#index ??= await openIndex(path);
      const why = await this.#index.updateRun(run);
      if (why !== undefined) throw new Error(why);
    } catch (error) {
      this.#failures++;
      this.#failure = { error };
      // Whatever it was, the next look begins anew.
      this.#index?.[Symbol.dispose]();
      this.#index = undefined;
    }
  }
}

async function openIndex(path: string): Promise<EventIndex> {
  const { EventIndex } = await import("../log/index/event_index.ts");
  return await EventIndex.open(path, BUSY_MS);
}
