/** `omk log verify`: whether a log is as its writers wrote it. */

import { logBytes } from "../../log/stats.ts";
import { type LogVerdict, verifyLog } from "../../log/verify.ts";
import type { Command, CommandContext } from "../command.ts";
import { LOG_EXIT_CODE_NOTES, LOG_EXIT_CODES, LOG_VERDICTS } from "../log_exit_code.ts";
import { logPath } from "../log_path.ts";
import { NEEDS_READ } from "../needs.ts";
import { logEndLines, placeText } from "../render/log_end.ts";

/** What is to be done about a log that is not as it should be; `log` is the words that name it on a command line. */
const ADVICE: Readonly<Record<LogVerdict, (log: string) => string>> = {
  verified: () => "",
  torn: () => "nothing is to be done",
  corrupt: (log) => `do not append to it; copy what is whole with omk log salvage${log} -o COPY`,
  poisoned: (log) => `check the disk, then go on with omk log repair${log}`,
  unreadable: () => "check the path and its permissions",
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
        `  ${isPlace ? `${placeText(found.at)}: ` : ""}${found.at.why}`,
      );
    }
    if (found.verdict !== "unreadable") {
      const bytes = found.verdict === "verified" ? await logBytes(path) : undefined;
      for (const line of logEndLines(found, bytes)) output.print(line);
    }
    const log = args.positionals[0];
    const advice = ADVICE[found.verdict](log === undefined ? "" : ` ${log}`);
    if (advice !== "") output.note(advice);
    return exit_code;
  },
};
