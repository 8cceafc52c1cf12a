/** From a prepared run to one that is under way. */

import { gitVersion } from "../git/repository.ts";
import type { RepositoryBase } from "../scheduler/run_record.ts";
import { createRunState } from "../scheduler/run_state.ts";
import { buildInfo, VERSION } from "../version.ts";
import { giveBirth } from "./birth.ts";
import { earlierDurations } from "./earlier_durations.ts";
import { type PreparedRun } from "./prepare.ts";
import { type ProcessLock, takeDirectoryLock } from "./process_lock.ts";
import { makeRunId } from "./run_id.ts";
import { type Machinery, openLogAndFold, type RunWatcher, Session, startMachinery } from "./session.ts";
import { apply } from "./state.ts";

/** How a prepared run is started. */
export interface StartOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Where slots lie; undefined: the default of the repository. */
  readonly worktreeDirectory?: string | undefined;
  readonly watcher: RunWatcher;
}

/** Gives birth to the run and makes its controller ready; nothing of it runs before `Session.run`. */
export async function startRun(prepared: PreparedRun, options: StartOptions): Promise<Session> {
  const { plan, home, usesWorktrees } = prepared;
  const repository = usesWorktrees ? prepared.repository : null;
  await Deno.mkdir(home, { recursive: true, mode: 0o700 });
  const worksInPlace = plan.tasks.some((task) => task.isolation === "none");
  const locks: ProcessLock[] = worksInPlace ? [takeDirectoryLock(home, prepared.directory)] : [];
  let machinery: Machinery | null = null;
  try {
    machinery = await startMachinery({ env: options.env, repository, worktreeDirectory: options.worktreeDirectory });
    const runId = makeRunId(Date.now(), crypto.getRandomValues(new Uint8Array(4)));
    const base = await baseOf(prepared, machinery, runId);
    const { supervisor } = machinery;
    const born = await giveBirth({
      home,
      runId,
      plan,
      started: {
        incarnation: 1,
        controller: { ...supervisor.self, mark: supervisor.mark },
        name: plan.name,
        base,
        directory: prepared.directory,
        seed: crypto.randomUUID(),
        selected: prepared.selected === null ? null : [...prepared.selected],
        settings: {
          workers: plan.workers,
          on_failure: plan.on_failure,
          durability: plan.durability,
          gates_detected: prepared.gatesDetected,
        },
        durations: await earlierDurations(home, plan),
        containment: supervisor.containment,
        versions: {
          omk: VERSION,
          runtime: `deno ${buildInfo().deno} (${buildInfo().runtime})`,
          git: prepared.repository?.gitVersion ?? (usesWorktrees ? await gitVersion() : null),
          os: `${Deno.build.os} ${Deno.build.arch}`,
        },
        identity: repository?.identity ?? null,
        case_sensitive: prepared.repository?.caseSensitive ?? true,
        file_system: null,
        known_gaps: [...(repository?.knownGaps ?? [])],
      },
    });
    locks.push(born.lock);
    if (base !== null) await machinery.workspace?.openRun(runId, base.commit);
    const state = createRunState(plan);
    const log = await openLogAndFold(born.directory, plan, (event) => {
      apply(state, event);
      options.watcher.onEvent?.(event, state);
    });
    return new Session({
      directory: born.directory,
      plan,
      state,
      log,
      machinery,
      locks,
      env: options.env,
      identity: repository?.identity ?? null,
      workDirectory: prepared.directory,
      watcher: options.watcher,
    });
  } catch (error) {
    await machinery?.close();
    for (const lock of locks) lock[Symbol.dispose]();
    throw error;
  }
}

/** The commit that tasks start from: HEAD, or a snapshot of the dirty checkout on it. */
async function baseOf(prepared: PreparedRun, machinery: Machinery, runId: string): Promise<RepositoryBase | null> {
  const { workspace } = machinery;
  const head = prepared.repository?.head;
  if (workspace === null || head === null || head === undefined) return null;
  const branch = prepared.repository?.branch ?? null;
  if (!prepared.snapshot) return { commit: head, tree: await workspace.treeOf(head), branch, snapshot: false };
  const snapshot = await workspace.snapshotDirty(runId, {
    identity: workspace.info.identity,
    date: Date.now(),
    message: `Uncommitted changes of the checkout\n\nOmk-Run: ${runId}\n`,
  });
  return { ...snapshot, branch, snapshot: true };
}
