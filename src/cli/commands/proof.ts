/** `omk proof`: what a run has proved. */

import { ExitCode } from "../../errors.ts";
import { findRun } from "../../run/find_run.ts";
import type { Command, CommandContext } from "../command.ts";
import { locate } from "../place.ts";
import { REPORT_OPTION, requestedReports, writeReports } from "../reports.ts";
import { parseProof, readProof, readProofText } from "../read_proof.ts";
import { formatDuration } from "../render/duration.ts";

/** See the module. */
export const proofCommand: Command = {
  name: "proof",
  summary: "show what a run has proved",
  usage: ["omk proof [RUN]"],
  description: [
    "Shows the proof that a run left at its end: what was attempted, changed, passed, failed and not tested, what\n" +
    "needs a person, retries, known gaps, and the commits and digests behind all this. RUN is latest where it is\n" +
    "left out. The proof is shown as it was written; omk verify checks it against the log, the files and git.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    {
      name: "format",
      type: "string",
      placeholder: "FORMAT",
      choices: ["text", "json", "md"],
      description: "text (default), md for a pull request, json for the document itself",
    },
    REPORT_OPTION,
  ],
  examples: [
    { command: "omk proof", note: "of the newest run" },
    { command: "omk proof latest --format md > proof.md", note: "for a pull request" },
    { command: "omk proof --json | jq .status", note: "for a script" },
    {
      command: "omk proof --report junit=omk.xml --report sarif=omk.sarif",
      note: "for what shows tests and findings",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "the proof was shown, whatever it says" },
    { code: 1, meaning: "the run has none yet" },
    { code: 2, meaning: "wrong usage, or no such run" },
    { code: 5, meaning: "the proof is damaged or cannot be read" },
  ],
  needs: { run: false, write: true },
  async run(context: CommandContext): Promise<number> {
    const { args, cwd, output, json } = context;
    const { home } = await locate(context);
    const directory = await findRun(home, args.positionals[0]);
    const reports = await requestedReports(args, cwd);
    if (reports.length > 0) {
      await writeReports(reports, directory, output);
      return ExitCode.OK;
    }
    const text = await readProofText(directory);
    const format = json ? "json" : args.text("format") ?? "text";
    if (format === "json") {
      if (json) output.json(parseProof(directory, text));
      else output.write(text.endsWith("\n") ? text : `${text}\n`);
      return ExitCode.OK;
    }
    const proof = await readProof(directory);
    const { renderMarkdown, renderText } = await import("../../proof/render.ts");
    output.write((format === "md" ? renderMarkdown : renderText)(proof, formatDuration));
    return ExitCode.OK;
  },
};
