/** What an earlier run left that a new one can take over: read from its log, its repository and its files. */

import { sha256OfFile } from "../digest.ts";
import { InfraError, reasonOf, UsageError } from "../errors.ts";
import { syncFile } from "../git/files.ts";
import { differingPaths, openGitAccess } from "../git/git_access.ts";
import type { RepositoryInfo, Workspace } from "../git/port.ts";
import type { PayloadOf } from "../log/kinds.ts";
import { chooseReusable, type EarlierRun, nextReusable } from "../scheduler/reuse.ts";
import type { ReusableAttempt } from "../scheduler/run_record.ts";
import type { RunState } from "../scheduler/run_state.ts";
import { type RunDirectory, runDirectory } from "./directory.ts";
import { loadRun } from "./load_run.ts";
import type { PreparedRun } from "./prepare.ts";

/** The outputs of an earlier run are gone or damaged. */
export class ReuseError extends InfraError {
  override readonly name = "ReuseError";
}

/** What a run may take over. */
export type Reuse = NonNullable<PayloadOf<"run_started">["reuse"]>;

/**
 * What a run that is only looked at could take over of an earlier one: as `findReusable`, but nothing is written, and
 * every uncommitted change that would be part of the base counts as a path in which the bases differ. Undefined where no
 * task works on a commit.
 */
export async function foreseeReuse(
  prepared: PreparedRun,
  earlier: RunDirectory,
): Promise<Reuse | undefined> {
  const { repository, usesWorktrees, snapshot } = prepared;
  const head = repository?.head ?? null;
  if (repository === null || head === null || !usesWorktrees) return undefined;
  const commits = await openGitAccess(repository).commits([head]);
  const tree = commits.get(head)?.tree;
  if (tree === undefined) return undefined;
  const workspace: Pick<Workspace, "changedPaths"> = {
    async changedPaths(from, to) {
      const differing = await differingPaths(repository, from, to);
      const uncommitted = snapshot ? repository.dirty : [];
      return [...differing, ...uncommitted].map((path) => ({ path, change: "modified" }));
    },
  };
  return await findReusable(prepared, earlier, { tree }, { workspace, repository });
}

/**
 * What `prepared` can take over of an earlier run, for its `run_started`. What is not there any more in full is left out,
 * and will be run.
 *
 * @throws {UsageError} where the log of that run cannot be trusted.
 */
export async function findReusable(
  prepared: PreparedRun,
  earlier: RunDirectory,
  base: { readonly tree: string },
  { workspace, repository }: {
    readonly workspace: Pick<Workspace, "changedPaths">;
    readonly repository: RepositoryInfo;
  },
): Promise<Reuse> {
  const pins = new Map<string, PayloadOf<"attempt_pinned">>();
  const { plan, state } = await loadRun(earlier, {
    onEvent: ({ kind, payload }) => {
      if (kind === "attempt_pinned") pins.set(`${payload.task_id}/${payload.attempt}`, payload);
    },
  });
  if (state.run.tampered_at !== null || state.run.violations.length > 0) {
    throw new UsageError({
      what: `Cannot take over anything of run ${earlier.runId}`,
      where: earlier.events,
      why: "its log holds facts that its controller did not write",
      fix: "run without --reuse",
    });
  }
  const none = { run: earlier.runId, tasks: [] };
  if (state.run.base === null) return none;
  const git = openGitAccess(repository);
  const there = await git.commits([state.run.base.commit]);
  if (!there.has(state.run.base.commit)) return none;
  const changed = await workspace.changedPaths(state.run.base.tree, base.tree);
  const attempts = await stillThere(completedAttempts(state, pins), repository, earlier);
  const known: EarlierRun = { plan, attempts, changed: changed.map(({ path }) => path) };
  const options = { caseSensitive: repository.caseSensitive };
  return { ...none, tasks: chooseReusable(prepared.plan, prepared.selected, known, options) };
}

/**
 * Copies the outputs that a run takes over to its own, unless they are there. Nothing happens where nothing is left to
 * take over.
 *
 * @throws {ReuseError} where they have gone since the run started.
 */
export async function takeOverOutputs(state: RunState, home: string, directory: RunDirectory): Promise<void> {
  const { reuse } = state.run;
  if (reuse === undefined || nextReusable(state) === undefined) return;
  const source = runDirectory(home, reuse.run).outputs;
  const digests = new Set(
    reuse.tasks.slice(reuse.next).flatMap(({ outputs }) => outputs.map(({ sha256 }) => sha256)),
  );
  try {
    if (digests.size > 0) await Deno.mkdir(directory.outputs, { recursive: true });
    for (const digest of digests) {
      if (await holds(directory.outputs, digest)) continue;
      const fresh = `${directory.outputs}/.new-${crypto.randomUUID()}`;
      await Deno.copyFile(`${source}/${digest}`, fresh);
      await syncFile(fresh);
      await Deno.rename(fresh, `${directory.outputs}/${digest}`);
    }
  } catch (error) {
    throw new ReuseError({
      what: `Cannot take over the outputs of run ${reuse.run}`,
      where: source,
      why: reasonOf(error),
      fix: "start a run without --reuse",
      cause: error,
    });
  }
}

/** The attempts that completed the tasks of a run, whether it ran them or had taken them over itself. */
function completedAttempts(
  state: RunState,
  pins: ReadonlyMap<string, PayloadOf<"attempt_pinned">>,
): ReusableAttempt[] {
  const { run } = state;
  // What a task had added to the run is no part of its work: only running it again proposes that anew.
  const proposers = new Set(state.tasks.map(({ proposed_by }) => proposed_by?.task_id));
  const before = new Map(run.reuse?.tasks.map((each) => [each.task_id, each]));
  return state.tasks.flatMap((task): ReusableAttempt[] => {
    if (task.state !== "completed" || proposers.has(task.id)) return [];
    const { id: task_id, attempt, token, base, outputs } = task;
    const taken = before.get(task_id);
    if (task.reused !== undefined) return taken === undefined ? [] : [taken];
    const pin = pins.get(`${task_id}/${attempt}`);
    if (pin === undefined || token === null || base === null) return [];
    return [{
      task_id,
      from: { run: run.run_id, attempt },
      token,
      base,
      pin: pin.commit,
      changed: pin.changed,
      secrets: pin.secrets,
      outputs: [...outputs],
    }];
  });
}

/** Those whose commits are still in the repository and whose outputs are still what they were, by task. */
async function stillThere(
  attempts: readonly ReusableAttempt[],
  repository: RepositoryInfo,
  earlier: RunDirectory,
): Promise<ReadonlyMap<string, ReusableAttempt>> {
  const ids = attempts.flatMap(({ base, pin }) => pin === null ? [] : [base, pin]);
  const commits = await openGitAccess(repository).commits([...new Set(ids)]);
  const kept = new Map<string, ReusableAttempt>();
  for (const each of attempts) {
    if (each.pin !== null && !(commits.has(each.pin) && commits.has(each.base))) continue;
    const digests = await Promise.all(each.outputs.map(({ sha256 }) => holds(earlier.outputs, sha256)));
    if (digests.every(Boolean)) kept.set(each.task_id, each);
  }
  return kept;
}

/** Whether the directory has a file whose name is its digest. */
async function holds(directory: string, digest: string): Promise<boolean> {
  try {
    return (await sha256OfFile(`${directory}/${digest}`)).sha256 === digest;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
