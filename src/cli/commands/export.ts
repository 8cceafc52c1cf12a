/** `omk export`: a finished run as one file. */

import { resolve } from "@std/path";
import { ExitCode } from "../../errors.ts";
import { locateRepository } from "../../git/repository.ts";
import { exportRun } from "../../run/export_run.ts";
import { findRun } from "../../run/find_run.ts";
import type { Command, CommandContext } from "../command.ts";
import { locate } from "../place.ts";
import { requireDirectory } from "../require_directory.ts";

/** See the module. */
export const exportCommand: Command = {
  name: "export",
  summary: "write a finished run to one file that others can verify",
  usage: ["omk export [RUN] -o FILE"],
  description: [
    "Writes log, plan, proof, signed statements and artifacts of a run to a tar file, and with them a git bundle of its\n" +
    "refs from the base on. Whoever has the file and a clone of the repository can check it: omk verify FILE.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    {
      name: "output",
      short: "o",
      type: "string",
      placeholder: "FILE",
      description: "The file to write (default: RUN.tar here)",
    },
  ],
  examples: [
    { command: "omk export -o run.tar", note: "the newest run" },
    { command: "omk export latest -o run.tar && omk verify run.tar", note: "and look at it as others will" },
  ],
  exitCodes: [
    { code: 0, meaning: "it is written" },
    { code: 1, meaning: "the run has no proof yet, or the file cannot be written" },
    { code: 2, meaning: "wrong usage, or no such run" },
    { code: 5, meaning: "the machine failed" },
  ],
  needs: { run: true, write: true },
  async run(context: CommandContext): Promise<number> {
    const { args, cwd, output, json } = context;
    const { home, commonDir } = await locate(context);
    const directory = await findRun(home, args.positionals[0]);
    const file = args.text("output") ?? `${directory.runId}.tar`;
    const path = resolve(cwd, file);
    await requireDirectory(`Cannot export run ${directory.runId}`, path);
    const repository = commonDir === null ? null : await locateRepository(cwd);
    const { files, bytes } = await exportRun(directory, repository, path);
    if (json) output.json({ schema_version: 1, run_id: directory.runId, path, files, bytes });
    else output.print(`run ${output.style.bold(directory.runId)}: ${files} files, ${bytes} bytes in ${path}`);
    return ExitCode.OK;
  },
};
