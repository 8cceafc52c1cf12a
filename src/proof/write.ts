/** Writes the proof of a run: from its log, and with the delivered patch from git. */

import { InfraError, reasonOf } from "../errors.ts";
import type { Workspace } from "../git/port.ts";
import type { Artifact, RunStatus } from "../log/kinds.ts";
import type { EventLog, LogHead } from "../log/port.ts";
import type { RunState } from "../scheduler/run_state.ts";
import { prettyJson, removeFile, replaceFile, syncDirectory } from "./canonical_file.ts";
import { buildFailure, buildProof } from "./document.ts";
import { EvidenceFold, type RunEvidence } from "./evidence.ts";
import { ATTESTATIONS_FILE, FAILURE_FILE, PATCH_FILE, PROOF_FILE } from "./files.ts";
import type { SigningKey } from "./key.ts";
import type { ProofWriter } from "./port.ts";
import { writeAttestations } from "./sign.ts";

/** What a proof is written with. */
export interface ProofWriterOptions {
  /** The run's directory, absolute. */
  readonly directory: string;
  readonly log: Pick<EventLog, "read">;
  /** Null where nothing is delivered by git. */
  readonly workspace: Pick<Workspace, "patch"> | null;
  /** Signs the proof; null: nobody does, and what an earlier proof was signed with is removed. */
  readonly key: SigningKey | null;
}

/** The files of a proof cannot be made. */
export class ProofWriteError extends InfraError {
  override readonly name = "ProofWriteError";
}

/** Makes the writer of a run's proofs. Writing one again for the same log head gives the same bytes. */
export function createProofWriter(options: ProofWriterOptions): ProofWriter {
  const { directory } = options;
  return {
    async write(state, status, head) {
      try {
        const evidence = await readEvidence(options.log, head);
        const patch = await writePatch(options, state);
        const proof = buildProof({ state, evidence, status, head, patch });
        const failure = buildFailure(proof);
        const written = {
          proof: await replaceFile(directory, PROOF_FILE, prettyJson(proof)),
          failure: failure === null ? null : await replaceFile(directory, FAILURE_FILE, prettyJson(failure)),
          patch,
          ...(options.key === null ? {} : { signed_by: options.key.public.id }),
        };
        if (failure === null) await removeFile(directory, FAILURE_FILE);
        if (options.key === null) await removeFile(directory, ATTESTATIONS_FILE);
        else await writeAttestations(directory, proof, written.proof.sha256, options.key);
        syncDirectory(directory);
        return written;
      } catch (error) {
        throw writeError(directory, status, error);
      }
    },
  };
}

/** The evidence up to the log head: what other processes append meanwhile belongs to no proof. */
async function readEvidence(log: Pick<EventLog, "read">, head: LogHead): Promise<RunEvidence> {
  const fold = new EvidenceFold();
  for await (const event of log.read()) {
    if (event.index > head.index) break;
    fold.take(event);
  }
  return fold;
}

async function writePatch(
  { directory, workspace }: ProofWriterOptions,
  state: RunState,
): Promise<Artifact | null> {
  const { base, head } = state.run;
  if (workspace !== null && base !== null && head !== null) {
    return await replaceFile(directory, PATCH_FILE, await workspace.patch(base.commit, head.commit));
  }
  await removeFile(directory, PATCH_FILE);
  return null;
}

function writeError(directory: string, status: RunStatus, error: unknown): ProofWriteError {
  return new ProofWriteError({
    what: `Cannot write the proof of a run that is ${status}`,
    where: directory,
    why: reasonOf(error),
    fix: "see the reason, then go on with omk resume",
    cause: error,
  });
}
