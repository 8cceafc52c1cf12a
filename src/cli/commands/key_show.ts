/** `omk key show`: the half of a key that others may have. */

import { ExitCode, OmkError } from "../../errors.ts";
import type { PublicKey } from "../../proof/key.ts";
import { findSigningKey, readPublicKey } from "../../proof/key_file.ts";
import type { Command, CommandContext } from "../command.ts";
import { NEEDS_READ } from "../needs.ts";
import { keyPath } from "./key_create.ts";

/** See the module. */
export const keyShowCommand: Command = {
  name: "key show",
  summary: "print the public half of your key",
  usage: ["omk key show"],
  description: [
    "Prints the public half of the key that proofs are signed with, as PEM: that of OMK_KEY, else your own. It is what\n" +
    "omk verify --key takes, and what openssl reads.",
  ],
  positionals: { min: 0, max: 0 },
  options: [
    { name: "file", type: "string", placeholder: "FILE", description: "Of the key in this file instead" },
  ],
  examples: [
    { command: "omk key show > omk.pub", note: "for whoever is to check your proofs" },
    { command: "omk key show --json | jq -r .key_id", note: "as signatures name it" },
  ],
  exitCodes: [
    { code: 0, meaning: "it was printed" },
    { code: 1, meaning: "there is no key" },
    { code: 2, meaning: "wrong usage, or a key that cannot be used" },
  ],
  needs: NEEDS_READ,
  async run({ args, env, cwd, output, json }: CommandContext): Promise<number> {
    const file = args.text("file");
    const key = file === undefined ? await ownKey(env) : await readPublicKey(keyPath(file, cwd, env));
    if (json) output.json({ schema_version: 1, key_id: key.id, public_key: key.pem });
    else output.write(key.pem);
    return ExitCode.OK;
  },
};

async function ownKey(env: Readonly<Record<string, string>>): Promise<PublicKey> {
  const key = await findSigningKey(env);
  if (key !== null) return key.public;
  throw new OmkError({ what: "There is no key", fix: "make one with omk key create" });
}
