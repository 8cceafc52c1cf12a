/** The proof of a run as the commands read it. */

import { InfraError, OmkError, reasonOf } from "../errors.ts";
import type { Proof } from "../proof/schema.ts";
import type { RunDirectory } from "../run/directory.ts";

/**
 * The text of a run's proof.
 *
 * @throws {OmkError} where it has none yet.
 */
export async function readProofText(directory: RunDirectory): Promise<string> {
  try {
    return await Deno.readTextFile(directory.proof);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new OmkError({
      what: `Run ${directory.runId} has no proof`,
      where: directory.proof,
      why: "a run writes it when it ends",
      fix: `omk status ${directory.runId} says how it stands`,
    });
  }
}

/**
 * The JSON value of a proof's text.
 *
 * @throws {InfraError} where it is none.
 */
export function parseProof(directory: RunDirectory, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(directory, reasonOf(error));
  }
}

/**
 * The proof of a run.
 *
 * @throws {OmkError} where it has none yet.
 * @throws {InfraError} where it is damaged.
 */
export async function readProof(directory: RunDirectory): Promise<Proof> {
  const text = await readProofText(directory);
  const { proofSchema } = await import("../proof/schema.ts");
  const result = proofSchema.safeParse(parseProof(directory, text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw damaged(directory, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "it has another form"}`);
}

function damaged(directory: RunDirectory, why: string): InfraError {
  return new InfraError({
    what: "Cannot read the proof",
    where: directory.proof,
    why,
    fix: `omk verify ${directory.runId} says what holds`,
  });
}
