/** Verifiers that know nothing of omk. */

import { assert } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { bundleFromJSON } from "@sigstore/bundle";
import { toSignedEntity, Verifier } from "@sigstore/verify";
import { createPublicKey } from "node:crypto";

const README = fromFileUrl(new URL("../../README.md", import.meta.url));

/** Sigstore's verifier for envelopes that are signed with a public key (PEM); it throws where one does not hold. */
export function sigstoreVerifier(pem: string): (envelope: unknown) => void {
  const verifier = new Verifier(
    {
      certificateAuthorities: [],
      timestampAuthorities: [],
      tlogs: [],
      ctlogs: [],
      publicKey: () => ({ publicKey: createPublicKey(pem), validFor: () => true }),
    },
    { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 },
  );
  return (dsseEnvelope) =>
    void verifier.verify(toSignedEntity(bundleFromJSON({
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { publicKey: { hint: "key" }, tlogEntries: [] },
      dsseEnvelope,
    })));
}

/** An envelope of which one byte of the payload is another. */
export function withChangedByte(envelope: { readonly payload: string }): unknown {
  return { ...envelope, payload: btoa(atob(envelope.payload).replace("in-toto.io", "in-toto.iO")) };
}

/**
 * Runs the recipe of README, with the openssl and git of this machine, for a commit and a file with a public key.
 *
 * @param gitDir of the repository that has the proof as a note
 */
export async function runRecipe(
  commit: string,
  keyFile: string,
  gitDir: string,
): Promise<{ readonly code: number; readonly said: string }> {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", await recipeOfReadme(), "check-proof", commit, keyFile],
    cwd: keyFile.slice(0, keyFile.lastIndexOf("/")),
    env: { GIT_DIR: gitDir },
  }).output();
  return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** The script between the marks in README. */
async function recipeOfReadme(): Promise<string> {
  const text = await Deno.readTextFile(README);
  const found = /<!-- proof check -->\s*```sh\n([^]*?)```\s*<!-- \/proof check -->/.exec(text)?.[1];
  assert(found !== undefined, "README has no recipe between its marks");
  return found;
}
