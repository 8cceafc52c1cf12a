/** From a prepared run to one that is under way. */

import { findSigningKey } from "../proof/key_file.ts";
import type { PlanLock } from "../log/kinds.ts";
import type { RepositoryBase } from "../scheduler/run_record.ts";
import { buildInfo, VERSION } from "../version.ts";
import { type Birth, giveBirth } from "./birth.ts";
import type { RunDirectory } from "./directory.ts";
import { earlierDurations } from "./earlier_durations.ts";
import { listRunIds } from "./find_run.ts";
import type { PreparedRun } from "./prepare.ts";
import { takeDirectoryLock } from "./process_lock.ts";
import { processNeeds } from "./process_needs.ts";
import { findReusable, takeOverOutputs } from "./reuse.ts";
import { makeRunId } from "./run_id.ts";
import {
  type Machinery,
  type MakePlanReader,
  openLogAndFold,
  type RunWatcher,
  Session,
  startMachinery,
} from "./session.ts";

/** How a prepared run is started. */
export interface StartOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Where slots lie; undefined: the default of the repository. */
  readonly worktreeDirectory?: string | undefined;
  readonly watcher: RunWatcher;
  /** The earlier run of which what fits is taken over; undefined: of none. */
  readonly reuse?: RunDirectory | undefined;
  /** With which agents it is started; undefined where it starts none. */
  readonly planLock?: PlanLock | undefined;
  /** Reads the plans of lead agents; undefined where no task of the plan makes one. */
  readonly planReader?: MakePlanReader | undefined;
}

/** Gives birth to the run and makes its controller ready; nothing of it runs before `Session.run`. */
export async function startRun(prepared: PreparedRun, options: StartOptions): Promise<Session> {
  const { plan, home, usesWorktrees } = prepared;
  const repository = usesWorktrees ? prepared.repository : null;
  const key = await findSigningKey(options.env);
  await Deno.mkdir(home, { recursive: true, mode: 0o700 });
  await using resources = new AsyncDisposableStack();
  const worksInPlace = plan.tasks.some((task) => task.isolation === "none");
  if (worksInPlace) resources.use(takeDirectoryLock(home, prepared.directory));
  const { env, worktreeDirectory } = options;
  const machinery = resources.use(
    await startMachinery({
      env,
      repository,
      worktreeDirectory,
      needs: processNeeds(plan, prepared.selected),
    }),
  );
  const newest = (await listRunIds(home)).at(-1);
  const runId = makeRunId(Date.now(), crypto.getRandomValues(new Uint8Array(4)), newest);
  const { base, gaps } = await baseOf(prepared, machinery, runId);
  const { workspace } = machinery;
  const reuse = options.reuse === undefined || base === null || workspace === null || repository === null
    ? undefined
    : await findReusable(prepared, options.reuse, base, { workspace, repository });
  const started = {
    ...await startPayload(prepared, machinery, { base, gaps, worktreeDirectory }),
    ...(options.planLock === undefined ? {} : { plan_lock: options.planLock }),
    ...(reuse === undefined ? {} : { reuse }),
  };
  const { directory, digest, lock } = await giveBirth({ home, runId, plan, started });
  resources.use(lock);
  if (base !== null) await workspace?.openRun(runId, base.commit);
  const { onEvent } = options.watcher;
  const { log, state, snapshotIndex } = await openLogAndFold(directory, { plan, digest }, { onEvent });
  resources.use(log);
  await takeOverOutputs(state, home, directory);
  return new Session({
    directory,
    plan: state.plan,
    state,
    log,
    snapshotIndex,
    machinery,
    resources: resources.move(),
    env,
    identity: repository?.identity ?? null,
    key,
    workDirectory: prepared.directory,
    watcher: options.watcher,
    planReader: options.planReader,
  });
}

async function startPayload(
  prepared: PreparedRun,
  machinery: Machinery,
  found: {
    readonly base: RepositoryBase | null;
    readonly gaps: readonly string[];
    readonly worktreeDirectory: string | undefined;
  },
): Promise<Birth["started"]> {
  const { base, gaps, worktreeDirectory } = found;
  const { plan, repository, usesWorktrees } = prepared;
  const { supervisor } = machinery;
  const build = buildInfo();
  return {
    incarnation: 1,
    controller: { ...supervisor.self, mark: supervisor.mark },
    name: plan.name,
    base,
    directory: prepared.directory,
    worktree_directory: worktreeDirectory ?? null,
    seed: crypto.randomUUID(),
    selected: prepared.selected === null ? null : [...prepared.selected],
    settings: {
      workers: plan.workers,
      on_failure: plan.on_failure,
      durability: plan.durability,
      gates_detected: prepared.gatesDetected,
    },
    durations: await earlierDurations(prepared.home, plan),
    containment: supervisor.containment,
    ...(supervisor.memoryLimit === null ? {} : { memory_limit: supervisor.memoryLimit }),
    versions: {
      omk: VERSION,
      runtime: `deno ${build.deno} (${build.runtime})`,
      git: repository?.gitVersion ?? null,
      os: `${Deno.build.os} ${Deno.build.arch}`,
    },
    identity: usesWorktrees ? repository?.identity ?? null : null,
    case_sensitive: repository?.caseSensitive ?? true,
    file_system: null,
    ...(usesWorktrees && prepared.protected.length > 0 ? { protected: [...prepared.protected] } : {}),
    known_gaps: usesWorktrees
      ? [...(repository?.knownGaps ?? []), ...(machinery.workspace?.warnings ?? []), ...gaps]
      : [],
  };
}

/** The commit that tasks start from: HEAD, or a snapshot of the dirty checkout on it; with what to say about it. */
async function baseOf(
  prepared: PreparedRun,
  machinery: Machinery,
  runId: string,
): Promise<{ readonly base: RepositoryBase | null; readonly gaps: readonly string[] }> {
  const { workspace } = machinery;
  const head = prepared.repository?.head;
  if (workspace === null || head === null || head === undefined) return { base: null, gaps: [] };
  const branch = prepared.repository?.branch ?? null;
  if (!prepared.snapshot) {
    return { base: { commit: head, tree: await workspace.treeOf(head), branch, snapshot: false }, gaps: [] };
  }
  const { commit, tree, secrets } = await workspace.snapshotDirty(runId, {
    identity: workspace.info.identity,
    date: Date.now(),
    message: `Uncommitted changes of the checkout\n\nOmk-Run: ${runId}\n`,
  });
  const gaps = secrets.map((path) => `The snapshot of the checkout holds what looks like a secret: ${path}`);
  return { base: { commit, tree, branch, snapshot: true }, gaps };
}
