/** omk's own deadlines on an agent: none of them trusts the agent to have any. */

import type { Clock } from "../../clock.ts";
import type { AgentSpec } from "../../plan/spec.ts";

/** Which wait was too long, in words. */
export type OnLate = (what: string) => void;

/** What is waited for: the session, its first word, its next one, or an answer of its model that it tries again to get. */
type Stage = "start" | "first_update" | "silence" | "trouble";

/** Watches one conversation. */
export class AgentDeadlines {
  readonly #clock: Clock;
  readonly #limits: Pick<AgentSpec, "start_secs" | "first_update_secs" | "silence_secs">;
  readonly #over = new AbortController();
  #stage: Stage = "start";
  #since: number;
  /** How many questions are open that the agent waits for an answer to. */
  #questions = 0;
  /** Ends the present wait: something has changed. */
  #change = new AbortController();

  /** Begins with the start of the process. */
  constructor(
    clock: Clock,
    limits: Pick<AgentSpec, "start_secs" | "first_update_secs" | "silence_secs">,
    onLate: OnLate,
  ) {
    this.#clock = clock;
    this.#limits = limits;
    this.#since = clock.monotonic();
    void this.#watch(onLate);
  }

  /** The session exists. */
  started(): void {
    if (this.#stage === "start") this.#enter("first_update");
  }

  /** It tries again and again to reach its model, and tells so. */
  troubled(): void {
    if (this.#stage !== "trouble") this.#enter("trouble");
  }

  /** The agent has told something; `isContent`: that its model must have made. */
  heard(isContent: boolean): void {
    if (this.#stage === "trouble" && !isContent) return;
    // A timer for each update would cost more than the update; the wait that is over looks at this.
    this.#since = this.#clock.monotonic();
    if (this.#stage !== "silence") this.#enter("silence");
  }

  /** It waits for an answer, and so may be silent; whoever answers has a deadline of his own. */
  asked(): void {
    this.#questions += 1;
  }

  /** It has its answer. */
  answered(): void {
    this.#questions -= 1;
    this.#since = this.#clock.monotonic();
  }

  /** Ends the watch. */
  stop(): void {
    this.#over.abort();
    this.#change.abort();
  }

  #enter(stage: Stage): void {
    this.#stage = stage;
    this.#since = this.#clock.monotonic();
    this.#change.abort();
  }

  async #watch(onLate: OnLate): Promise<void> {
    while (!this.#over.signal.aborted) {
      const limitMs = this.#limitSecs() * 1000;
      const leftMs = this.#questions > 0 ? limitMs : this.#since + limitMs - this.#clock.monotonic();
      if (leftMs <= 0) return onLate(this.#words());
      this.#change = new AbortController();
      await this.#clock.sleep(leftMs, this.#change.signal);
    }
  }

  #limitSecs(): number {
    const { start_secs, first_update_secs, silence_secs } = this.#limits;
    return {
      start: start_secs,
      first_update: first_update_secs,
      silence: silence_secs,
      trouble: first_update_secs,
    }[this.#stage];
  }

  #words(): string {
    const secs = this.#limitSecs();
    switch (this.#stage) {
      case "start":
        return `the agent had no session after ${secs} s`;
      case "first_update":
        return `the agent told nothing in the first ${secs} s`;
      case "silence":
        return `the agent told nothing for ${secs} s`;
      case "trouble":
        return `the agent could not reach its model for ${secs} s`;
    }
  }
}
