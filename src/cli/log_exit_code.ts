/** The exit codes of the commands that judge a log file: what a log is, beyond what every command's codes say. */

import { ExitCode } from "../errors.ts";
import type { LogVerdict } from "../log/verify.ts";
import type { ExitCodeNote } from "./command.ts";

/**
 * The exit code of each verdict. They are stable. Those that say something of the log stand apart from those that say
 * how a run ended (1, 3, 4); a log that cannot be read is the machine's fault (5), as everywhere.
 */
export const LOG_EXIT_CODES: Readonly<Record<LogVerdict, number>> = {
  verified: ExitCode.OK,
  unreadable: ExitCode.FAILED_INFRA,
  torn: 10,
  corrupt: 11,
  poisoned: 12,
};

/** What each verdict means, in few words. */
export const LOG_VERDICTS: Readonly<Record<LogVerdict, string>> = {
  verified: "every commit has its sum and follows the one before it",
  torn: "behind the last whole commit is the beginning of another, which the next append removes",
  corrupt: "something stands in it that no writer of omk wrote",
  poisoned: "all its commits are whole, but a sync has failed, so nobody may append",
  unreadable: "the system does not let it be read",
};

/** The codes with their meanings, for the help. */
export const LOG_EXIT_CODE_NOTES: readonly ExitCodeNote[] = [
  { code: LOG_EXIT_CODES.verified, meaning: `verified: ${LOG_VERDICTS.verified}` },
  { code: ExitCode.USAGE, meaning: "wrong usage, or no such run" },
  { code: LOG_EXIT_CODES.unreadable, meaning: `unreadable: ${LOG_VERDICTS.unreadable}` },
  { code: LOG_EXIT_CODES.torn, meaning: `torn: ${LOG_VERDICTS.torn}` },
  { code: LOG_EXIT_CODES.corrupt, meaning: `corrupt: ${LOG_VERDICTS.corrupt}` },
  { code: LOG_EXIT_CODES.poisoned, meaning: `poisoned: ${LOG_VERDICTS.poisoned}` },
];
