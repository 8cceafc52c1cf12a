/** `omk log repair`: makes a log whole after a failed sync, and open to appends again. */

import { ExitCode } from "../../errors.ts";
import { repairLog, type RepairReport } from "../../log/repair.ts";
import { isDamage } from "../../log/scan.ts";
import { logBytes } from "../../log/stats.ts";
import { verifyLog } from "../../log/verify.ts";
import type { Command, CommandContext } from "../command.ts";
import { LOG_EXIT_CODES, LOG_VERDICTS } from "../log_exit_code.ts";
import { logPath } from "../log_path.ts";
import { requireLogFile } from "../log_source.ts";
import { logEndLines, placeText } from "../render/log_end.ts";
import { counted } from "../render/text.ts";

/** See the module. */
export const logRepairCommand: Command = {
  name: "log repair",
  summary: "open a log to appends again after a failed sync",
  usage: ["omk log repair FILE", "omk log repair [RUN]"],
  description: [
    "Where a sync fails, nobody knows what of the log is on the disk: it is poisoned, and every process refuses to\n" +
    "append to it. Once the disk is sound again, this writes every commit that verifies to a new file, syncs it, puts it\n" +
    "in the place of the old one, and lets processes append again. What does not verify behind the last whole commit is\n" +
    "kept in a file beside the log, and the log records that (log_repaired).",
    "Everybody else waits meanwhile. A commit that was only cut short is repaired too, as the next append would. Damage\n" +
    "that no failed write explains is left as it is: omk log salvage copies what is whole of such a log.",
  ],
  positionals: { min: 0, max: 1 },
  options: [],
  examples: [
    { command: "omk log repair && omk resume", note: "go on with the newest run after a disk error" },
    { command: "omk log repair audit.jsonl", note: "a log of your own" },
  ],
  exitCodes: [
    {
      code: ExitCode.OK,
      meaning: "the log is whole and takes appends, whether it had to be repaired or not",
    },
    { code: ExitCode.USAGE, meaning: "wrong usage, no such file or run" },
    {
      code: ExitCode.FAILED_INFRA,
      meaning: "it cannot be locked, read or written; nothing is lost, and it can be called again",
    },
    { code: LOG_EXIT_CODES.corrupt, meaning: "it is damaged, and was left as it is" },
  ],
  needs: { run: false, write: true },
  async run(context: CommandContext): Promise<number> {
    const path = await logPath(context, context.args.positionals[0]);
    await requireLogFile(path);
    let report: RepairReport;
    try {
      report = await repairLog(path);
    } catch (error) {
      if (isDamage(error)) return await refuse(context, path);
      throw error;
    }
    await print(context, path, report);
    return ExitCode.OK;
  },
};

async function print({ output, json }: CommandContext, path: string, report: RepairReport): Promise<void> {
  if (json) {
    output.json({ schema_version: 1, path, ...report, damage: null, exit_code: ExitCode.OK });
    return;
  }
  const { repaired, poisoned, removed } = report;
  output.print(`${path}: ${output.style.bold(repaired ? "repaired" : "nothing to repair")}`);
  if (poisoned !== null) output.print(`  it was poisoned: ${poisoned}`);
  if (removed !== null) {
    const { offset, bytes, copy } = removed;
    output.print(`  ${counted(bytes, "byte")} from byte ${offset} on did not verify, and are now in ${copy}`);
  }
  for (const line of logEndLines(report, await logBytes(path))) output.print(line);
}

/** Says what is wrong with a log that is not to be repaired. */
async function refuse({ args, output, json }: CommandContext, path: string): Promise<number> {
  const { at, events, commits, head } = await verifyLog(path);
  const exit_code = LOG_EXIT_CODES.corrupt;
  if (json) {
    const nothing = { repaired: false, poisoned: null, removed: null };
    output.json({
      schema_version: 1,
      path,
      ...nothing,
      events,
      commits,
      head,
      damage: at ?? null,
      exit_code,
    });
    return exit_code;
  }
  output.print(`${path}: ${output.style.bold(output.style.red("corrupt"))}, ${LOG_VERDICTS.corrupt}`);
  if (at !== undefined) output.print(`  ${placeText(at)}: ${at.why}`);
  for (const line of logEndLines({ events, commits, head }, undefined)) {
    output.print(line);
  }
  const log = args.positionals[0];
  output.note(
    `nothing was changed; copy what is whole with omk log salvage${
      log === undefined ? "" : ` ${log}`
    } -o COPY`,
  );
  return exit_code;
}
