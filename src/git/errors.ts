/** The conditions of repositories and slots that callers tell apart. */

import { InfraError, OmkError, UsageError } from "../errors.ts";

/** What is known of a git call that failed. */
export interface GitFailure {
  /** Arguments without omk's own `-c` options. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Null where git was ended by its deadline, a signal or the caller. */
  readonly exitCode: number | null;
  readonly stderr: string;
  /** Set where it was not git itself that gave up. */
  readonly ended?: "timed_out" | "aborted";
}

/** A git call failed; nothing is known of why beyond what git printed. */
export class GitError extends InfraError {
  override readonly name: string = "GitError";
  /** The failed call. */
  readonly failure: GitFailure;

  /** Builds the message from the end of what git printed. */
  constructor(failure: GitFailure) {
    super({
      what: `Cannot run "git ${failure.argv.join(" ").slice(0, 200)}"`,
      where: failure.cwd,
      why: failure.ended === undefined
        ? lastLines(failure.stderr) || `it ended with code ${failure.exitCode}`
        : failure.ended === "timed_out"
        ? "it did not end in time"
        : "it was ended by the caller",
    });
    this.failure = failure;
  }
}

/** git is not installed, or cannot be started. */
export class GitMissingError extends InfraError {
  override readonly name: string = "GitMissingError";
}

/** git is older than omk needs. */
export class GitTooOldError extends InfraError {
  override readonly name: string = "GitTooOldError";
}

/** The directory is in no git repository. */
export class NoRepositoryError extends UsageError {
  override readonly name: string = "NoRepositoryError";
}

/** The repository has no commit that tasks could start from. */
export class NoCommitError extends UsageError {
  override readonly name: string = "NoCommitError";
}

/** There is no checkout here: the repository is bare, or the directory is inside a git directory. */
export class NoCheckoutError extends UsageError {
  override readonly name: string = "NoCheckoutError";
}

/** A partial clone lacks files of the base. */
export class MissingBlobsError extends UsageError {
  override readonly name: string = "MissingBlobsError";
}

/** The checkout is in a state of which no snapshot can be taken. */
export class SnapshotError extends UsageError {
  override readonly name: string = "SnapshotError";
}

/** A ref of omk has another value than the log says. */
export class RefMovedError extends InfraError {
  override readonly name: string = "RefMovedError";
}

/** The directory of a slot is gone, or is no directory any more: there is nothing to pin. */
export class SlotLostError extends OmkError {
  override readonly name: string = "SlotLostError";
}

/** A slot could not be made ready; no task has run in it. */
export class SlotError extends InfraError {
  override readonly name: string = "SlotError";
}

/** The set-up, a copied file or a restored output is wrong: the plan or the repository must be changed. */
export class SetupError extends OmkError {
  override readonly name: string = "SetupError";
  /** The paths that the error is about, relative to the slot. */
  readonly paths: readonly string[];

  /** Takes the paths beside the parts of the message. */
  constructor(detail: ConstructorParameters<typeof OmkError>[0], paths: readonly string[] = []) {
    super(detail);
    this.paths = paths;
  }
}

/** An output of a task cannot be stored. */
export class OutputError extends OmkError {
  override readonly name: string = "OutputError";
}

/** A lock of the slots was not granted in time. */
export class WorktreeLockError extends InfraError {
  override readonly name: string = "WorktreeLockError";
}

/** The end of what git printed, on one line. */
function lastLines(stderr: string): string {
  return stderr.trim().split("\n").slice(-5).join(" | ").slice(-1000);
}
