/** Attaching a signed proof to the commit that it is about, as a git note. */

import { OmkError } from "../errors.ts";
import { PROOF_NOTES, writeNote } from "../git/notes.ts";
import { draft } from "../log/event.ts";
import { ATTESTATIONS_FILE } from "../proof/files.ts";
import { exitCodeOf } from "../proof/status.ts";
import type { RunDirectory } from "./directory.ts";
import { takeOver } from "./resume_run.ts";

/** What was attached. */
export interface Attachment {
  readonly ref: string;
  readonly commit: string;
}

/**
 * Writes the note, and records it in the log of the run.
 *
 * @throws {OmkError} where the run has no signed proof of a commit.
 */
export async function attachProof(
  directory: RunDirectory,
  options: { readonly env: Readonly<Record<string, string>>; readonly home: string },
): Promise<Attachment> {
  const { runId } = directory;
  const text = await signedText(directory);
  const session = await takeOver(directory, {
    ...options,
    by: "proof attach",
    startsTasks: false,
    watcher: {},
    check({ run }) {
      if (run.phase === "finished" && run.head !== null) return;
      throw new OmkError({
        what: `Cannot attach the proof of run ${runId}`,
        why: run.phase === "finished" ? "it delivers no commit" : "it is not finished",
      });
    },
  });
  await using _session = session;
  const { state, workspace, log, actor } = session;
  const commit = state.run.head?.commit;
  if (commit === undefined || workspace === null) {
    throw new OmkError({ what: `Cannot attach the proof of run ${runId}`, why: "it delivers no commit" });
  }
  const status = state.run.status ?? "not_ready";
  const ref = PROOF_NOTES;
  try {
    await writeNote(workspace.info, commit, text);
    await log.append([draft("proof_attached", "run", actor, { ref, commit })]);
  } finally {
    await log.append([draft("run_finished", "run", actor, { status, exit_code: exitCodeOf(status) })]);
  }
  return { ref, commit };
}

async function signedText(directory: RunDirectory): Promise<string> {
  const path = `${directory.path}/${ATTESTATIONS_FILE}`;
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new OmkError({
      what: `Cannot attach the proof of run ${directory.runId}`,
      where: path,
      why: "it is not signed",
      fix: `omk proof sign ${directory.runId}`,
    });
  }
}
