/** Signing a proof: when it is written, and later, where no worker runs. */

import { sha256 } from "../digest.ts";
import { parseBundle, type SignedStatement, signStatements } from "./bundle.ts";
import { replaceFile, syncDirectory } from "./canonical_file.ts";
import { ATTESTATIONS_FILE, PROOF_FILE } from "./files.ts";
import type { SigningKey } from "./key.ts";
import { readRunFile } from "./run_files.ts";
import { type Proof, proofSchema } from "./schema.ts";
import { statementsOf } from "./statements.ts";

/**
 * Writes the signed statements about a proof, over any that are there.
 *
 * @param proofDigest SHA-256 of `proof.json` as it was written
 */
export async function writeAttestations(
  directory: string,
  proof: Proof,
  proofDigest: string,
  key: SigningKey,
  before: readonly SignedStatement[] = [],
): Promise<void> {
  await replaceFile(
    directory,
    ATTESTATIONS_FILE,
    signStatements(statementsOf(proof, proofDigest), key, before),
  );
}

/**
 * Signs the proof that lies in a run's directory; other signatures of the same statements stay. Whether the proof
 * holds is the caller's to check before.
 *
 * @returns the statements that are signed
 * @throws {CheckFailure} where there is no proof, or what was signed before cannot be read
 */
export async function signProof(directory: string, key: SigningKey): Promise<readonly SignedStatement[]> {
  const bytes = await readRunFile(directory, PROOF_FILE);
  const proof = proofSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  await writeAttestations(directory, proof, sha256(bytes), key, await readAttestations(directory) ?? []);
  syncDirectory(directory);
  return await readAttestations(directory) ?? [];
}

/** The signed statements in a run's directory; null where there are none. */
export async function readAttestations(directory: string): Promise<readonly SignedStatement[] | null> {
  return await hasAttestations(directory)
    ? parseBundle(await Deno.readTextFile(`${directory}/${ATTESTATIONS_FILE}`))
    : null;
}

/** Whether anything in a run's directory is called its signed statements, whatever is in it. */
export async function hasAttestations(directory: string): Promise<boolean> {
  try {
    await Deno.lstat(`${directory}/${ATTESTATIONS_FILE}`);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
