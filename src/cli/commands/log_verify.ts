/** `omk log verify`: whether a log is as its writers wrote it. */

import { type LogVerdict, verifyLog } from "../../log/verify.ts";
import type { Command, CommandContext } from "../command.ts";
import { LOG_EXIT_CODE_NOTES, LOG_EXIT_CODES, LOG_VERDICTS } from "../log_exit_code.ts";
import { logPath } from "../log_path.ts";
import { NEEDS_READ } from "../needs.ts";
import { counted, formatBytes } from "../render/text.ts";

/** What is to be done about a log that is not as it should be. */
const ADVICE: Readonly<Record<LogVerdict, string>> = {
  verified: "",
  torn: "nothing is to be done",
  corrupt: "keep a copy, and do not append to it",
  poisoned: "check the disk before anything else",
  unreadable: "check the path and its permissions",
};

/** See the module. */
export const logVerifyCommand: Command = {
  name: "log verify",
  summary: "check a log file commit by commit",
  usage: ["omk log verify FILE", "omk log verify [RUN]"],
  description: [
    "Reads a log from its beginning, a run's or any file in the format of omk's logs, and recomputes the sum of every\n" +
    "commit and the chain between them. It changes nothing, and says what is whole and where the first damage is.\n" +
    "What the events mean is not looked at: omk verify does that for a run.",
  ],
  positionals: { min: 0, max: 1 },
  options: [],
  examples: [
    { command: "omk log verify", note: "the log of the newest run" },
    { command: "omk log verify audit.jsonl --json", note: "a log of your own, for a program" },
    { command: "omk log verify || test $? -eq 10", note: "accept a log whose last write was cut short" },
  ],
  exitCodes: LOG_EXIT_CODE_NOTES,
  needs: NEEDS_READ,
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    const path = await logPath(context, args.positionals[0]);
    const found = await verifyLog(path);
    const exit_code = LOG_EXIT_CODES[found.verdict];
    if (json) {
      output.json({ schema_version: 1, path, ...found, at: found.at ?? null, exit_code });
      return exit_code;
    }
    const { style } = output;
    const verdict = found.verdict === "verified" ? style.green(found.verdict) : style.red(found.verdict);
    output.print(`${path}: ${style.bold(verdict)}, ${LOG_VERDICTS[found.verdict]}`);
    if (found.at !== undefined) {
      const isPlace = found.verdict === "corrupt" || found.verdict === "torn";
      output.print(
        `  ${isPlace ? `line ${found.at.line}, at byte ${found.at.offset}: ` : ""}${found.at.why}`,
      );
    }
    if (found.verdict !== "unreadable") {
      const whole = found.verdict === "verified" ? "" : "whole: ";
      output.print(
        `  ${whole}${counted(found.events, "event")} in ${counted(found.commits, "commit")}${await sizeText(
          path,
        )}`,
      );
      output.print(`  head ${found.head.index} ${found.head.sum}`);
    }
    const advice = ADVICE[found.verdict];
    if (advice !== "") output.note(advice);
    return exit_code;
  },
};

async function sizeText(path: string): Promise<string> {
  const { size } = await Deno.stat(path);
  return `, ${formatBytes(size)}`;
}
