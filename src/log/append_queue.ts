/** The queue in front of a log: bounded, in order, and each append can be given up until it is taken. */

import type { AdmittedEvent } from "./admission.ts";
import { MAX_COMMIT_BYTES } from "./commit.ts";
import { AppendAbortedError, EventRefusedError } from "./errors.ts";
import type { FreeDraft, RunEvent } from "./event.ts";
import type { AppendOptions } from "./port.ts";

/** How many appends may be queued; past that, `append` waits. */
export const QUEUE_CAPACITY = 1024;

/** Characters of one commit: with three bytes for each it still fits. */
const LARGEST_APPEND = MAX_COMMIT_BYTES / 4;
/** Past this, further appends wait for the next commit. */
const LARGE_BATCH = 4 * 1024 * 1024;
/** Of an event's envelope, generously. */
const ENVELOPE_LENGTH = 512;

/** An append that is to be committed. */
export interface QueuedAppend {
  readonly events: readonly AdmittedEvent[];
  /** In characters, about. */
  readonly size: number;
  /** Makes a commit of its own. */
  readonly alone: boolean;
  readonly resolve: (events: readonly RunEvent[]) => void;
  readonly reject: (error: unknown) => void;
  /** Stops listening to its signal, where it has one. */
  settle?: () => void;
}

/** An append for which there is no room yet. */
interface WaitingAppend {
  readonly enter: () => void;
  readonly reject: (error: unknown) => void;
}

/** The queue of one log. */
export class AppendQueue {
  readonly #path: string;
  readonly #admit: (draft: FreeDraft) => AdmittedEvent;
  #queued: QueuedAppend[] = [];
  readonly #waiting: WaitingAppend[] = [];

  /**
   * @param path names the log in errors
   * @param admit judges a draft by the rules of the log
   */
  constructor(path: string, admit: (draft: FreeDraft) => AdmittedEvent) {
    this.#path = path;
    this.#admit = admit;
  }

  /** How many appends can be taken now. */
  get length(): number {
    return this.#queued.length;
  }

  /** Whether nothing is queued, and nobody waits to be. */
  get isEmpty(): boolean {
    return this.#queued.length === 0 && this.#waiting.length === 0;
  }

  /**
   * Queues an append; resolves when it has been committed.
   *
   * @throws AppendAbortedError, EventRefusedError
   */
  add(drafts: readonly FreeDraft[], options: AppendOptions): Promise<readonly RunEvent[]> {
    if (options.signal?.aborted) return Promise.reject(this.#aborted(options.signal));
    if (this.#queued.length < QUEUE_CAPACITY && this.#waiting.length === 0) {
      return this.#enter(drafts, options);
    }
    return this.#wait(drafts, options);
  }

  /** Takes what goes into the next commit, and lets in as many of those that wait. */
  take(): QueuedAppend[] {
    let count = 0;
    for (let size = 0; count < this.#queued.length; count++) {
      const next = this.#queued[count] as QueuedAppend;
      size += next.size;
      if (count > 0 && (next.alone || size > LARGE_BATCH)) break;
      if (next.alone) {
        count = 1;
        break;
      }
    }
    return this.takeFirst(count);
  }

  /** Takes the first `count` appends. */
  takeFirst(count: number): QueuedAppend[] {
    const taken = this.#queued.slice(0, count);
    this.#queued = this.#queued.slice(count);
    for (const append of taken) append.settle?.();
    while (this.#waiting.length > 0 && this.#queued.length < QUEUE_CAPACITY) this.#waiting.shift()?.enter();
    return taken;
  }

  /** Rejects everything, also what waits. */
  rejectAll(error: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    for (const { reject } of this.takeFirst(this.#queued.length)) reject(error);
  }

  #enter(
    drafts: readonly FreeDraft[],
    { alone = false, signal }: AppendOptions,
  ): Promise<readonly RunEvent[]> {
    return new Promise((resolve, reject) => {
      const events = drafts.map(this.#admit);
      const append: QueuedAppend = { events, size: sizeOf(events), alone, resolve, reject };
      if (signal !== undefined) this.#listen(append, signal);
      this.#queued.push(append);
    });
  }

  #listen(append: QueuedAppend, signal: AbortSignal): void {
    const giveUp = () => {
      this.#queued = this.#queued.filter((other) => other !== append);
      append.settle?.();
      append.reject(this.#aborted(signal));
    };
    append.settle = () => signal.removeEventListener("abort", giveUp);
    signal.addEventListener("abort", giveUp);
  }

  #wait(drafts: readonly FreeDraft[], options: AppendOptions): Promise<readonly RunEvent[]> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        signal?.removeEventListener("abort", giveUp);
        reject(this.#aborted(signal as AbortSignal));
      };
      const waiting: WaitingAppend = {
        enter: () => {
          signal?.removeEventListener("abort", giveUp);
          resolve(this.#enter(drafts, options));
        },
        reject: (error) => {
          signal?.removeEventListener("abort", giveUp);
          reject(error);
        },
      };
      signal?.addEventListener("abort", giveUp);
      this.#waiting.push(waiting);
    });
  }

  #aborted(signal: AbortSignal): AppendAbortedError {
    return new AppendAbortedError(this.#path, signal.reason);
  }
}

/** The characters of an append, about; throws where they do not fit into a commit. */
function sizeOf(events: readonly AdmittedEvent[]): number {
  let size = 0;
  for (const { payloadJson } of events) size += ENVELOPE_LENGTH + payloadJson.length;
  if (size <= LARGEST_APPEND) return size;
  throw new EventRefusedError(
    events[0]?.kind ?? "",
    `the append has ${size} characters, and ${LARGEST_APPEND} may go`,
  );
}
