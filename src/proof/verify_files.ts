/** Checks of the files of a run against the digests that its log and its proof name. */

import { sha256, sha256OfFile } from "../digest.ts";
import type { Artifact } from "../log/kinds.ts";
import { CheckFailure, expectEqual } from "./checks.ts";
import { FAILURE_FILE, OUTPUTS_DIRECTORY, PROOF_FILE } from "./files.ts";
import { readRunFile } from "./run_files.ts";
import { type Proof, proofSchema } from "./schema.ts";

/** Reads `proof.json`, if it is the file that the log names, and of the known format. */
export async function readProof(
  directory: string,
  written: Artifact,
): Promise<{ text: string; proof: Proof }> {
  const bytes = await readRunFile(directory, PROOF_FILE);
  expectEqual(`sha256 of ${PROOF_FILE}`, written.sha256, sha256(bytes));
  const text = new TextDecoder().decode(bytes);
  const parsed = proofSchema.safeParse(JSON.parse(text));
  if (parsed.success) return { text, proof: parsed.data };
  const [issue] = parsed.error.issues;
  throw new CheckFailure(
    `${PROOF_FILE}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not of the format"}`,
  );
}

/** `failure.json` is the one that the log names, or is not there if the log names none. */
export async function checkFailureFile(directory: string, written: Artifact | null): Promise<string> {
  if (written !== null) {
    expectEqual(
      `sha256 of ${FAILURE_FILE}`,
      written.sha256,
      sha256(await readRunFile(directory, FAILURE_FILE)),
    );
    return `${FAILURE_FILE} is unchanged`;
  }
  const found = await exists(`${directory}/${FAILURE_FILE}`) ? "a file" : "none";
  expectEqual(FAILURE_FILE, "none", found);
  return `there is no ${FAILURE_FILE}, as there should be`;
}

/** Every artifact and output is there with its digest. */
export async function checkArtifacts(directory: string, proof: Proof): Promise<string> {
  for (const { path, sha256 } of proof.artifacts) await checkDigest(directory, path, sha256);
  for (const { sha256 } of proof.outputs) {
    await checkDigest(directory, `${OUTPUTS_DIRECTORY}/${sha256}`, sha256);
  }
  const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
  return `digests hold of ${counted(proof.artifacts.length, "artifact")} and ${
    counted(proof.outputs.length, "output")
  }`;
}

async function checkDigest(directory: string, path: string, expected: string): Promise<void> {
  const isInside = !path.startsWith("/") && !path.split("/").includes("..");
  if (!isInside) throw new CheckFailure(`${path}: expected a path inside the run's directory`);
  if (!await exists(`${directory}/${path}`)) {
    throw new CheckFailure(`${path}: expected a file, found nothing`);
  }
  expectEqual(`sha256 of ${path}`, expected, (await sha256OfFile(`${directory}/${path}`)).sha256);
}

/** Whether anything is there, whatever it is. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
