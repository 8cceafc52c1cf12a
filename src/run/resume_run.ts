/** Taking over a run whose controller is gone: to go on with it, to end it, or to deliver it. */

import { UsageError } from "../errors.ts";
import { discoverRepository } from "../git/repository.ts";
import { draft, type RunEvent } from "../log/event.ts";
import type { PayloadOf } from "../log/kinds.ts";
import { findSigningKey } from "../proof/key_file.ts";
import type { RunState } from "../scheduler/run_state.ts";
import type { RunDirectory } from "./directory.ts";
import { loadRunPlan } from "./load_run.ts";
import { processNeeds } from "./process_needs.ts";
import { takeControllerLock, takeDirectoryLock } from "./process_lock.ts";
import { takeOverOutputs } from "./reuse.ts";
import { type MakePlanReader, openLogAndFold, type RunWatcher, Session, startMachinery } from "./session.ts";
import { apply } from "./state.ts";

/** Why and how a run is taken over. */
export interface TakeOverOptions {
  readonly env: Readonly<Record<string, string>>;
  /** omk's home, for the lock of the directory. */
  readonly home: string;
  /** The command that takes over, as the log records it. */
  readonly by: string;
  /** A merge of the run with a branch that has moved, which becomes the head. */
  readonly onto?: PayloadOf<"run_resumed">["onto"];
  /** Whether tasks are started: what they need of the machine must be there, or the run is left alone. */
  readonly startsTasks: boolean;
  readonly watcher: RunWatcher;
  /** Sees the events that are in the log already; all of it is folded for that. */
  readonly onHistory?: (event: RunEvent) => void;
  /** Called with the folded state before anything is changed; throws where the run must be left alone. */
  readonly check: (state: RunState) => void;
  /** Reads the plans of lead agents; undefined where no task is started. */
  readonly planReader?: MakePlanReader | undefined;
}

/**
 * Becomes the controller of a run: ends what its dead predecessor left running, and opens the next incarnation.
 * The session is ready to `run`, which takes up what was under way.
 *
 * @throws {ControllerLockedError} where the controller is alive.
 * @throws {ContainmentError} where the tasks need what this machine cannot give.
 */
export async function takeOver(directory: RunDirectory, options: TakeOverOptions): Promise<Session> {
  await using resources = new AsyncDisposableStack();
  const stored = await loadRunPlan(directory);
  const { plan } = stored;
  const key = await findSigningKey(options.env);
  resources.use(takeControllerLock(directory.controllerLock, directory.runId));
  const { onHistory, watcher } = options;
  const { log, state, snapshotIndex } = await openLogAndFold(directory, stored, {
    onEvent: onHistory,
    onPassedOver: (path, why) =>
      watcher.onWarning?.(`Cannot use ${path}, so the log is read instead: ${why}`),
  });
  resources.use(log);
  options.check(state);
  refuseTampered(directory, state);
  const worksInPlace = plan.tasks.some((task) => task.isolation === "none");
  if (worksInPlace) resources.use(takeDirectoryLock(options.home, state.run.directory));
  const repository = state.run.base === null ? null : await discoverRepository(state.run.directory);
  const { env } = options;
  const worktreeDirectory = state.run.worktree_directory ?? undefined;
  const machinery = resources.use(
    await startMachinery({
      env,
      repository,
      worktreeDirectory,
      ...(options.startsTasks ? { needs: processNeeds(plan, state.run.selected) } : {}),
    }),
  );
  const { supervisor, workspace } = machinery;
  if (state.run.controller !== null) await supervisor.endMarked(state.run.controller.mark);
  const incarnation = state.run.incarnation + 1;
  // What others have appended since the log was read comes before it.
  const unsubscribe = log.subscribe((event) => {
    apply(state, event);
    options.watcher.onEvent?.(event, state);
  });
  await log.append([draft("run_resumed", "run", `controller/${incarnation}`, {
    incarnation,
    controller: { ...supervisor.self, mark: supervisor.mark },
    by: options.by,
    containment: supervisor.containment,
    onto: options.onto ?? null,
  })]);
  unsubscribe();
  const { base, head } = state.run;
  if (base !== null) await workspace?.openRun(directory.runId, base.commit, head?.commit);
  await takeOverOutputs(state, options.home, directory);
  return new Session({
    directory,
    plan: state.plan,
    state,
    log,
    snapshotIndex,
    machinery,
    resources: resources.move(),
    env,
    identity: state.run.identity,
    key,
    workDirectory: state.run.directory,
    watcher: options.watcher,
    planReader: options.planReader,
  });
}

function refuseTampered(directory: RunDirectory, state: RunState): void {
  if (state.run.tampered_at === null && state.run.violations.length === 0) return;
  const at = state.run.tampered_at ?? state.run.violations[0]?.index;
  throw new UsageError({
    what: `Cannot take over run ${directory.runId}`,
    where: `event ${at} of ${directory.events}`,
    why: "its log holds facts that its controller did not write",
    fix: "start a new run; what its tasks made is under refs/omk",
  });
}
