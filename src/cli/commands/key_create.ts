/** `omk key create`: a key of one's own, to sign proofs with. */

import { resolve } from "@std/path";
import { ExitCode, UsageError } from "../../errors.ts";
import { createKeyFile, defaultKeyPath } from "../../proof/key_file.ts";
import type { Command, CommandContext } from "../command.ts";

/** See the module. */
export const keyCreateCommand: Command = {
  name: "key create",
  summary: "make a key that signs your proofs",
  usage: ["omk key create"],
  description: [
    "Makes an Ed25519 key in a file that only you can read (mode 0600), as PEM: omk/key.pem below XDG_CONFIG_HOME or\n" +
    "~/.config. From then on every run signs its proof with it. An existing key is never overwritten. Give its public\n" +
    "half to whoever is to check your proofs: omk key show.",
    "A signature says that whoever holds the key saw this log. Tasks run as the same user as omk and could read the\n" +
    "file; where that matters, sign in a job that runs no tasks: omk proof sign.",
  ],
  positionals: { min: 0, max: 0 },
  options: [
    { name: "file", type: "string", placeholder: "FILE", description: "Where to make it instead" },
  ],
  examples: [
    { command: "omk key create", note: "for you" },
    {
      command: "omk key create --file ci-key.pem",
      note: "for CI: put what is in it into the secret OMK_KEY",
    },
  ],
  exitCodes: [
    { code: 0, meaning: "the key is made" },
    { code: 1, meaning: "there is a file already, or it cannot be written" },
    { code: 2, meaning: "wrong usage" },
  ],
  needs: { run: false, write: true },
  async run({ args, env, cwd, output, json }: CommandContext): Promise<number> {
    const path = keyPath(args.text("file"), cwd, env);
    const key = await createKeyFile(path);
    if (json) {
      output.json({ schema_version: 1, path, key_id: key.public.id, public_key: key.public.pem });
    } else {
      output.print(`key ${output.style.bold(key.public.id.slice(0, 12))} is in ${path}`);
      output.write(key.public.pem);
    }
    return ExitCode.OK;
  },
};

/** The file that an option names, or the user's own. */
export function keyPath(
  file: string | undefined,
  cwd: string,
  env: Readonly<Record<string, string>>,
): string {
  if (file !== undefined) return resolve(cwd, file);
  const own = defaultKeyPath(env);
  if (own !== undefined) return own;
  throw new UsageError({
    what: "Cannot tell where your key lies",
    why: "neither XDG_CONFIG_HOME nor HOME names a directory",
    fix: "name a file with --file",
  });
}
