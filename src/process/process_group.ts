/** Ending what is left of a process group once its leader is gone. */

import type { Clock } from "../clock.ts";
import type { ProcessTable } from "./process_table.ts";
import { signalGroup, signalProcess } from "./signals.ts";

/** SIGKILL works at once, except in an uninterruptible wait: after this long a process counts as not ended. */
export const KILL_WAIT_MS = 5_000;

/** Between two looks at a group that is ending: at first, and at most. */
const SHORTEST_POLL_MS = 2;
const LONGEST_POLL_MS = 50;

/** What was found when a group was ended. */
export interface GroupReport {
  /** How many members had outlived the leader, and what omk had sent before. */
  readonly outlived: number;
  /** False where some could not be ended in time. */
  readonly gone: boolean;
}

/** A group whose leader omk started. */
export class ProcessGroup {
  readonly #pgid: number;
  readonly #table: ProcessTable;
  readonly #clock: Clock;
  #killed = false;

  constructor(pgid: number, table: ProcessTable, clock: Clock) {
    this.#pgid = pgid;
    this.#table = table;
    this.#clock = clock;
  }

  /** Asks all members to end. A stopped one is continued, or it would never get the signal. */
  terminate(): void {
    // A leader that was started a moment ago may not have made its group yet.
    if (signalGroup(this.#pgid, "SIGTERM") === "gone") signalProcess(this.#pgid, "SIGTERM");
    signalGroup(this.#pgid, "SIGCONT");
  }

  /**
   * Asks the members to end, but not the two of bubblewrap: its end, which is the leader's, would take everything in
   * its namespace with it at once.
   */
  async terminateInside(): Promise<void> {
    const members = await this.#table.liveMembers(this.#pgid) ?? [];
    const first = members.find(({ parent }) => parent === this.#pgid)?.pid;
    for (const { pid } of members) {
      if (pid === this.#pgid || pid === first) continue;
      signalProcess(pid, "SIGTERM");
      signalProcess(pid, "SIGCONT");
    }
  }

  /** Waits for the end of a namespace whose leader is gone: what is in it dies with it. */
  async endNamespace(): Promise<GroupReport> {
    this.kill();
    return { outlived: 0, gone: await this.#isGoneWithin(KILL_WAIT_MS) };
  }

  /** Kills all members. */
  kill(): void {
    this.#killed = true;
    signalGroup(this.#pgid, "SIGKILL");
  }

  /**
   * Waits `graceMs` for the members, then kills those that are left. `asked`: they have had their SIGTERM, so
   * only what is left after the grace counts as having outlived; otherwise they get it now. An abort of `hurry`
   * ends the grace.
   */
  async end(asked: boolean, graceMs: number, hurry: AbortSignal): Promise<GroupReport> {
    if (signalGroup(this.#pgid, 0) === "gone") return { outlived: 0, gone: true };
    let outlived = asked ? 0 : await this.#countLive();
    if (!asked) this.terminate();
    if (this.#killed) return { outlived, gone: await this.#isGoneWithin(KILL_WAIT_MS) };
    if (await this.#isGoneWithin(graceMs, hurry)) return { outlived, gone: true };
    if (asked) outlived = await this.#countLive();
    this.kill();
    return { outlived, gone: await this.#isGoneWithin(KILL_WAIT_MS) };
  }

  /**
   * The group exists as long as a dead member waits to be reaped, and where nobody reaps orphans (a container
   * without an init) it waits for ever: so what counts is who is alive.
   */
  async #isGoneWithin(ms: number, hurry?: AbortSignal): Promise<boolean> {
    const deadline = this.#clock.monotonic() + ms;
    for (let poll = SHORTEST_POLL_MS;; poll = Math.min(poll * 2, LONGEST_POLL_MS)) {
      if (signalGroup(this.#pgid, 0) === "gone") return true;
      const left = deadline - this.#clock.monotonic();
      const last = left <= 0 || hurry?.aborted === true;
      if ((last || poll > SHORTEST_POLL_MS) && await this.#countLive() === 0) return true;
      if (last) return false;
      await this.#clock.sleep(Math.min(poll, left), hurry);
    }
  }

  /** At least 1 where the members cannot be looked at but the group exists. */
  async #countLive(): Promise<number> {
    return (await this.#table.liveMembers(this.#pgid))?.length ?? 1;
  }
}
