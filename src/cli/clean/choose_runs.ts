/** Which runs `omk clean` may remove: those that are finished, old enough, and whose result is delivered. */

import { reasonOf } from "../../errors.ts";
import { decode, runGit } from "../../git/command.ts";
import { runDirectory } from "../../run/directory.ts";
import { listRunIds } from "../../run/find_run.ts";
import { type LoadedRun, loadRun, standingOf } from "../../run/load_run.ts";
import type { RunRecord } from "../../scheduler/run_record.ts";
import { glanceAtRun } from "../glance.ts";
import type { CleanQuery, Kept, RunToRemove } from "./clean_plan.ts";

/** A choice of runs. */
export interface RunChoice {
  readonly remove: readonly RunToRemove[];
  readonly kept: readonly Kept[];
}

/** Chooses among the runs of a place. `commonDir` is null outside a repository; `now` the wall clock, milliseconds. */
export async function chooseRuns(
  home: string,
  commonDir: string | null,
  query: CleanQuery,
  now: number,
): Promise<RunChoice> {
  const remove: RunToRemove[] = [];
  const kept: Kept[] = [];
  for (const runId of query.runIds ?? await listRunIds(home)) {
    const directory = runDirectory(home, runId);
    if (query.runIds === null) {
      const glance = await glanceAtRun(directory, now);
      const last = glance.finished_at ?? glance.started_at;
      const isYoung = last === null ? !query.discard : now - Date.parse(last) < query.keepMs;
      if (isYoung) continue;
    }
    const verdict = await judge(home, commonDir, runId, query.discard);
    if ("why" in verdict) kept.push(verdict);
    else remove.push(verdict);
  }
  return { remove, kept };
}

async function judge(
  home: string,
  commonDir: string | null,
  runId: string,
  discard: boolean,
): Promise<RunToRemove | Kept> {
  const keep = (why: string): Kept => ({ kind: "run", name: runId, why });
  let loaded: LoadedRun;
  try {
    loaded = await loadRun(runDirectory(home, runId));
  } catch (error) {
    const why = `it cannot be read: ${reasonOf(error)}`;
    if (!discard) return keep(`${why}; --discard removes it`);
    return { runId, standing: "unreadable", ended_at: null, mark: null, loses: "all that is in it" };
  }
  const { run } = loaded.state;
  const standing = standingOf(loaded);
  if (loaded.isControlled) return keep(`it is ${standing}`);
  const ended_at = new Date(run.finished_at ?? run.last_ts).toISOString();
  if (run.phase !== "finished") {
    if (!discard) return keep(`it is ${standing}: go on with omk resume ${runId}, or add --discard`);
    const loses = "the work of its interrupted attempts";
    return { runId, standing, ended_at, mark: run.controller?.mark ?? null, loses };
  }
  const undelivered = await undeliveredWork(commonDir, run);
  if (undelivered !== null && !discard) {
    const anyway = run.status === "ready" ? "" : " --anyway";
    return keep(`${undelivered} is on no branch: omk merge ${runId}${anyway}, or add --discard`);
  }
  return { runId, standing, ended_at, mark: null, loses: undelivered };
}

/** What would be lost with a finished run; null where a branch or tag has its result, or it has none. */
async function undeliveredWork(commonDir: string | null, run: RunRecord): Promise<string | null> {
  const { head, base } = run;
  const isEmpty = head === null || base === null || head.commit === base.commit;
  if (isEmpty || commonDir === null || run.verdict?.accepted === false) return null;
  const { code, stdout } = await runGit(
    ["rev-list", "--max-count=1", head.commit, "--not", "--branches", "--tags", "--remotes"],
    { cwd: commonDir, profile: "local", env: { GIT_DIR: commonDir }, okCodes: [0, 128] },
  );
  const isDelivered = code === 0 && decode(stdout).trim() === "";
  return isDelivered ? null : "its result";
}
