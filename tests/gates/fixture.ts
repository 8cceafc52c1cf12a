/** What the tests of gates share: definitions, requests, and a runner on real processes. */

import { type Clock, systemClock } from "../../src/clock.ts";
import type { GateRequest, GateRunner } from "../../src/gates/port.ts";
import { createGateRunner } from "../../src/gates/run.ts";
import type { Workspace } from "../../src/git/port.ts";
import { createStreamRedactor } from "../../src/log/stream_redactor.ts";
import type { GateSpec } from "../../src/plan/spec.ts";
import { createSupervisor } from "../../src/process/supervisor.ts";
import { PLAIN_WORKTREE } from "../git/fixture.ts";
import { PATH_ONLY } from "../process/fixture.ts";
import { makeGate, RUN_ID } from "../run/fixture.ts";

export { makeGate };

/** A runner of gates and what its requests need. */
export interface GateBench {
  readonly runner: GateRunner;
  /** The run's directory. */
  readonly runDirectory: string;
  /** A directory in which gates without a commit run. */
  readonly directory: string;
  /** A request with defaults: no commit, run number 1. */
  request(gate: GateSpec, changes?: Partial<GateRequest>): GateRequest;
}

/** A time limit of a gate, which is over when the test says so. */
export class TimeLimit {
  /** For the gate's `timeout_secs`; no other wait of a test is as long. */
  readonly secs = 600;
  readonly #over = Promise.withResolvers<void>();
  /** The clock for the bench. */
  readonly clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) => ms === this.secs * 1000 ? this.#over.promise : systemClock.sleep(ms, signal),
  };

  /** The gate has had its time. */
  end(): void {
    this.#over.resolve();
  }
}

/** Runs a test with a runner whose processes are ended, and directories that are removed, whatever happens. */
export async function withGates(
  workspace: Workspace | null,
  test: (bench: GateBench) => Promise<void>,
  clock: Clock = systemClock,
): Promise<void> {
  const parent = await Deno.realPath(await Deno.makeTempDir({ prefix: "omk-gates-" }));
  const runDirectory = `${parent}/run`;
  const directory = `${parent}/work`;
  await Deno.mkdir(runDirectory);
  await Deno.mkdir(directory);
  try {
    const env = { ...PATH_ONLY, OMK_STRAY: "1", GIT_DIR: "/nowhere" };
    await using supervisor = await createSupervisor({
      clock,
      environment: env,
      createRedactor: createStreamRedactor,
    });
    const runner = createGateRunner({ supervisor, workspace, env, limits: { output_bytes: 1024 * 1024 } });
    await test({
      runner,
      runDirectory,
      directory,
      request: (gate, changes = {}) => ({
        gate,
        runNumber: 1,
        commit: null,
        tree: null,
        task: null,
        holder: { run_id: RUN_ID, task_id: `gate.${gate.name}`, attempt: 1, token: 0 },
        directory,
        worktree: PLAIN_WORKTREE,
        restore: [],
        runDirectory,
        signal: new AbortController().signal,
        ...changes,
      }),
    });
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}
