/** An extra worker process at work on a run: the real log, processes and slots behind an {@linkcode ExtraWorker}. */

import { dirname } from "@std/path";
import { systemClock } from "../clock.ts";
import { UsageError } from "../errors.ts";
import { discoverRepository } from "../git/repository.ts";
import type { RunEvent } from "../log/event.ts";
import { type RunDirectory, workerLock } from "./directory.ts";
import { ExtraWorker } from "./extra_worker.ts";
import { heartbeatsOf } from "./heartbeat_files.ts";
import { loadRunPlan } from "./load_run.ts";
import { processNeeds } from "./process_needs.ts";
import { ProcessLock } from "./process_lock.ts";
import { createAttemptWorker, openLogAndFold, type RunWatcher, startMachinery } from "./session.ts";

/** How a worker is started. */
export interface WorkerSessionOptions {
  readonly env: Readonly<Record<string, string>>;
  /** How many attempts it takes at once. */
  readonly slots: number;
  /** It leaves when it had nothing to do for so long, milliseconds. */
  readonly idleMs: number;
  readonly onEvent: (event: RunEvent) => void;
  readonly onOutput?: RunWatcher["onOutput"];
}

/** A worker that may be run; `dispose` of it when that is over. */
export interface WorkerSession extends AsyncDisposable {
  /** Its name in the log. */
  readonly name: string;
  readonly worker: ExtraWorker;
}

/**
 * Opens the run for an extra worker; it joins when it is run.
 *
 * @throws {UsageError} where the run has ended, or nobody may work for it any more.
 */
export async function startWorker(
  directory: RunDirectory,
  options: WorkerSessionOptions,
): Promise<WorkerSession> {
  await using resources = new AsyncDisposableStack();
  const stored = await loadRunPlan(directory);
  const { log, state } = await openLogAndFold(directory, stored, {});
  resources.use(log);
  const { run } = state;
  refuseEnded(directory, run.phase === "finished" ? `it is finished: ${run.status}` : null);
  refuseEnded(
    directory,
    run.tampered_at === null ? null : "its log holds facts that its controller did not write",
  );
  const repository = run.base === null ? null : await discoverRepository(run.directory);
  const machinery = resources.use(
    await startMachinery({
      env: options.env,
      repository,
      worktreeDirectory: run.worktree_directory ?? undefined,
      needs: processNeeds(state.plan, run.selected),
    }),
  );
  const { supervisor } = machinery;
  const name = `${Deno.pid}-${supervisor.mark.slice(0, 4)}`;
  const lockPath = workerLock(directory, name);
  await Deno.mkdir(dirname(lockPath), { recursive: true, mode: 0o700 });
  const lock = ProcessLock.tryTake(lockPath);
  if (lock === null) throw new UsageError({ what: `Worker ${name} is at work already`, where: lockPath });
  resources.use(lock);
  const attempts = createAttemptWorker({
    directory,
    plan: state.plan,
    machinery,
    env: options.env,
    workDirectory: run.directory,
    watcher: options.onOutput === undefined ? {} : { onOutput: options.onOutput },
  });
  const worker = new ExtraWorker(
    state,
    {
      worker: name,
      mark: supervisor.mark,
      slots: options.slots,
      idleMs: options.idleMs,
    },
    {
      log,
      clock: {
        monotonic: () => systemClock.monotonic(),
        sleep: (ms, signal) => systemClock.sleep(ms, signal),
      },
      attempts,
      runDirectory: directory,
      heartbeats: heartbeatsOf(directory, supervisor),
      onEvent: options.onEvent,
    },
  );
  const held = resources.move();
  return { name, worker, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

function refuseEnded({ runId }: RunDirectory, why: string | null): void {
  if (why === null) return;
  throw new UsageError({
    what: `Cannot work for run ${runId}`,
    why,
    fix: "omk list shows the runs that go on",
  });
}
