/** Files of a proof: the same value gives the same bytes, and a reader never sees half of one. */

import { canonicalJson, type Json } from "../canonical_json.ts";
import { sha256 } from "../digest.ts";
import type { Artifact } from "../log/kinds.ts";

/** Only omk's user reads what a run leaves. */
const FILE_MODE = 0o600;

/** A value as JSON for people and digests alike: keys in canonical order, two spaces, a final line end. */
export function prettyJson(value: unknown): string {
  const ordered: Json = JSON.parse(canonicalJson(value));
  return `${JSON.stringify(ordered, null, 2)}\n`;
}

/**
 * Replaces a file as a whole: written beside it, synced, renamed. The directory is not synced.
 *
 * @param path relative to `directory`
 */
export async function replaceFile(
  directory: string,
  path: string,
  data: Uint8Array | string,
): Promise<Artifact> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const unfinished = `${directory}/.new-${path}`;
  {
    using file = await Deno.open(unfinished, { write: true, create: true, truncate: true, mode: FILE_MODE });
    for (let from = 0; from < bytes.length;) from += await file.write(bytes.subarray(from));
    await file.sync();
  }
  await Deno.rename(unfinished, `${directory}/${path}`);
  return { path, bytes: bytes.length, kept_bytes: bytes.length, truncated: false, sha256: sha256(bytes) };
}

/** Removes a file that may not be there. */
export async function removeFile(directory: string, path: string): Promise<void> {
  try {
    await Deno.remove(`${directory}/${path}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Makes what was renamed and removed in a directory last through a loss of power. */
export function syncDirectory(path: string): void {
  const directory = Deno.openSync(path, { read: true });
  using _directory = directory;
  directory.syncSync();
}
