/** Keeps a busy log from starving timers and I/O: promises alone would never end a turn of the event loop. */

/** How long commits may follow each other in one turn, in milliseconds. */
const LONGEST_TURN_MS = 16;

/** The turn of the event loop that is going on. */
export class EventLoopTurn {
  /** By the machine's clock, in milliseconds. */
  #started = 0;
  #isOn = false;
  #over: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Notes work in this turn; true if the turn has lasted so long that it should end now. */
  isLong(): boolean {
    const now = performance.now();
    if (this.#isOn) return now - this.#started > LONGEST_TURN_MS;
    this.#isOn = true;
    this.#started = now;
    this.#over = new Promise((resolve) => {
      this.#timer = setTimeout(() => {
        this.#isOn = false;
        resolve();
      }, 0);
    });
    return false;
  }

  /** Resolves when the turn in which work was last noted is over. */
  get over(): Promise<void> {
    return this.#over;
  }

  /** Leaves no timer behind; nobody may await the end of the turn any more. A timer takes up to 2 ms to end by itself. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
