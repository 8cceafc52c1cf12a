/**
 * The birth of a run: made under another name, complete and synced, then renamed. What dies before the rename
 * leaves nothing that a command would take for a run.
 */

import { canonicalJson } from "../canonical_json.ts";
import { sha256 } from "../digest.ts";
import { InfraError, reasonOf } from "../errors.ts";
import { draft } from "../log/event.ts";
import { createRunLog } from "../log/file_log.ts";
import type { PayloadOf } from "../log/kinds.ts";
import type { Plan } from "../plan/spec.ts";
import { type ProcessLock, takeControllerLock } from "./process_lock.ts";
import { type RunDirectory, runDirectory, runDirectoryAt } from "./directory.ts";

/** The run's files cannot be made. */
export class BirthError extends InfraError {
  override readonly name = "BirthError";
}

/** What a run is born with. */
export interface Birth {
  /** omk's home. */
  readonly home: string;
  readonly runId: string;
  readonly plan: Plan;
  /** All of `run_started` but the digest of the plan, which is taken here. */
  readonly started: Omit<PayloadOf<"run_started">, "plan_digest">;
}

/** A run that was born: its directory, and the lock that makes this process its controller. */
export interface NewRun {
  readonly directory: RunDirectory;
  /** Of its plan. */
  readonly digest: string;
  readonly lock: ProcessLock;
}

/**
 * Makes the run.
 *
 * @throws {BirthError} where the disk refuses.
 */
export async function giveBirth(birth: Birth): Promise<NewRun> {
  const { home, runId } = birth;
  const directory = runDirectory(home, runId);
  const unborn = runDirectoryAt(`${home}/runs/.new-${runId}`, runId);
  try {
    await Deno.mkdir(unborn.path, { recursive: true, mode: 0o700 });
    const text = canonicalJson(birth.plan);
    await writeSynced(unborn.plan, text);
    const lock = takeControllerLock(unborn.controllerLock, runId);
    const digest = sha256(text);
    await writeFirstEvent(unborn, birth, digest);
    await Deno.rename(unborn.path, directory.path);
    syncDirectory(`${home}/runs`);
    return { directory, digest, lock };
  } catch (error) {
    throw new BirthError({
      what: `Cannot make run ${runId}`,
      where: unborn.path,
      why: reasonOf(error),
      fix: "check the space and the permissions there",
      cause: error,
    });
  }
}

async function writeFirstEvent(unborn: RunDirectory, birth: Birth, plan_digest: string): Promise<void> {
  const log = await createRunLog(unborn.events, { runId: birth.runId, durability: "strict" });
  try {
    await log.append([draft("run_started", "run", "controller/1", { ...birth.started, plan_digest })]);
  } finally {
    await log.close();
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  const bytes = new TextEncoder().encode(text);
  for (let from = 0; from < bytes.length;) from += await file.write(bytes.subarray(from));
  await file.syncData();
}

function syncDirectory(path: string): void {
  const directory = Deno.openSync(path, { read: true });
  using _directory = directory;
  directory.syncSync();
}
