/** `omk verify`: a run's proof, recomputed. */

import { ExitCode, UsageError } from "../../errors.ts";
import { openGitAccess } from "../../git/git_access.ts";
import { locateRepository } from "../../git/repository.ts";
import type { GitAccess } from "../../proof/git_access.ts";
import { verifyRun } from "../../proof/verify.ts";
import { findRun } from "../../run/find_run.ts";
import { apply } from "../../run/state.ts";
import { createRunState } from "../../scheduler/run_state.ts";
import type { Command, CommandContext } from "../command.ts";
import { UNLIMITED_COLUMNS } from "../output.ts";
import { locate } from "../place.ts";
import { printLines } from "../print_lines.ts";
import { alignColumns } from "../render/text.ts";

/** See the module. */
export const verifyCommand: Command = {
  name: "verify",
  summary: "check a run's proof against log, files and git",
  usage: ["omk verify [RUN]", "omk verify DIRECTORY"],
  description: [
    "Recomputes what the proof of a run says: every commit of the log, the plan's digest, the fold of the events and\n" +
    "the status that follows from it, the document itself, all artifacts, and in git the base, the head, its tree,\n" +
    "the merges, the pinned attempts and the patch. It trusts nothing that the run says about itself, and changes\n" +
    "nothing. RUN is latest where it is left out; DIRECTORY is a copy of a run's directory, to be verified in a clone\n" +
    "that has fetched refs/omk/*.",
    "It finds accidents and edits. Against somebody who forges log, files and refs alike it cannot help.",
  ],
  positionals: { min: 0, max: 1 },
  options: [],
  examples: [
    { command: "omk verify", note: "the newest run" },
    { command: "omk verify latest --json | jq '.first_failure'", note: "for a script" },
    {
      command: "git fetch origin 'refs/omk/*:refs/omk/*' && omk verify ./20261120-235000-abcd",
      note: "somewhere else, with a copy of the run's directory",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "everything holds" },
    { code: 1, meaning: "something does not hold, or there is no proof; the first such thing is named" },
    { code: 2, meaning: "wrong usage, or no such run" },
    { code: 5, meaning: "the machine failed" },
  ],
  needs: { run: true, write: true },
  async run(context: CommandContext): Promise<number> {
    const { args, output, json, cwd } = context;
    const [text] = args.positionals;
    const { home, commonDir } = await locate(context);
    const directory = text?.includes("/")
      ? await existingDirectory(cwd, text)
      : (await findRun(home, text)).path;
    const git: GitAccess | null = commonDir === null ? null : openGitAccess(await locateRepository(cwd));
    const report = await verifyRun({
      runDirectory: directory,
      git,
      fold: { create: createRunState, apply },
    });
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

async function existingDirectory(cwd: string, text: string): Promise<string> {
  const path = (text.startsWith("/") ? text : `${cwd}/${text}`).replace(/\/+$/, "");
  try {
    if ((await Deno.stat(path)).isDirectory) return path;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
  }
  throw new UsageError({ what: "Cannot find the run", where: path, why: "there is no such directory" });
}
