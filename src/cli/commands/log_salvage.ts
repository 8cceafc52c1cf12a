/** `omk log salvage`: copies what is whole of a damaged log. */

import { ExitCode, UsageError } from "../../errors.ts";
import { salvageLog } from "../../log/salvage.ts";
import type { Command, CommandContext } from "../command.ts";
import { LOG_EXIT_CODES } from "../log_exit_code.ts";
import { logPath } from "../log_path.ts";
import { requireLogFile } from "../log_source.ts";
import { logEndLines, placeText } from "../render/log_end.ts";

/** See the module. */
export const logSalvageCommand: Command = {
  name: "log salvage",
  summary: "copy what is whole of a damaged log",
  usage: ["omk log salvage FILE -o COPY", "omk log salvage [RUN] -o COPY"],
  description: [
    "Copies every commit of a log from the first on, up to the first that does not verify, to a new file, and syncs it.\n" +
    "The copy is a log of its own, all segments in one file: it verifies, and every event in it is as it was written.\n" +
    "The log itself is only read, whatever is wrong with it, and may be appended to meanwhile.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    {
      name: "output",
      short: "o",
      type: "string",
      placeholder: "COPY",
      description: "The file to write, which must not exist (required)",
    },
  ],
  examples: [
    { command: "omk log salvage audit.jsonl -o whole.jsonl", note: "what can be trusted of a damaged log" },
    { command: "omk log salvage latest -o run.jsonl", note: "the newest run's log as of now, in one file" },
  ],
  exitCodes: [
    { code: LOG_EXIT_CODES.verified, meaning: "all of the log is in the copy" },
    { code: ExitCode.USAGE, meaning: "wrong usage, no such file or run, or COPY exists" },
    {
      code: ExitCode.FAILED_INFRA,
      meaning: "the log cannot be read, or the copy not be written: there is none",
    },
    { code: LOG_EXIT_CODES.torn, meaning: "all but a last commit that was cut short" },
    { code: LOG_EXIT_CODES.corrupt, meaning: "only what is before the first damage" },
  ],
  needs: { run: false, write: true },
  async run(context: CommandContext): Promise<number> {
    const { args, output, json, cwd } = context;
    const path = await logPath(context, args.positionals[0]);
    const to = args.text("output");
    if (to === undefined || to === "") {
      throw new UsageError({
        what: "omk log salvage needs to know where to write the copy",
        fix: "name a new file with -o",
      });
    }
    await requireLogFile(path);
    const copy = to.startsWith("/") ? to : `${cwd}/${to}`;
    await requireNew(copy);
    const report = await salvageLog(path, copy);
    const { stopped } = report;
    const exit_code = LOG_EXIT_CODES[stopped?.verdict ?? "verified"];
    if (json) {
      output.json({ schema_version: 1, path, copy, ...report, stopped: stopped ?? null, exit_code });
      return exit_code;
    }
    output.print(
      `${copy}: ${output.style.bold(stopped === undefined ? "all of the log" : "a part of the log")}`,
    );
    for (const line of logEndLines(report, report.bytes)) output.print(line);
    if (stopped !== undefined) {
      output.print(`  stopped in ${stopped.path}, ${placeText(stopped)}: ${stopped.why}`);
    }
    return exit_code;
  },
};

/** A copy never takes the place of a file: that may be the only whole one. */
async function requireNew(path: string): Promise<void> {
  try {
    await Deno.lstat(path);
  } catch (error) {
    // Whatever else is wrong with it is said when it is created.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return;
    throw error;
  }
  throw new UsageError({
    what: "Cannot write the copy",
    where: path,
    why: "the file exists",
    fix: "name another with -o",
  });
}
