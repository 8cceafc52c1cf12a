/** What a pin, or what is found after the body, makes of an attempt and its slot. Pure. */

import type { Pin } from "../git/port.ts";
import type { AttemptOutcome } from "../log/kinds.ts";
import type { SlotFate } from "../worker/port.ts";

/** How many paths are named in a reason. */
export const PATHS_NAMED = 10;

/** The same evidence with a worse result: what is found later can only lower an outcome. */
export function worsen(
  outcome: AttemptOutcome,
  result: AttemptOutcome["result"],
  detail: string,
): AttemptOutcome {
  return { ...outcome, result, detail };
}

/** A tree that lacks files because the machine failed is not what the attempt made, however its body ended. */
export function checkPin(outcome: AttemptOutcome, pin: Pin): AttemptOutcome {
  const lost = pin.unpinned.filter(({ reason }) => reason === "no_space" || reason === "unreadable");
  if (outcome.result !== "success" || lost.length === 0) return outcome;
  return worsen(outcome, "workspace_error", `its work could not be pinned: ${namedUnpinned(lost)}`);
}

function namedUnpinned(unpinned: Pin["unpinned"]): string {
  return unpinned.slice(0, PATHS_NAMED).map((each) => `${each.path} (${each.reason})`).join(", ");
}

/** What becomes of the slot: set aside where something in it is not kept, or may still be written to. */
export function fateOf(outcome: AttemptOutcome, pin: Pin): SlotFate {
  if (pin.set_aside) {
    return { setAside: true, reason: `not everything could be pinned: ${namedUnpinned(pin.unpinned)}` };
  }
  // Of what was lost without a report everything that carried the mark of its process was ended.
  const isSwept = outcome.result === "lost" && outcome.output === null;
  if (!outcome.proven_dead && !isSwept) {
    return { setAside: true, reason: "processes of the attempt may still be alive" };
  }
  return { setAside: false };
}
