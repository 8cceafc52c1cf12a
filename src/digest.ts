/** SHA-256, as lower-case hex: the one digest that omk's own formats use. */

import { createHash } from "node:crypto";

/** A digest of nothing yet: a copy of it costs a third less than one that is looked up by its name. */
const NOTHING = createHash("sha256");

/** The digest of the bytes, or of the UTF-8 bytes of a text. */
export function sha256(data: Uint8Array | string): string {
  return NOTHING.copy().update(data).digest("hex");
}

/** A digest that is fed piece by piece. */
export interface StreamingDigest {
  /** Adds bytes, or the UTF-8 bytes of a text. */
  update(data: Uint8Array | string): void;
  /** The digest of all that was added; call it once. */
  hex(): string;
}

/** Starts a digest of data that does not fit in memory. */
export function startSha256(): StreamingDigest {
  const hash = createHash("sha256");
  return {
    update: (data) => void hash.update(data),
    hex: () => hash.digest("hex"),
  };
}

/** The digest and size of a file, read in pieces. */
export async function sha256OfFile(path: string): Promise<{ sha256: string; bytes: number }> {
  using file = await Deno.open(path, { read: true });
  const digest = startSha256();
  const buffer = new Uint8Array(256 * 1024);
  let bytes = 0;
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    digest.update(buffer.subarray(0, count));
    bytes += count;
  }
  return { sha256: digest.hex(), bytes };
}
