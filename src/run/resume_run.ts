/** Taking over a run whose controller is gone: to go on with it, to end it, or to deliver it. */

import { UsageError } from "../errors.ts";
import { discoverRepository } from "../git/repository.ts";
import { draft } from "../log/event.ts";
import type { PayloadOf } from "../log/kinds.ts";
import { createRunState, type RunState } from "../scheduler/run_state.ts";
import type { RunDirectory } from "./directory.ts";
import { loadRunPlan } from "./load_run.ts";
import { type ProcessLock, takeControllerLock, takeDirectoryLock } from "./process_lock.ts";
import { type Machinery, openLogAndFold, type RunWatcher, Session, startMachinery } from "./session.ts";
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
  readonly worktreeDirectory?: string | undefined;
  readonly watcher: RunWatcher;
  /** Called with the folded state before anything is changed; throws where the run must be left alone. */
  readonly check: (state: RunState) => void;
}

/**
 * Becomes the controller of a run: ends what its dead predecessor left running, and opens the next incarnation.
 * The session is ready to `run`, which takes up what was under way.
 *
 * @throws {ControllerLockedError} where the controller is alive.
 */
export async function takeOver(directory: RunDirectory, options: TakeOverOptions): Promise<Session> {
  const { plan } = await loadRunPlan(directory);
  const locks: ProcessLock[] = [takeControllerLock(directory.controllerLock, directory.runId)];
  let machinery: Machinery | null = null;
  try {
    const state = createRunState(plan);
    const log = await openLogAndFold(directory, plan, (event) => apply(state, event));
    try {
      options.check(state);
      refuseTampered(directory, state);
      const worksInPlace = plan.tasks.some((task) => task.isolation === "none");
      if (worksInPlace) locks.push(takeDirectoryLock(options.home, state.run.directory));
      const repository = state.run.base === null ? null : await discoverRepository(state.run.directory);
      machinery = await startMachinery({ env: options.env, repository, worktreeDirectory: options.worktreeDirectory });
      const { supervisor, workspace } = machinery;
      if (state.run.controller !== null) await supervisor.endMarked(state.run.controller.mark);
      const incarnation = state.run.incarnation + 1;
      const [resumed] = await log.append([draft("run_resumed", "run", `controller/${incarnation}`, {
        incarnation,
        controller: { ...supervisor.self, mark: supervisor.mark },
        by: options.by,
        onto: options.onto ?? null,
      })]);
      if (resumed !== undefined) {
        apply(state, resumed);
        options.watcher.onEvent?.(resumed, state);
      }
      if (state.run.base !== null) await workspace?.openRun(directory.runId, state.run.base.commit);
      return new Session({
        directory,
        plan,
        state,
        log,
        machinery,
        locks,
        env: options.env,
        identity: state.run.identity,
        workDirectory: state.run.directory,
        watcher: options.watcher,
      });
    } catch (error) {
      await log.close();
      throw error;
    }
  } catch (error) {
    await machinery?.close();
    for (const lock of locks) lock[Symbol.dispose]();
    throw error;
  }
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
