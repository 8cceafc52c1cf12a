/**
 * Writing a commit without a process: its bytes follow from its parts, and git reads a loose object in the format that
 * it has had since its first release.
 */

import { syncDirectory, syncFile } from "./files.ts";
import type { CommitMeta, ObjectId } from "./port.ts";

/** What makes up a commit. */
export interface CommitParts {
  readonly tree: ObjectId;
  readonly parents: readonly ObjectId[];
  readonly meta: CommitMeta;
}

/** The bytes that `git commit-tree -F -` makes of these parts, in UTF-8 and with whole seconds of UTC. */
export function commitBytes({ tree, parents, meta }: CommitParts): Uint8Array<ArrayBuffer> {
  const who = `${personPart(meta.identity.name)} <${personPart(meta.identity.email)}> ${
    Math.floor(meta.date / 1000)
  } +0000`;
  const lines = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${who}`,
    `committer ${who}`,
  ];
  return new TextEncoder().encode(`${lines.join("\n")}\n\n${meta.message.replaceAll("\0", "")}`);
}

/**
 * Writes a commit into an object directory; it is on the disk when this resolves.
 *
 * @throws what the system says of a directory that cannot be written to.
 */
export async function writeCommit(
  objects: string,
  format: "sha1" | "sha256",
  parts: CommitParts,
): Promise<ObjectId> {
  const body = commitBytes(parts);
  const header = new TextEncoder().encode(`commit ${body.length}\0`);
  const content = new Uint8Array(header.length + body.length);
  content.set(header);
  content.set(body, header.length);
  const digest = await crypto.subtle.digest(format === "sha1" ? "SHA-1" : "SHA-256", content);
  const id = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const directory = `${objects}/${id.slice(0, 2)}`;
  const path = `${directory}/${id.slice(2)}`;
  if (await freshen(path)) return id;
  await Deno.mkdir(directory, { recursive: true });
  // git's own clean-up knows files of this name.
  const fresh = `${directory}/tmp_obj_${crypto.randomUUID().slice(0, 8)}`;
  await writeNew(fresh, await deflate(content));
  await Deno.rename(fresh, path);
  await syncDirectory(directory);
  return id;
}

async function deflate(content: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Writes bytes, not a stream: the runtime does not tell of a stream that finds no room on the disk. */
async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await Deno.writeFile(path, bytes, { createNew: true, mode: 0o444 });
    await syncFile(path);
  } catch (error) {
    await Deno.remove(path).catch(ignoreMissing);
    throw error;
  }
}

/** It was never made: the reason is on its way already. */
function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/** Makes an object that is there already as young as a new one, so that no clean-up takes it. */
async function freshen(path: string): Promise<boolean> {
  try {
    const now = new Date();
    await Deno.utime(path, now, now);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A name or address without what would end it early, and without what git takes for litter at its ends. */
function personPart(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/^[\u0000-\u0020.,:;<>"\\']+|[\u0000-\u0020.,:;<>"\\']+$/g, "").replace(/[\n<>]/g, "");
}
