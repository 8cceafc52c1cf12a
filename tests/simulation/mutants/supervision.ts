/** Mistakes in what the controller notices of workers and attempts, and in what it says of them. */

import type { Mutant } from "./mutant.ts";

const INBOX = "src/run/inbox.ts";

/** See the module. */
export const SUPERVISION_MUTANTS: readonly Mutant[] = [
  {
    name: "an attempt that was only claimed ends with the outcome of the one before",
    file: "src/run/attempt_flow.ts",
    text: "this.isCurrent() && isPinIntended(task) ? task.outcome : null",
    replacement: 'this.isCurrent() && task.stage !== "body" ? task.outcome : null',
  },
  {
    name: "a stall is told again with every look",
    file: "src/watchdog/transitions.ts",
    text: 'if (verdict === "stalled" && !known.isStalled) {',
    replacement: 'if (verdict === "stalled") {',
  },
  {
    name: "an attempt that is to be warned of is ended",
    file: "src/run/attempt_flow.ts",
    text: 'spec.on_stall !== "warn"',
    replacement: 'spec.on_stall !== "kill"',
  },
  {
    name: "nobody is ever stalled",
    file: "src/watchdog/watch.ts",
    text: "idle < staleMsOf(slot.task_id)",
    replacement: "idle >= 0",
  },
  {
    name: "time in which nobody looked counts",
    file: "src/watchdog/watch.ts",
    text: "const missed = lateLooks > 0 ? gap - counted : 0;",
    replacement: "const missed = lateLooks < 0 ? gap : 0;",
  },
  {
    name: "a heartbeat counts from the time that it gives",
    file: "src/watchdog/watch.ts",
    text: "return takeIn(watch, seen, watch.hasLooked ? seen.now : null);",
    replacement:
      "return takeIn(watch, seen, seen.reading.kind === 'read' ? Date.parse(seen.reading.heartbeat.ts) : null);",
  },
  {
    name: "one sign of progress does not count",
    file: "src/watchdog/watch.ts",
    text: "before.progress.output_bytes !== after.progress.output_bytes",
    replacement: "before.attempt !== after.attempt",
  },
  {
    name: "what is not urgent is never said",
    file: INBOX,
    text: "await this.#appendPosts(this.#take(() => true), state, now(), append);",
    replacement: "",
  },
  {
    name: "what was said is said again",
    file: INBOX,
    text: "this.#posts = this.#posts.filter((post) => !posts.includes(post));",
    replacement: "this.#posts = [...this.#posts];",
  },
  {
    name: "what is not urgent is dropped when something urgent is said",
    file: INBOX,
    text: "this.#posts = this.#posts.filter((post) => !posts.includes(post));",
    replacement: "this.#posts = [];",
  },
];
