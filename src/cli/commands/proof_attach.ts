/** `omk proof attach`: the signed proof beside the commit that it is about. */

import { ExitCode } from "../../errors.ts";
import { attachProof } from "../../run/attach_proof.ts";
import { findRun } from "../../run/find_run.ts";
import type { Command, CommandContext } from "../command.ts";
import { locate } from "../place.ts";

/** See the module. */
export const proofAttachCommand: Command = {
  name: "proof attach",
  summary: "store a signed proof as a git note of its commit",
  usage: ["omk proof attach [RUN]"],
  description: [
    "Writes the signed statements of a run as a git note of the commit that it delivers, below refs/notes/omk, and\n" +
    "records that in the log. Whoever fetches the notes can check the commit without the run: omk verify COMMIT.",
  ],
  positionals: { min: 0, max: 1 },
  options: [],
  examples: [
    { command: "omk proof attach", note: "of the newest run; git notes --ref omk show COMMIT prints it" },
    {
      command: "omk proof attach && git push origin refs/notes/omk",
      note: "let others have it with the commit",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "it is attached" },
    { code: 1, meaning: "the run is not finished, delivers nothing, or is not signed" },
    { code: 2, meaning: "wrong usage, or no such run" },
    { code: 5, meaning: "the machine failed" },
  ],
  needs: { run: true, write: true },
  async run(context: CommandContext): Promise<number> {
    const { args, env, output, json } = context;
    const { home } = await locate(context);
    const directory = await findRun(home, args.positionals[0]);
    const { ref, commit } = await attachProof(directory, { env, home });
    if (json) output.json({ schema_version: 1, run_id: directory.runId, ref, commit });
    else {output.print(
        `the proof of run ${output.style.bold(directory.runId)} is a note of ${commit} in ${ref}`,
      );}
    return ExitCode.OK;
  },
};
