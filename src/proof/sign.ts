/** Signing a proof: when it is written, and later, where no worker runs. */

import { sha256 } from "../digest.ts";
import { parseBundle, type SignedStatement, signStatements } from "./bundle.ts";
import { replaceFile, syncDirectory } from "./canonical_file.ts";
import { type Envelope, payloadDigest } from "./dsse.ts";
import { ATTESTATIONS_FILE, PROOF_FILE, VERDICTS_FILE } from "./files.ts";
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

/**
 * Adds a signed verdict to those of a run; the file is replaced as a whole.
 *
 * @param told digests of the statements that the log tells of: others were signed just before an omk died, and go
 */
export async function appendVerdict(
  directory: string,
  envelope: Envelope,
  told: ReadonlySet<string>,
): Promise<void> {
  const kept = (await readVerdicts(directory)).map((each) => each.envelope)
    .filter((each) => told.has(payloadDigest(each)));
  const lines = [...kept, envelope].map((each) => `${JSON.stringify(each)}\n`);
  await replaceFile(directory, VERDICTS_FILE, lines.join(""));
  syncDirectory(directory);
}

/** The signed verdicts in a run's directory. */
export async function readVerdicts(directory: string): Promise<readonly SignedStatement[]> {
  const text = await readOrNull(`${directory}/${VERDICTS_FILE}`);
  return text === null ? [] : parseBundle(text, VERDICTS_FILE);
}

/** The signed statements in a run's directory; null where there are none. */
export async function readAttestations(directory: string): Promise<readonly SignedStatement[] | null> {
  const text = await readOrNull(`${directory}/${ATTESTATIONS_FILE}`);
  return text === null ? null : parseBundle(text, ATTESTATIONS_FILE);
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
