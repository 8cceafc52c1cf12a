/** `omk help exit-codes`. The statuses come from the log's schema, their codes from the proof's rule. */

import { ExitCode } from "../../errors.ts";
import { KINDS, type RunStatus } from "../../log/kinds.ts";
import { exitCodeOf } from "../../proof/status.ts";
import type { HelpTopic, TopicEntry } from "./topic.ts";

const MEANINGS: Readonly<Record<RunStatus, string>> = {
  ready: "every task is completed, and every required gate passed on the delivered tree",
  passed: "every task is completed, but no gate ran, or nothing is delivered: nothing is proved",
  not_ready: "a task failed, was blocked or did not start, or a required gate did not pass",
  blocked_on_human: "a task waits for a person: omk answer",
  blocked_on_external: "a task waits for something outside: omk answer, then omk resume",
  needs_more_budget: "time, attempts, tokens or money are used up: omk budget add, then omk resume",
  failed_infra: "omk or the machine failed: omk doctor, then omk resume",
  cancelled: "omk cancel, Ctrl-C, SIGTERM or SIGHUP ended it",
};

const OF_COMMANDS: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [ExitCode.OK, "the command did what it was asked for"],
  [ExitCode.NOT_READY, "it could not, or what it checked does not hold"],
  [ExitCode.USAGE, "wrong usage, an invalid plan or configuration, no such run: nothing was started"],
  [ExitCode.FAILED_INFRA, "omk or the machine failed, or a log is damaged"],
];

/** The statuses with their codes, lowest code first. */
function statusEntries(): readonly TopicEntry[] {
  return [...KINDS.run_finished.payload.shape.status.options]
    .sort((a, b) => exitCodeOf(a) - exitCodeOf(b))
    .map((status) => ({
      name: `${String(exitCodeOf(status)).padStart(3)}  ${status}`,
      meaning: MEANINGS[status],
    }));
}

/** See the module. */
export const exitCodesTopic: HelpTopic = {
  sections: [
    {
      title: "",
      paragraphs: [
        "omk run, omk resume and omk retry end with the exit code of the run's status.",
      ],
    },
    { title: "Runs", entries: statusEntries() },
    {
      title: "Other commands",
      entries: OF_COMMANDS.map(([code, meaning]) => ({ name: String(code).padStart(3), meaning })),
      paragraphs: ["Where a command means more than this, its --help lists its codes."],
    },
    {
      title: "In a script",
      example: [
        "omk run --quiet",
        "case $? in",
        "  0) omk merge ;;",
        "  3) omk status ;;         # a question is open",
        "  *) omk logs --failed ;;",
        "esac",
      ],
    },
    {
      title: "Errors",
      paragraphs: [
        "An error is one line on stderr: error: what, where, why, and what to do. With --json it is one JSON object " +
        "there, as omk schema error describes it, and stdout stays what it is.",
      ],
    },
  ],
  seeAlso: ["status --help", "help proof"],
};
