/** A finished run as one file, for somebody who has only a clone of the repository. */

import { OmkError } from "../errors.ts";
import type { RepositoryInfo } from "../git/port.ts";
import { writeRunBundle } from "../git/run_bundle.ts";
import { makeScratch } from "../git/scratch.ts";
import { packRun } from "../proof/archive.ts";
import { proofSchema } from "../proof/schema.ts";
import type { RunDirectory } from "./directory.ts";

/** What was exported. */
export interface Exported {
  /** Files in the archive. */
  readonly files: number;
  /** Bytes of the archive. */
  readonly bytes: number;
}

/**
 * Writes the archive of a run to `target`.
 *
 * @param repository null outside of one
 * @throws {OmkError} where the run has no proof yet, or its commits are in no repository here.
 */
export async function exportRun(
  directory: RunDirectory,
  repository: Pick<RepositoryInfo, "commonDir"> | null,
  target: string,
): Promise<Exported> {
  const { runId } = directory;
  const base = await baseOf(directory);
  if (base === null) return await packRun({ directory: directory.path, runId, bundle: null, target });
  if (repository === null) {
    throw new OmkError({
      what: `Cannot export run ${runId}`,
      why: `what it made is in git, and ${directory.path} is in no repository`,
      fix: "call omk in the repository that it ran in",
    });
  }
  const scratch = await makeScratch("omk-export-");
  try {
    const bundle = `${scratch}/refs.bundle`;
    await writeRunBundle(repository, runId, base, bundle);
    return await packRun({ directory: directory.path, runId, bundle, target });
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** The commit that the run started from, as its proof says; null where none of its work is in git. */
async function baseOf({ runId, proof }: RunDirectory): Promise<string | null> {
  let text;
  try {
    text = await Deno.readTextFile(proof);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new OmkError({
      what: `Cannot export run ${runId}`,
      where: proof,
      why: "it has no proof; a run writes it when it ends",
      fix: `omk status ${runId} says how it stands`,
    });
  }
  return proofSchema.parse(JSON.parse(text)).git?.base ?? null;
}
