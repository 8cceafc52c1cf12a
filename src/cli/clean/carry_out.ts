/** Removes what a plan of `omk clean` names. Each thing is looked at once more under its lock. */

import { discoverRepository } from "../../git/repository.ts";
import { Hub } from "../../git/hub.ts";
import { removeRunRefs, removeScratch, removeSlot } from "../../git/retention.ts";
import { SlotPool } from "../../git/slot_pool.ts";
import { createSupervisor } from "../../process/supervisor.ts";
import { runDirectory } from "../../run/directory.ts";
import { ProcessLock } from "../../run/process_lock.ts";
import type { CleanPlan, RunToRemove, SlotToRemove } from "./clean_plan.ts";
import { removedName } from "./leftovers.ts";

/** Where it is removed. */
export interface CleanPlace {
  readonly home: string;
  /** Null outside a repository. */
  readonly commonDir: string | null;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What was done with one thing of the plan. */
export interface Removal {
  readonly kind: "run" | "worktree" | "leftover";
  readonly name: string;
  readonly removed: boolean;
  /** How much went with it, or why it stayed. */
  readonly detail: string;
}

/** Carries out a plan, and tells of each thing as it is done. */
export async function* carryOut(plan: CleanPlan, place: CleanPlace): AsyncGenerator<Removal, void> {
  const needsHub = place.commonDir !== null && plan.runs.length > 0;
  const hub = needsHub ? await Hub.open(await discoverRepository(place.cwd), place.home) : null;
  try {
    for (const run of plan.runs) yield await removeRun(run, place, hub);
    // Only then is the space of what they left free. Where another process has the hub open, it is a later clean's to do.
    await hub?.compact();
  } finally {
    await hub?.close();
  }
  for (const slot of plan.slots) yield await removeWorktree(slot);
  for (const directory of new Set(plan.slots.map((slot) => slot.directory))) {
    await removeScratch(new SlotPool(directory), Date.now());
  }
  for (const path of plan.leftovers) {
    await Deno.remove(path, { recursive: true });
    yield { kind: "leftover", name: path, removed: true, detail: "removed" };
  }
}

async function removeRun(run: RunToRemove, place: CleanPlace, hub: Hub | null): Promise<Removal> {
  const { runId, mark } = run;
  const directory = runDirectory(place.home, runId);
  // Held until the directory has another name: nobody can take the run up meanwhile.
  const lock = ProcessLock.tryTake(directory.controllerLock);
  if (lock === null) {
    return { kind: "run", name: runId, removed: false, detail: "an omk process has taken it up meanwhile" };
  }
  try {
    if (mark !== null) await endProcesses(mark, place.env);
    const refs = hub === null ? 0 : (await removeRunRefs(hub, runId, true)).removed.length;
    const doomed = `${place.home}/runs/${removedName(runId)}`;
    await Deno.rename(directory.path, doomed);
    await Deno.remove(doomed, { recursive: true });
    return { kind: "run", name: runId, removed: true, detail: `its files and ${refs} refs` };
  } finally {
    lock[Symbol.dispose]();
  }
}

/** Ends what an omk process that died may have left running. */
async function endProcesses(mark: string, env: Readonly<Record<string, string>>): Promise<void> {
  const supervisor = await createSupervisor({ environment: env });
  await using _supervisor = supervisor;
  await supervisor.endMarked(mark);
}

async function removeWorktree({ directory, name, state }: SlotToRemove): Promise<Removal> {
  const result = await removeSlot(new SlotPool(directory), name, state !== "free");
  const path = `${directory}/${name}`;
  if (result.kind === "removed") return { kind: "worktree", name: path, removed: true, detail: "removed" };
  const detail = result.state === "in_use"
    ? "a process works in it meanwhile"
    : `it is ${result.state} meanwhile`;
  return { kind: "worktree", name: path, removed: false, detail };
}
