/** `omk pr`: title and body of a pull request, from the proof of a run. */

import { ExitCode, UsageError } from "../../errors.ts";
import { pullRequestOf } from "../../proof/pull_request.ts";
import { findRun } from "../../run/find_run.ts";
import { loadRunPlan } from "../../run/load_run.ts";
import type { Command, CommandContext } from "../command.ts";
import { NEEDS_READ } from "../needs.ts";
import { locate } from "../place.ts";
import { readProof } from "../read_proof.ts";
import { formatDuration } from "../render/duration.ts";

/** See the module. */
export const prCommand: Command = {
  name: "pr",
  summary: "write title and body of a pull request from a proof",
  usage: ["omk pr [RUN]"],
  description: [
    "Prints a title on the first line and a body in Markdown below it: what was done and changed, how each gate ended\n" +
    "on which tree, what was not tested, known gaps, and the commits and digests behind all this. Nothing is sent\n" +
    "anywhere: hand it to the tool of your forge.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    { name: "title", type: "boolean", description: "Only the title" },
    { name: "body", type: "boolean", description: "Only the body" },
  ],
  examples: [
    { command: "omk pr", note: "of the newest run" },
    {
      command: "omk pr --body > body.md && gh pr create --title Limits --body-file body.md",
      note: "with GitHub's tool",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "it was printed, whatever the run has come to" },
    { code: 1, meaning: "the run has no proof yet" },
    { code: 2, meaning: "wrong usage, or no such run" },
    { code: 5, meaning: "the proof is damaged or cannot be read" },
  ],
  needs: NEEDS_READ,
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    if (args.flag("title") && args.flag("body")) {
      throw new UsageError({
        what: "Options --title and --body exclude each other",
        fix: "give one of them, or none",
      });
    }
    const { home } = await locate(context);
    const directory = await findRun(home, args.positionals[0]);
    const proof = await readProof(directory);
    const { plan } = await loadRunPlan(directory);
    const { title, body } = pullRequestOf(
      proof,
      new Map(plan.tasks.map(({ id, name }) => [id, name])),
      formatDuration,
    );
    if (json) output.json({ schema_version: 1, run_id: directory.runId, status: proof.status, title, body });
    else if (args.flag("title")) output.print(title);
    else if (args.flag("body")) output.write(body);
    else output.write(`${title}\n\n${body}`);
    return ExitCode.OK;
  },
};
