/** `omk merge`: deliver what a run made to a branch. */

import { ExitCode } from "../../errors.ts";
import type { Command, CommandContext } from "../command.ts";
import { deliver } from "../deliver.ts";
import { locate } from "../place.ts";

/** See the module. */
export const mergeCommand: Command = {
  name: "merge",
  summary: "deliver what a run made to a branch",
  usage: ["omk merge [RUN]"],
  description: [
    "Fast-forwards the branch that HEAD named when the run started, or BRANCH. Where it has moved since, omk merges,\n" +
    "runs the run's gates on the result, writes a new proof, and delivers that. Only a run that is ready is\n" +
    "delivered. Other changes of your checkout stay; where they overlap with the delivery, nothing is done.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    { name: "into", type: "string", placeholder: "BRANCH", description: "Deliver to this branch" },
    {
      name: "anyway",
      type: "boolean",
      description: "Deliver a run that is not ready, without further gates; recorded",
    },
    {
      name: "allow-secrets",
      type: "boolean",
      description: "Deliver files whose content has the shape of a secret",
    },
  ],
  examples: [
    { command: "omk merge", note: "deliver the newest run" },
    { command: "omk merge 20261120-2350 --into feature/limits", note: "deliver a run to another branch" },
  ],
  exitCodes: [
    { code: 0, meaning: "delivered" },
    { code: 1, meaning: "refused, and nothing was changed" },
    { code: 2, meaning: "wrong usage, or no such run" },
    { code: 5, meaning: "omk or the machine failed" },
  ],
  async run(context: CommandContext): Promise<number> {
    const { args } = context;
    const { home } = await locate(context);
    await deliver(context, {
      home,
      runText: args.positionals[0],
      into: args.text("into"),
      anyway: args.flag("anyway"),
      allowSecrets: args.flag("allow-secrets"),
    });
    return ExitCode.OK;
  },
};
