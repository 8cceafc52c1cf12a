/** `omk proof sign`: a signature by somebody who has checked the proof. */

import { ExitCode, OmkError } from "../../errors.ts";
import { findSigningKey, KEY_VARIABLE, readSigningKey } from "../../proof/key_file.ts";
import { signProof } from "../../proof/sign.ts";
import type { Command, CommandContext } from "../command.ts";
import { verifyHere } from "../verify_target.ts";
import { keyPath } from "./key_create.ts";

/** See the module. */
export const proofSignCommand: Command = {
  name: "proof sign",
  summary: "check the proof of a run, and sign it",
  usage: ["omk proof sign [RUN]", "omk proof sign DIRECTORY"],
  description: [
    "Verifies the proof, and signs it only where everything holds: one in-toto statement per gate, one on how the work\n" +
    "was made, one that sums them up, each in a DSSE envelope, in proof.intoto.jsonl beside the proof. Signatures of\n" +
    "other keys stay. The key is that of --key, else that of OMK_KEY, else your own.",
    "Sign where no task runs, and the signature tells of the origin too, not only of the bytes: in a later job of the\n" +
    "pipeline, with a key that the run never saw.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    { name: "key", type: "string", placeholder: "FILE", description: "The private key, as PEM" },
  ],
  examples: [
    { command: "omk proof sign", note: "the newest run, with your key" },
    { command: 'OMK_KEY="$SIGNING_KEY" omk proof sign latest', note: "in a job of its own" },
  ],
  exitCodes: [
    { code: 0, meaning: "it holds and is signed" },
    { code: 1, meaning: "something does not hold, or there is no key; nothing was signed" },
    { code: 2, meaning: "wrong usage, no such run, or a key that cannot be used" },
    { code: 5, meaning: "the machine failed" },
  ],
  needs: { run: true, write: true },
  async run(context: CommandContext): Promise<number> {
    const { args, env, cwd, output, json } = context;
    const file = args.text("key");
    const key = file === undefined
      ? await findSigningKey(env)
      : await readSigningKey(keyPath(file, cwd, env));
    if (key === null) {
      throw new OmkError({
        what: "There is no key to sign with",
        fix: `make one with omk key create, or give one in ${KEY_VARIABLE}`,
      });
    }
    const { directory, report } = await verifyHere(context, args.positionals[0], {
      signatures: false,
      forSigning: true,
    });
    if (report.first_failure !== null) {
      const { name, detail } = report.first_failure;
      throw new OmkError({
        what: "Cannot sign the proof",
        where: directory,
        why: `it does not hold: ${name.replaceAll("_", " ")}: ${detail}`,
      });
    }
    const signed = await signProof(directory, key);
    const { id } = key.public;
    if (json) {
      output.json({
        schema_version: 1,
        run_id: report.run_id,
        directory,
        status: report.status,
        key_id: id,
        statements: signed.length,
      });
    } else {
      output.print(
        `signed ${signed.length} statements about run ${
          output.style.bold(report.run_id ?? directory)
        } with key ${id.slice(0, 12)}`,
      );
    }
    return ExitCode.OK;
  },
};
