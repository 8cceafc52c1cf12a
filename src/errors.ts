/**
 * The base of every error that a user may see.
 *
 * An error says what failed, where, why, and what to do about it; the command line prints these four as
 * `error: what, where, why, and what to do`.
 */

/** The parts of an error message; only `what` is required. Sentences have no full stop at the end. */
export interface ErrorDetail {
  /** What could not be done, as a sentence: `Cannot read the plan`. */
  readonly what: string;
  /** The file, position, task or ref that is concerned. */
  readonly where?: string | undefined;
  /** The system's own reason, or the rule that was broken. */
  readonly why?: string | undefined;
  /** What the user can do, preferably the very command. */
  readonly fix?: string | undefined;
  /** The error that caused this one. */
  readonly cause?: unknown;
}

/**
 * Exit codes of the program. `INTERRUPTED` is the status `cancelled`.
 */
export const ExitCode = {
  OK: 0,
  NOT_READY: 1,
  USAGE: 2,
  BLOCKED: 3,
  NEEDS_MORE_BUDGET: 4,
  FAILED_INFRA: 5,
  INTERRUPTED: 130,
} as const;

/** One of the documented exit codes. */
export type ExitCode = typeof ExitCode[keyof typeof ExitCode];

/** An expected failure with the context that a user needs. Subclasses name the condition. */
export class OmkError extends Error {
  override readonly name: string = "OmkError";
  /** The parts that the message is made of. */
  readonly detail: ErrorDetail;
  /** The exit code of a command that ends with this error. */
  readonly exitCode: ExitCode = ExitCode.NOT_READY;

  /** Builds the message from the parts of `detail`. */
  constructor(detail: ErrorDetail) {
    super(formatDetail(detail), detail.cause === undefined ? undefined : { cause: detail.cause });
    this.detail = detail;
  }
}

/** The command line or the plan is wrong: exit code 2, nothing was started. */
export class UsageError extends OmkError {
  override readonly name: string = "UsageError";
  override readonly exitCode: ExitCode = ExitCode.USAGE;
}

/** The machine, not the work, failed: exit code 5. */
export class InfraError extends OmkError {
  override readonly name: string = "InfraError";
  override readonly exitCode: ExitCode = ExitCode.FAILED_INFRA;
}

/** The message of an unknown thrown value, for `why`. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether the operating system gave this reason: its text says what is wrong, and a stack would only hide that. */
export function isSystemError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  // What the runtime guards by itself, such as files under /proc, has a name of its own and no code.
  return error.name === "NotCapable" ||
    ("code" in error && typeof error.code === "string" && /^E[A-Z0-9]+$/.test(error.code));
}

/** Longer words are told by their beginning: nobody reads on, and what is said after them must be seen. */
const LONGEST_WORD = 1000;
const LONG_WORDS = new RegExp(`\\S{${LONGEST_WORD + 1},}`, "g");
/** So many characters of such a word are told. */
const TOLD_OF_WORD = 100;

function formatDetail(detail: ErrorDetail): string {
  let text = shortened(detail.what);
  if (detail.where !== undefined) text += ` (${shortened(detail.where)})`;
  if (detail.why !== undefined) text += `: ${shortened(detail.why)}`;
  if (detail.fix !== undefined) text += `; ${shortened(detail.fix)}`;
  return text;
}

function shortened(text: string): string {
  return text.replaceAll(LONG_WORDS, (word) => `${word.slice(0, TOLD_OF_WORD)}… (${word.length} characters)`);
}
