/** Which worktrees `omk clean` may remove: free ones, and with `--discard` those that hold what is nowhere else. */

import { listSlots, type SlotInfo } from "../../git/retention.ts";
import { SlotPool } from "../../git/slot_pool.ts";
import type { CleanQuery, Kept, SlotToRemove } from "./clean_plan.ts";

/** A choice of worktrees. */
export interface SlotChoice {
  readonly remove: readonly SlotToRemove[];
  readonly kept: readonly Kept[];
}

/**
 * Chooses among the worktrees in these directories. Whose run is in `removed`, or is not in `known`, cannot be gone
 * on with any more.
 */
export async function chooseSlots(
  directories: readonly string[],
  query: CleanQuery,
  removed: ReadonlySet<string>,
  known: ReadonlySet<string>,
): Promise<SlotChoice> {
  const remove: SlotToRemove[] = [];
  const kept: Kept[] = [];
  for (const directory of directories) {
    for (const slot of await listSlots(new SlotPool(directory))) {
      const runId = slot.holder?.run_id ?? null;
      const isMeant = query.runIds === null || (runId !== null && query.runIds.includes(runId));
      const why = whyKept(slot, query, runId !== null && known.has(runId) && !removed.has(runId));
      const { name, state } = slot;
      if (why === null && isMeant && state !== "in_use") {
        remove.push({ directory, name, state, runId, loses: losses(slot) });
      } else if (why !== null && isMeant && state !== "free") {
        kept.push({ kind: "worktree", name: slot.path, why });
      }
    }
  }
  return { remove, kept };
}

/** Why a worktree stays; null where it may go. */
function whyKept({ state, reason, holder }: SlotInfo, query: CleanQuery, canGoOn: boolean): string | null {
  switch (state) {
    case "free":
      return query.slots ? null : "it is free; --slots removes it";
    case "in_use":
      return "a process works in it";
    case "set_aside":
      return query.discard
        ? null
        : `it is set aside: ${reason ?? "no reason is recorded"}; --discard removes it`;
    case "held": {
      const run = holder?.run_id ?? "";
      if (canGoOn) return `it holds work of run ${run}, which omk resume ${run} keeps`;
      return query.discard ? null : `it holds work of run ${run}; --discard removes it`;
    }
  }
}

function losses({ state, reason, holder }: SlotInfo): string | null {
  if (state === "free") return null;
  const whose = holder === null
    ? ""
    : ` of task ${holder.task_id}, attempt ${holder.attempt}, run ${holder.run_id}`;
  return `what is in it${whose}${reason === null ? "" : ` (${reason})`}`;
}
