/** `omk accept` and `omk reject`: what a person decides about a finished run. */

import { ExitCode, UsageError } from "../../errors.ts";
import { findRun } from "../../run/find_run.ts";
import { judgeRun } from "../../run/judge_run.ts";
import type { Command, CommandContext, OptionSpec } from "../command.ts";
import { findAsker, refuseInsideTask } from "../control.ts";
import { locate } from "../place.ts";

const REASON: OptionSpec = {
  name: "reason",
  type: "string",
  placeholder: "TEXT",
  description: "Why; it is recorded, and signed with the verdict",
};

const RECORDED =
  "The verdict, your name and the reason become part of the log. With a key (omk key create, OMK_KEY) they are\n" +
  "signed too, in verdicts.intoto.jsonl: a verification summary of which you are the verifier. The last verdict counts.";

const EXIT_CODES = [
  { code: 0, meaning: "it is recorded" },
  { code: 1, meaning: "the run is not at its end" },
  { code: 2, meaning: "wrong usage, or no such run" },
  { code: 5, meaning: "the machine failed" },
] as const;

/** `omk accept`. */
export const acceptCommand: Command = {
  name: "accept",
  summary: "record that a person accepts what a run made",
  usage: ["omk accept [RUN]"],
  description: [
    "Says that you have looked at what a finished run made, and take it. Where the run waits for a person because its\n" +
    "work deleted or skipped tests, it comes to its end with that: a new proof is written, which names you. It changes\n" +
    "nothing else of what omk itself has found: a run that is not ready stays so.",
    RECORDED,
  ],
  positionals: { min: 0, max: 1 },
  options: [REASON],
  examples: [
    { command: "omk accept", note: "the newest run" },
    { command: 'omk accept latest --reason "read it line by line"', note: "and say why" },
  ],
  exitCodes: EXIT_CODES,
  run: (context) => judge(context, true, context.args.text("reason") ?? "accepted by omk accept"),
};

/** `omk reject`. */
export const rejectCommand: Command = {
  name: "reject",
  summary: "record that a person rejects what a run made",
  usage: ["omk reject [RUN] --reason TEXT"],
  description: [
    "Says that what a finished run made is not to be used, and why. omk merge refuses it from then on, unless with\n" +
    "--anyway or after omk accept. Nothing of its work is removed.",
    RECORDED,
  ],
  positionals: { min: 0, max: 1 },
  options: [REASON],
  examples: [
    { command: 'omk reject --reason "the limit must be per key"', note: "the newest run" },
    { command: 'omk reject 20261120-2350 --reason "wrong branch"', note: "another one" },
  ],
  exitCodes: EXIT_CODES,
  run(context) {
    const reason = context.args.text("reason");
    if (reason !== undefined) return judge(context, false, reason);
    throw new UsageError({
      what: "omk reject needs a reason",
      why: "whoever reads the log later must know what was wrong",
      fix: 'give --reason "…"',
    });
  },
};

async function judge(context: CommandContext, accepted: boolean, reason: string): Promise<number> {
  const verb = accepted ? "accept" : "reject";
  refuseInsideTask(context, verb);
  await findAsker(context, `Cannot ${verb} a run`);
  const { args, env, output, json } = context;
  const { home } = await locate(context);
  const directory = await findRun(home, args.positionals[0]);
  const { by, signedBy, status } = await judgeRun(directory, { env, home, accepted, reason });
  if (json) {
    output.json({
      schema_version: 1,
      run_id: directory.runId,
      accepted,
      by,
      reason,
      signed_by: signedBy,
      status,
    });
  } else {
    const signature = signedBy === null ? "" : `, signed with key ${signedBy.slice(0, 12)}`;
    output.print(
      `run ${output.style.bold(directory.runId)} is ${
        accepted ? "accepted" : "rejected"
      } by ${by}${signature}; it is ${status}`,
    );
  }
  return ExitCode.OK;
}
