/** `omk verify`: a run's proof, recomputed. */

import { ExitCode } from "../../errors.ts";
import type { Command, CommandContext } from "../command.ts";
import { UNLIMITED_COLUMNS } from "../output.ts";
import { printLines } from "../print_lines.ts";
import { alignColumns } from "../render/text.ts";
import { verifyHere } from "../verify_target.ts";

/** See the module. */
export const verifyCommand: Command = {
  name: "verify",
  summary: "check a run's proof against log, files and git",
  usage: ["omk verify [RUN]", "omk verify FILE|DIRECTORY", "omk verify COMMIT --key PUBLIC_KEY"],
  description: [
    "Recomputes what the proof of a run says: every commit of the log, the plan's digest, the fold of the events and\n" +
    "the status that follows from it, the document itself, all artifacts, and in git the base, the head, its tree,\n" +
    "the merges, the pinned attempts and the patch. It trusts nothing that the run says about itself, and changes\n" +
    "nothing. RUN is latest where it is left out; FILE is what omk export wrote, DIRECTORY a copy of a run's\n" +
    "directory; both are verified in a clone that has the commit that the run started from.",
    "COMMIT is any commit with an attached proof (omk proof attach): the signed statements are checked against the\n" +
    "commit, its tree and its patch, without the run.",
    "With --key every statement must be signed with that key. Without it, signatures of your own key are checked.\n" +
    "Unsigned, a proof shows accidents and edits; only a signature helps against somebody who forges all of it.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    {
      name: "key",
      type: "string",
      placeholder: "FILE",
      description: "The public key that the proof must be signed with, as PEM",
    },
  ],
  examples: [
    { command: "omk verify", note: "the newest run" },
    { command: "omk verify latest --json | jq '.first_failure'", note: "for a script" },
    {
      command: "omk verify run.tar --key omk.pub",
      note: "in a clone, what somebody has exported and signed",
    },
    { command: "omk verify HEAD --key omk.pub", note: "the proof that is attached to a commit" },
  ],
  exitCodes: [
    { code: 0, meaning: "everything holds" },
    { code: 1, meaning: "something does not hold, or there is no proof; the first such thing is named" },
    { code: 2, meaning: "wrong usage, or no such run" },
    { code: 5, meaning: "the machine failed" },
  ],
  needs: { run: true, write: true },
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    const { directory, report } = await verifyHere(context, args.positionals[0], { signatures: true });
    const exitCode = report.ok ? ExitCode.OK : ExitCode.NOT_READY;
    if (json) {
      output.json({ schema_version: 1, directory, ...report, exit_code: exitCode });
      return exitCode;
    }
    const { style } = output;
    const verdict = report.ok ? style.green("verified") : style.red("not verified");
    const status = report.status === null ? "" : `, it is ${report.status}`;
    output.print(
      `run ${style.bold(report.run_id ?? directory)}: ${style.bold(verdict)}${report.ok ? status : ""}`,
    );
    const rows = report.checks.map(({ name, ok, detail }) => [
      `  ${ok ? style.green("holds") : style.red("fails")}`,
      name.replaceAll("_", " "),
      detail,
    ]);
    await printLines(output, () => alignColumns(rows, UNLIMITED_COLUMNS));
    if (report.first_failure !== null) {
      const { name, detail } = report.first_failure;
      output.note(
        `${output.errorStyle.red("error:")} The first thing that does not hold is ${name}: ${detail}`,
      );
    }
    return exitCode;
  },
};
