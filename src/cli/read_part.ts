/** A part of a file, read at once. */

/**
 * Up to `length` bytes from a place on; fewer where the file ends before. Without waiting: for a hundred small parts,
 * a trip to another thread each would take longest.
 */
export function readPart(file: Deno.FsFile, from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  file.seekSync(from, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < length) {
    const count = file.readSync(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}
