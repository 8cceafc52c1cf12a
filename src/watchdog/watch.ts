/**
 * Is a worker alive, and does it get anywhere? A fold over its heartbeats and the run clock, and the verdict that
 * follows: deterministic, and it remembers all by itself, so that looking changes nothing for anybody else.
 */

import { type HeartbeatReading, type HeartbeatSlot, timeOfHeartbeat } from "./heartbeat.ts";
import { ALLOWED_SKEW_MS, LONGEST_LOOK_GAP_MS, SLEEPS_IN_A_ROW, type Thresholds } from "./thresholds.ts";

/** `unknown`: it is too early, or nobody could measure it. */
export type Verdict = "healthy" | "stalled" | "dead" | "unknown";

/** What somebody sees of a worker at one moment. */
export interface Observation {
  /** Run clock, milliseconds. */
  readonly now: number;
  /** Wall clock at the same moment: the time by which heartbeats are written. */
  readonly wall: number;
  readonly reading: HeartbeatReading;
  /** Whether the process that was announced as the worker has ended. */
  readonly isGone: boolean;
}

/** An attempt since its progress is as it is. */
interface SlotWatch {
  readonly slot: HeartbeatSlot;
  /** Run clock, milliseconds. */
  readonly since: number;
}

/** What is remembered of a worker between two looks. Times are on the run clock. */
export interface Watch {
  readonly observedAt: number;
  /** The last sign of life; before the first, the moment from which on one was due. */
  readonly aliveAt: number;
  /** `ts` of the latest heartbeat; null before the first. */
  readonly ts: string | null;
  /** How far the wall clock was ahead of the run clock when that was seen, milliseconds; null before the first. */
  readonly offset: number | null;
  /** How many looks in a row came late. */
  readonly lateLooks: number;
  /** Whether anybody has looked yet. */
  readonly hasLooked: boolean;
  /** Whether a heartbeat was seen of which it is known when it was given. */
  readonly isProven: boolean;
  /** Why its heartbeat cannot be read; null where it can, or where there is none. */
  readonly unreadable: string | null;
  /** What is wrong with the time in its heartbeat; null where nothing is. */
  readonly badTime: string | null;
  readonly isStopped: boolean;
  readonly isGone: boolean;
  readonly slots: readonly SlotWatch[];
}

/** The verdict on one attempt. */
export interface SlotCheck {
  readonly slot: HeartbeatSlot;
  readonly verdict: Verdict;
  /** For people; null where it is healthy. */
  readonly reason: string | null;
  /** Since when its progress is as it is; run clock, milliseconds. */
  readonly since: number;
}

/** The verdict on a worker and on each of its attempts. A worker that has stopped is neither dead nor healthy. */
export interface WorkerCheck {
  readonly verdict: Verdict | "stopped";
  /** For people; null where it is healthy. */
  readonly reason: string | null;
  readonly slots: readonly SlotCheck[];
}

/** Before the first look, at `now`: from there a worker has its time for a first heartbeat. */
export function startWatch(now: number): Watch {
  return {
    observedAt: now,
    aliveAt: now,
    ts: null,
    offset: null,
    lateLooks: 0,
    hasLooked: false,
    isProven: false,
    unreadable: null,
    badTime: null,
    isStopped: false,
    isGone: false,
    slots: [],
  };
}

/**
 * Takes in what is seen now. A heartbeat counts when it is new, whatever time it gives: where the clock of the machine
 * was set back, it is still a sign of life. What is found with the first look may be an old one, and proves nothing. Time
 * in which nobody looked is left out, as after a sleep; whoever looks late again and again is slow, and counts each time
 * for as long as a look that is just in time.
 */
export function observe(watch: Watch, seen: Observation): Watch {
  return takeIn(watch, seen, watch.hasLooked ? seen.now : null);
}

/** `givenAt`: when a heartbeat that is new was given, on the run clock; null where that is not known. */
function takeIn(watch: Watch, seen: Observation, givenAt: number | null): Watch {
  const { now, wall, reading, isGone } = seen;
  const gap = now - watch.observedAt;
  const lateLooks = gap > LONGEST_LOOK_GAP_MS ? watch.lateLooks + 1 : 0;
  const counted = lateLooks > SLEEPS_IN_A_ROW ? LONGEST_LOOK_GAP_MS : 0;
  const missed = lateLooks > 0 ? gap - counted : 0;
  const aliveBefore = Math.min(now, watch.aliveAt + missed);
  const later = { ...watch, observedAt: now, lateLooks, hasLooked: true, isGone, aliveAt: aliveBefore };
  const slots = watch.slots.map((each) => ({ ...each, since: Math.min(now, each.since + missed) }));
  if (reading.kind === "absent") return { ...later, slots, unreadable: null };
  if (reading.kind === "unreadable") return { ...later, slots, unreadable: reading.reason };
  const { heartbeat } = reading;
  const isNew = heartbeat.ts !== watch.ts;
  const time = timeOfHeartbeat(heartbeat);
  const offset = wall - now;
  // It may have been given before the clock of the machine was set back.
  const setBack = Math.max(0, (watch.offset ?? offset) - offset);
  return {
    ...later,
    aliveAt: isNew ? givenAt ?? aliveBefore : aliveBefore,
    isProven: watch.isProven || (isNew && givenAt !== null),
    ts: heartbeat.ts,
    offset: isNew ? offset : watch.offset,
    unreadable: null,
    badTime: isNew ? badTimeOf(time, givenAt === null ? null : wall + setBack) : watch.badTime,
    isStopped: heartbeat.status === "stopped",
    slots: heartbeat.slots.map((slot) => {
      const before = slots.find((each) => each.slot.token === slot.token);
      if (before === undefined) return { slot, since: Math.min(now, givenAt ?? now) };
      return { slot, since: hasMoved(before.slot, slot) ? now : before.since };
    }),
  };
}

/**
 * The verdict of one look alone, at a worker that was announced at `since`: what a display shows. It knows of no progress
 * but what the heartbeat itself tells, and leaves nothing behind.
 */
export function checkOnce(since: number, seen: Observation, thresholds: Thresholds): WorkerCheck {
  const { now, wall, reading } = seen;
  const time = reading.kind === "read" ? timeOfHeartbeat(reading.heartbeat) : null;
  // Alone, its own time is all that can tell its age.
  const givenAt = Math.min(now, now - (wall - (time ?? wall)));
  return judge(takeIn({ ...startWatch(since), observedAt: now }, seen, givenAt), thresholds);
}

/** The verdict at the moment of the latest look. */
export function judge(watch: Watch, thresholds: Thresholds): WorkerCheck {
  const own = judgeWorker(watch, thresholds);
  return { ...own, slots: watch.slots.map((each) => judgeSlot(each, own, watch.observedAt, thresholds)) };
}

function judgeWorker(watch: Watch, { missingMs, staleMs }: Thresholds): Omit<WorkerCheck, "slots"> {
  const silence = watch.observedAt - watch.aliveAt;
  if (watch.isStopped) return { verdict: "stopped", reason: "it has stopped" };
  if (watch.isGone) return { verdict: "dead", reason: "its process is gone" };
  if (watch.unreadable !== null) {
    return { verdict: "dead", reason: `its heartbeat cannot be read: ${watch.unreadable}` };
  }
  if (silence > missingMs) return { verdict: "dead", reason: `no heartbeat for ${seconds(silence)}` };
  if (watch.badTime !== null) return { verdict: "stalled", reason: watch.badTime };
  if (!watch.isProven) return { verdict: "unknown", reason: "it has given no heartbeat yet" };
  if (silence > staleMs) return { verdict: "stalled", reason: `no heartbeat for ${seconds(silence)}` };
  return { verdict: "healthy", reason: null };
}

function judgeSlot(
  { slot, since }: SlotWatch,
  worker: Omit<WorkerCheck, "slots">,
  now: number,
  { staleMsOf }: Thresholds,
): SlotCheck {
  if (worker.verdict !== "healthy") {
    return {
      slot,
      since,
      verdict: worker.verdict === "stopped" ? "unknown" : worker.verdict,
      reason: worker.reason,
    };
  }
  const idle = now - since;
  if (slot.stage !== "body" || idle < staleMsOf(slot.task_id)) {
    return { slot, since, verdict: "healthy", reason: null };
  }
  if (slot.progress.cpu_ms === null) {
    return { slot, since, verdict: "unknown", reason: "its CPU time could not be measured" };
  }
  return { slot, since, verdict: "stalled", reason: `neither output nor CPU time for ${seconds(idle)}` };
}

function hasMoved(before: HeartbeatSlot, after: HeartbeatSlot): boolean {
  return before.stage !== after.stage || before.progress.output_bytes !== after.progress.output_bytes ||
    before.progress.cpu_ms !== after.progress.cpu_ms;
}

/** `wall`: the latest time at which the heartbeat can have been given; null where that is not known. */
function badTimeOf(time: number | null, wall: number | null): string | null {
  if (time === null) return "its heartbeat has no valid time";
  const ahead = time - (wall ?? time);
  return ahead > ALLOWED_SKEW_MS ? `its heartbeat is ${seconds(ahead)} ahead of the clock` : null;
}

function seconds(ms: number): string {
  return `${Math.floor(ms / 1000)} s`;
}
