/** The reasons of refusals, in a form in which they can be counted. */

/**
 * The reasons for which a controller refuses a request or a result, as `plainReason` writes them. Of what is wrong with
 * a proposal by itself, which is read like a task of a plan, there are only some; and nobody here looks at the processes
 * that ask.
 */
export const REFUSALS: readonly string[] = [
  "N more were not read: an attempt may make N proposals",
  "X cannot be a task id",
  "X defines a gate; a proposed task can only name gates of the plan",
  "X is for tasks of the plan, and no proposed task can have it",
  "X is no pool of the plan",
  "X must be X, as that of X",
  "X must be that of X, or absent",
  "X names X twice",
  "X names X, where a task of X may not write",
  "X names X, which is no task of the run",
  "X takes X from omk's environment, which X does not get",
  "X was proposed itself, and the plan accepts chains of N",
  "gate X has not failed for the machine",
  "it depends on X, which is not part of this run",
  "it depends on itself",
  "its id X differs from X in case only",
  "no approval X is open",
  "no gate has failed for the machine",
  "no task has failed",
  "no worker X is part of this run",
  "task X depends on X, which did not succeed; retry that first",
  "task X is STATE already",
  "task X is STATE, and waits for no answer",
  "task X is STATE, so it is not at its end",
  "task X is being cancelled already",
  "task X is completed; what it made is in the run's head",
  "task X has no budget of NAME",
  "task X is not part of this run",
  "task X waits for an answer; give it with omk answer",
  "task X waits for more budget; give it with omk budget add --task",
  "the attempt is no longer the current one of its task",
  "the attempt that proposed it did not succeed",
  "the attempt that proposes it is not the current one of its task",
  "the dependencies of the proposals form a cycle",
  "the plan accepts N proposals in a run, and so many were accepted",
  "the plan does not allow proposals",
  "the plan has no task X",
  "the plan sets no budget of NAME",
  "the run has a task X already",
  "the run has ended",
  "the run has ended already",
  "the run is being cancelled already",
  "the run is cancelled",
  "the run is not paused",
  "the run is paused already",
  "the run is ending",
  "worker X does not hold this attempt",
  "worker X has joined already",
  "there is nothing to do",
  "unknown field X",
];

/** A reason without the names and states in it. */
export function plainReason(reason: string): string {
  return reason
    .replace(/"[^"]*"(, "[^"]*")*/g, "X")
    .replace(/form a cycle: .*/, "form a cycle")
    .replace(/\b\d+\b/g, "N")
    .replace(/budget of \w+/, "budget of NAME")
    .replace(
      /^task X is (pending|claimed|running|finished|completed|failed|cancelled|blocked|waiting)(?=,| already)/,
      "task X is STATE",
    );
}
