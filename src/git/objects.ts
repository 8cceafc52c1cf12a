/** Names of git objects and of omk's refs. */

import type { ObjectId } from "./port.ts";

/** The tree without entries, which git knows without storing it. */
export const EMPTY_TREE = {
  sha1: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  sha256: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
} as const;

/** File modes of tree entries and index entries. */
export const MODE_SYMLINK = "120000";
/** A commit of another repository: a submodule. */
export const MODE_GITLINK = "160000";

/** The old value that `update-ref` takes for "does not exist yet", as long as the ids of the repository. */
export function zeroId(like: ObjectId): ObjectId {
  return "0".repeat(like.length);
}

/** The refs of one run: `refs/omk/<run>/`. */
export function runRefs(runId: string): string {
  return `refs/omk/${runId}/`;
}

/** The commit that a run starts from. */
export function baseRef(runId: string): string {
  return `${runRefs(runId)}base`;
}

/** What a run has merged so far. */
export function headRef(runId: string): string {
  return `${runRefs(runId)}head`;
}

/** The run's head merged with a branch that had moved, delivered without further gates. */
export function mergedRef(runId: string): string {
  return `${runRefs(runId)}merged`;
}

/** Where the pins of a run are gathered that have no ref of their own any more. */
export function pinsRef(runId: string): string {
  return `${runRefs(runId)}pins`;
}

/** The refs of a run's attempts. */
export function taskRefs(runId: string): string {
  return `${runRefs(runId)}task/`;
}

/** What an attempt left in the end, or what one iteration of its loop left. */
export function pinRef(runId: string, taskId: string, attempt: number, iteration?: number): string {
  return `${taskRefs(runId)}${taskId}/${attempt}/${
    iteration === undefined ? "pin" : iterationName(iteration)
  }`;
}

/** The name of an iteration in refs and files: `i001`. */
export function iterationName(iteration: number): string {
  return `i${String(iteration).padStart(3, "0")}`;
}
