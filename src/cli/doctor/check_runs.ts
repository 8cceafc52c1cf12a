/** Checks of what earlier runs left: those that were interrupted or cannot be read, and worktrees set aside. */

import { listSlots } from "../../git/retention.ts";
import { SlotPool } from "../../git/slot_pool.ts";
import { runDirectory } from "../../run/directory.ts";
import { listRunIds } from "../../run/find_run.ts";
import { glanceAtRun, type RunGlance } from "../glance.ts";
import { counted } from "../render/text.ts";
import { type Finding, finding, findingOf } from "./finding.ts";

/** Runs of one kind that are named. */
const NAMED = 3;

/** What was found of the runs, and when the newest was last seen (milliseconds; null where there is none). */
export interface RunFindings {
  readonly findings: readonly Finding[];
  readonly newest: number | null;
}

/** Glances at all runs of a place. */
export async function checkRuns(home: string, now: number): Promise<RunFindings> {
  const ids = await listRunIds(home);
  const runs = await Promise.all(ids.map((id) => glanceAtRun(runDirectory(home, id), now)));
  const interrupted = runs.filter((run) => run.standing === "interrupted");
  const unreadable = runs.filter((run) => run.standing === "unreadable");
  const findings = [
    ...(interrupted.length === 0 ? [] : [
      finding(
        "runs",
        "warning",
        `${counted(interrupted.length, "run")} interrupted: ${named(interrupted)}`,
        "omk resume RUN goes on with one, omk cancel RUN ends it",
      ),
    ]),
    ...(unreadable.length === 0 ? [] : [
      finding(
        "runs",
        "problem",
        `${counted(unreadable.length, "run")} cannot be read: ${named(unreadable)}`,
        "omk log verify RUN says what is wrong",
      ),
    ]),
  ];
  const seen = runs.flatMap((run) => run.finished_at ?? run.started_at ?? []).map((ts) => Date.parse(ts));
  return {
    findings: findings.length > 0
      ? findings
      : [finding("runs", "ok", `${counted(runs.length, "run")}, none interrupted`)],
    newest: seen.length === 0 ? null : Math.max(...seen),
  };
}

/** Looks at the worktrees of a repository; `directory` need not exist. */
export async function checkSlots(directory: string): Promise<readonly Finding[]> {
  try {
    if (!(await Deno.stat(directory)).isDirectory) return [];
    const slots = await listSlots(new SlotPool(directory));
    const aside = slots.filter((slot) => slot.state === "set_aside");
    if (aside.length === 0) return [finding("slots", "ok", counted(slots.length, "worktree"))];
    const list = aside.slice(0, NAMED).map((slot) =>
      `${slot.path} (${slot.reason ?? "no reason is recorded"})`
    ).join(", ");
    const found = `${counted(aside.length, "worktree")} set aside: ${list}`;
    return [finding("slots", "warning", found, "take from it what you need, then omk clean --discard")];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    return [findingOf("slots", "warning", error)];
  }
}

function named(runs: readonly RunGlance[]): string {
  const more = runs.length > NAMED ? ` and ${runs.length - NAMED} more` : "";
  return runs.slice(-NAMED).map((run) => run.run_id).toReversed().join(", ") + more;
}
