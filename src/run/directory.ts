/** Where the files of runs lie. */

import { iterationName } from "../git/objects.ts";
import {
  EVENTS_FILE,
  FAILURE_FILE,
  OUTPUTS_DIRECTORY,
  PATCH_FILE,
  PLAN_FILE,
  PROOF_FILE,
} from "../proof/files.ts";

/** The files of one run. */
export interface RunDirectory {
  readonly runId: string;
  /** Absolute; all other paths are below it. */
  readonly path: string;
  readonly plan: string;
  readonly events: string;
  readonly controllerLock: string;
  readonly proof: string;
  readonly failure: string;
  readonly patch: string;
  /** Outputs that tasks made for their dependents, by digest. */
  readonly outputs: string;
}

/** The files of the run `runId` when its directory is `path`. */
export function runDirectoryAt(path: string, runId: string): RunDirectory {
  return {
    runId,
    path,
    plan: `${path}/${PLAN_FILE}`,
    events: `${path}/${EVENTS_FILE}`,
    controllerLock: `${path}/controller.lock`,
    proof: `${path}/${PROOF_FILE}`,
    failure: `${path}/${FAILURE_FILE}`,
    patch: `${path}/${PATCH_FILE}`,
    outputs: `${path}/${OUTPUTS_DIRECTORY}`,
  };
}

/** The directory of the run `runId` below omk's home. */
export function runDirectory(home: string, runId: string): RunDirectory {
  return runDirectoryAt(`${home}/runs/${runId}`, runId);
}

/** Held by flock as long as the process of an extra worker is there, stopped or not. */
export function workerLock(directory: RunDirectory, worker: string): string {
  return `${directory.path}/workers/${worker}/worker.lock`;
}

/** Output of an attempt, or of one iteration of its loop, relative to the run's directory. */
export function outputPath(taskId: string, attempt: number, iteration?: number): string {
  const name = iteration === undefined ? "output" : `output-${iterationName(iteration)}`;
  return `${attemptDirectory(taskId, attempt)}/${name}.log`;
}

/** What an attempt and what was merged before it changed in the paths of their conflict, relative to the run's directory. */
export function conflictPath(taskId: string, attempt: number): string {
  return `${attemptDirectory(taskId, attempt)}/conflict.diff`;
}

/** Directory of an attempt's artifacts, relative to the run's. */
export function attemptDirectory(taskId: string, attempt: number): string {
  return `tasks/${taskId}/${attempt}`;
}
