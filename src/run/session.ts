/** One omk process at work on one run: the real log, processes, git, gates and proof behind a controller. */

import { dirname } from "@std/path";
import { systemClock } from "../clock.ts";
import { createGateRunner } from "../gates/run.ts";
import { SetupError } from "../git/errors.ts";
import { storeOutputs } from "../git/outputs.ts";
import type { Identity, RepositoryInfo, Workspace } from "../git/port.ts";
import { watchOutside } from "../git/outside_watch.ts";
import { openWorkspace } from "../git/workspace.ts";
import type { RunEvent } from "../log/event.ts";
import { openRunLog } from "../log/file_log.ts";
import type { RunLog } from "../log/port.ts";
import { hasSecret } from "../log/redact.ts";
import { createStreamRedactor } from "../log/stream_redactor.ts";
import type { StoredPlan } from "../plan/plan_json.ts";
import type { Plan } from "../plan/spec.ts";
import type { ProcessNeeds } from "../process/containment.ts";
import type { ProcessIdentity, Voice } from "../process/port.ts";
import { createSupervisor, type LocalSupervisor } from "../process/supervisor.ts";
import type { SigningKey } from "../proof/key.ts";
import { createProofWriter } from "../proof/write.ts";
import { controllerActor } from "../scheduler/decide.ts";
import type { RunState } from "../scheduler/run_state.ts";
import { LOCAL_WORKER } from "../scheduler/workers.ts";
import { createLocalWorker, type LocalWorker, type LocalWorkerOptions } from "../worker/local_worker.ts";
import { ApprovalOffice } from "./approval_office.ts";
import { Controller, type RunEnd } from "./controller.ts";
import type { RunDirectory } from "./directory.ts";
import { earlierTestsIn } from "./earlier_tests.ts";
import { createExtraWorkers } from "./extra_workers.ts";
import { heartbeatsOf } from "./heartbeat_files.ts";
import { type FoldedRun, type FoldOptions, foldRun } from "./load_run.ts";
import type { PlanReader } from "./planning/port.ts";
import { keepSnapshots } from "./run_snapshot.ts";

/** Author of omk's commits where there is no repository to make any in. */
const NOBODY: Identity = { name: "omk", email: "omk@localhost" };

/** What a run looks like from outside while it goes on. */
export interface RunWatcher {
  /** Called for each event once it is folded. */
  readonly onEvent?: (event: RunEvent, state: RunState) => void;
  /** Gets the redacted output of task bodies. */
  readonly onOutput?: (taskId: string, attempt: number, text: string, stream: "stdout" | "stderr") => void;
  /** Gets what is worth knowing and does not concern what comes of the run. */
  readonly onWarning?: (text: string) => void;
}

/** What a controller does its work with: processes and slots. Disposing of it ends what still runs. */
export interface Machinery extends AsyncDisposable {
  readonly supervisor: LocalSupervisor;
  /** Null where no task works in a worktree. */
  readonly workspace: Workspace | null;
}

/**
 * Makes supervisor and workspace. `worktreeDirectory` undefined: the default of the repository.
 *
 * @throws {ContainmentError} where the processes need what cannot be had.
 */
export async function startMachinery(options: {
  readonly env: Readonly<Record<string, string>>;
  readonly repository: RepositoryInfo | null;
  readonly worktreeDirectory?: string | undefined;
  /** What the processes need; absent: no task is started. */
  readonly needs?: ProcessNeeds;
}): Promise<Machinery> {
  const { env, repository, worktreeDirectory, needs } = options;
  const supervisor = await createSupervisor({
    environment: env,
    createRedactor: createStreamRedactor,
    ...(needs === undefined ? {} : { needs }),
  });
  try {
    const workspace = repository === null ? null : await openWorkspace(repository, {
      env,
      findSecrets: hasSecret,
      ...(worktreeDirectory === undefined ? {} : { worktreeDirectory }),
    });
    return {
      supervisor,
      workspace,
      async [Symbol.asyncDispose]() {
        await supervisor.close();
        await workspace?.close();
      },
    };
  } catch (error) {
    await supervisor.close();
    throw error;
  }
}

/** What a session works on. */
export interface SessionOptions {
  readonly directory: RunDirectory;
  /** That of the state, which grows. */
  readonly plan: Plan;
  /** Folded up to the end of the log. */
  readonly state: RunState;
  readonly log: RunLog;
  /** Index of the last event that is in a snapshot; −1 where none is. */
  readonly snapshotIndex: number;
  readonly machinery: Machinery;
  /** Locks, log and machinery: held until the session is closed. */
  readonly resources: AsyncDisposableStack;
  readonly env: Readonly<Record<string, string>>;
  readonly identity: Identity | null;
  /** Signs the proof; null where there is none. */
  readonly key: SigningKey | null;
  /** The directory that the plan's paths are relative to. */
  readonly workDirectory: string;
  readonly watcher: RunWatcher;
  /** Makes what reads the plans of lead agents; absent where nobody may plan. */
  readonly planReader?: MakePlanReader | undefined;
}

/** Makes what reads the plans of lead agents in a run, by its files and what is folded of it. */
export type MakePlanReader = (directory: RunDirectory, state: RunState) => PlanReader;

/**
 * What carries out attempts in this process: of the controller, or of an extra worker. `approvals` answers their agents;
 * absent where none works here.
 */
export function createAttemptWorker(
  { directory, plan, machinery, env, workDirectory, watcher }: Pick<
    SessionOptions,
    "directory" | "plan" | "machinery" | "env" | "workDirectory" | "watcher"
  >,
  approvals?: LocalWorkerOptions["approvals"],
): LocalWorker {
  const { supervisor, workspace } = machinery;
  return createLocalWorker({
    runId: directory.runId,
    plan,
    supervisor,
    workspace,
    runDirectory: directory.path,
    async storeOutputs(root, outputs) {
      const { files, missing } = await storeOutputs(root, outputs, directory.outputs);
      const stored = files.map(({ path, sha256, bytes, executable }) => ({
        path,
        sha256,
        bytes,
        executable,
      }));
      return { stored, missing };
    },
    isSetupError: (error) => error instanceof SetupError,
    directory: workDirectory,
    env,
    ...(approvals === undefined ? {} : { approvals }),
    ...(workspace === null ? {} : {
      watchOutside: () =>
        watchOutside({ checkout: watchedCheckout(plan, workspace), worktreeDir: workspace.worktreeDir }),
    }),
    ...(watcher.onOutput === undefined ? {} : { onOutput: watcher.onOutput }),
  });
}

/** The checkout, unless tasks of the plan work in it by right. */
function watchedCheckout(plan: Plan, { info }: Workspace): string | null {
  return plan.tasks.some(({ isolation }) => isolation === "none") ? null : info.root;
}

/** A controller with all that it needs; `close` it when `run` is over. */
export class Session implements AsyncDisposable {
  readonly controller: Controller;
  readonly #options: SessionOptions;
  #approvals: ApprovalOffice | undefined;

  /** Builds the ports of the controller. */
  constructor(options: SessionOptions) {
    this.#options = options;
    const { directory, plan, state, log, machinery, env, watcher } = options;
    const { supervisor, workspace } = machinery;
    const attempts = createAttemptWorker(options, (ref, spec) => this.#office().deskOf(ref, spec));
    this.controller = new Controller(state, {
      log,
      clock: {
        now: () => log.clock.now(),
        jump: () => log.clock.jump(),
        monotonic: () => systemClock.monotonic(),
        sleep: (ms, signal) => systemClock.sleep(ms, signal),
      },
      attempts,
      extra: createExtraWorkers({ directory, supervisor, attempts }),
      heartbeats: heartbeatsOf(directory, supervisor),
      askers: { originOf: (process) => supervisor.originOf(process) },
      merger: workspace,
      gates: createGateRunner({ supervisor, workspace, env, limits: plan.limits }),
      earlierTests: earlierTestsIn(dirname(dirname(directory.path)), directory.runId),
      proof: createProofWriter({ directory: directory.path, log, workspace, key: options.key }),
      ...(options.planReader === undefined ? {} : { planReader: options.planReader(directory, state) }),
      identity: options.identity ?? NOBODY,
      runDirectory: directory,
      snapshots: keepSnapshots(directory.events, log, {
        last: options.snapshotIndex,
        onFailure: (why) => watcher.onWarning?.(`Cannot keep a snapshot of the run: ${why}`),
      }),
      directory: options.workDirectory,
      ...(watcher.onEvent === undefined ? {} : { onEvent: (event) => watcher.onEvent?.(event, state) }),
    });
  }

  /** Made with the first agent. */
  #office(): ApprovalOffice {
    this.#approvals ??= new ApprovalOffice(this.controller);
    return this.#approvals;
  }

  /** Runs to the end of the run. */
  async run(): Promise<RunEnd> {
    return await this.controller.run();
  }

  /** What the attempt of a task at work in this process has printed so far. */
  voiceOf(taskId: string): Voice | undefined {
    for (const flow of this.controller.attempts()) {
      const { ref } = flow.attempt;
      if (ref.task_id === taskId && flow.worker() === LOCAL_WORKER) return flow.attempt.activity().voice;
    }
    return undefined;
  }

  /** The folded state. */
  get state(): RunState {
    return this.#options.state;
  }

  /** The files of the run. */
  get directory(): RunDirectory {
    return this.#options.directory;
  }

  /** The workspace; null where no task works in a worktree. */
  get workspace(): Workspace | null {
    return this.#options.machinery.workspace;
  }

  /** The actor of this incarnation's facts. */
  get actor(): string {
    return controllerActor(this.#options.state);
  }

  /** This omk process. */
  get identity(): ProcessIdentity {
    return this.#options.machinery.supervisor.self;
  }

  /** How far processes of tasks are found, in words; and whose memory a limit of memory limits. */
  get containment(): string {
    const { containment, memoryLimit } = this.#options.machinery.supervisor;
    return memoryLimit === "process" ? `${containment} (memory is limited for each process)` : containment;
  }

  /** The log of the run. */
  get log(): RunLog {
    return this.#options.log;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.resources.disposeAsync();
  }
}

/** Opens the log of a run for its controller and folds all of it, see {@linkcode foldRun}. */
export async function openLogAndFold(
  directory: RunDirectory,
  stored: StoredPlan,
  options: FoldOptions,
): Promise<FoldedRun & { readonly log: RunLog }> {
  const { durability } = stored.plan;
  const log = await openRunLog(directory.events, { runId: directory.runId, durability });
  try {
    return {
      log,
      ...await foldRun(directory, stored, options, async (position, fold) => {
        for await (const event of log.read(position)) fold(event);
      }),
    };
  } catch (error) {
    await log.close();
    throw error;
  }
}
