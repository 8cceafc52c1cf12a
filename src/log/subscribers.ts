/** Who is told of committed events. */

import type { RunEvent } from "./event.ts";

/** Called for each committed event; `own` if this process appended it. */
export type Listener = (event: RunEvent, own: boolean) => void;

/** The listeners of one log. */
export class Subscribers {
  readonly #listeners = new Set<Listener>();

  /** Whether nobody wants to be told. */
  get isEmpty(): boolean {
    return this.#listeners.size === 0;
  }

  /** Adds a listener; returns what removes it. */
  add(listener: Listener): () => void {
    // A listener of its own, so that the same function can be added twice.
    const added: Listener = (event, own) => listener(event, own);
    this.#listeners.add(added);
    return () => void this.#listeners.delete(added);
  }

  /**
   * Tells every listener of the event. One that throws keeps no other from being told; the first error is returned.
   */
  tell(event: RunEvent, own: boolean): { readonly error: unknown } | undefined {
    let failure: { readonly error: unknown } | undefined;
    for (const listener of [...this.#listeners]) {
      try {
        listener(event, own);
      } catch (error) {
        failure ??= { error };
      }
    }
    return failure;
  }
}
