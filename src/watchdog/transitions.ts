/**
 * What a verdict changes. What the log says already is not said again, by whichever process and however often it is
 * found: so two that look at one worker agree, and one that has just started repeats nothing.
 */

import type { HeartbeatSlot } from "./heartbeat.ts";
import type { WorkerCheck } from "./watch.ts";

/** What the log says of a worker and of its attempts. */
export interface Known {
  readonly state: "started" | "dead" | "stopped";
  /** What the log says of an attempt; undefined for one that is not the current one of its task. */
  readonly attempt: (slot: HeartbeatSlot) => {
    readonly isStalled: boolean;
    /** Whether it may go on after a stall: one that is being ended for it does not recover. */
    readonly mayRecover: boolean;
  } | undefined;
}

/** See the module. Each is one event. */
export type Transition =
  | { readonly kind: "dead"; readonly reason: string }
  | { readonly kind: "stopped"; readonly reason: string }
  /** The worker, or one of its attempts, is alive or gets on again. */
  | { readonly kind: "recovered"; readonly slot: HeartbeatSlot | null }
  | {
    readonly kind: "stalled";
    readonly slot: HeartbeatSlot;
    readonly since: number;
    readonly reason: string;
  };

/** The events that are due; empty where nothing has changed. */
export function transitionsOf(check: WorkerCheck, known: Known): readonly Transition[] {
  const { verdict } = check;
  const reason = check.reason ?? "";
  if (verdict === "stopped") return known.state === "stopped" ? [] : [{ kind: "stopped", reason }];
  if (verdict === "dead") return known.state === "started" ? [{ kind: "dead", reason }] : [];
  const worker: readonly Transition[] = known.state === "dead" && verdict === "healthy"
    ? [{ kind: "recovered", slot: null }]
    : [];
  return [...worker, ...check.slots.flatMap((each) => ofSlot(each, known))];
}

function ofSlot(
  { slot, verdict, reason, since }: WorkerCheck["slots"][number],
  { attempt }: Known,
): readonly Transition[] {
  const known = attempt(slot);
  if (known === undefined) return [];
  if (verdict === "stalled" && !known.isStalled) {
    return [{ kind: "stalled", slot, since, reason: reason ?? "" }];
  }
  const isBack = verdict === "healthy" && known.isStalled && known.mayRecover && slot.stage === "body";
  return isBack ? [{ kind: "recovered", slot }] : [];
}
