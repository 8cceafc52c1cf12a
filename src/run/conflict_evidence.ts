/** What both sides of a conflict changed, kept as an artifact for the next attempt and for whoever looks into it. */

import { reasonOf } from "../errors.ts";
import type { Artifact } from "../log/kinds.ts";
import { redactText } from "../log/redact.ts";
import { ArtifactFile } from "../process/artifact_file.ts";
import type { MergeRecord } from "../scheduler/run_record.ts";
import { conflictPath, type RunDirectory } from "./directory.ts";
import type { Merger } from "./ports.ts";

/** How much of each side is kept, characters: more than anybody reads, and than a prompt takes. */
const SIDE_CHARACTERS = 100_000;
/** Of more paths than these in conflict the rest is only named in the event. */
const PATHS_SHOWN = 200;

/** What was kept, or why nothing was. */
export interface KeptConflict {
  readonly diffs?: Artifact;
  /** To be added to what git says of the conflict; "" where all is well. */
  readonly note: string;
}

/** Keeps the changes of the paths in conflict: those of the head since the attempt's base, then the attempt's own. */
export async function keepConflict(
  merger: Merger,
  directory: RunDirectory,
  { task_id, attempt, base, head, pin }: MergeRecord,
  paths: readonly string[],
): Promise<KeptConflict> {
  const shown = paths.slice(0, PATHS_SHOWN);
  try {
    const theirs = sideOf(
      `What was merged since ${base}, up to ${head}`,
      await merger.diff(base, head, shown),
    );
    const own = sideOf(
      `What attempt ${attempt} of task ${task_id} changed`,
      await merger.diff(base, pin, shown),
    );
    const path = conflictPath(task_id, attempt);
    const file = new ArtifactFile(`${directory.path}/${path}`);
    const bytes = file.write(`${theirs.text}\n${own.text}`);
    const { kept_bytes, sha256, error } = await file.close();
    if (error !== undefined) return unkept(error.message);
    const truncated = theirs.isCut || own.isCut || shown.length < paths.length;
    return { diffs: { path, bytes, kept_bytes, truncated, sha256 }, note: "" };
  } catch (error) {
    return unkept(reasonOf(error));
  }
}

/** The conflict sends its task back all the same. */
function unkept(reason: string): KeptConflict {
  return { note: `\nThe diffs of both sides could not be kept: ${reason}` };
}

function sideOf(title: string, diff: string): { readonly text: string; readonly isCut: boolean } {
  const text = redactText(diff);
  const isCut = text.length > SIDE_CHARACTERS;
  const rest = isCut ? `\n[${text.length - SIDE_CHARACTERS} more characters are left out]\n` : "";
  return { text: `# ${title}\n\n${text.slice(0, SIDE_CHARACTERS)}${rest}`, isCut };
}
