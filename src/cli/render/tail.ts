/** The ends of files that may be large: found by reading backwards. */

const WINDOW_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;
/** No more of a file's end is shown as text, however few lines it has. */
const MOST_BYTES = 256 * 1024;

/** The last lines of a text file, without line ends; none where there is no file. */
export async function readTail(path: string, lines: number): Promise<readonly string[]> {
  try {
    using file = await Deno.open(path);
    const { size } = await file.stat();
    const start = Math.max(await tailOffset(file, size, lines), size - MOST_BYTES);
    const bytes = new Uint8Array(size - start);
    const count = await readAt(file, start, bytes);
    const text = new TextDecoder().decode(bytes.subarray(0, count));
    return text === "" ? [] : text.replace(/\n$/, "").split("\n").slice(-lines);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Where the last `lines` lines of the first `size` bytes of a file begin; a last line without an end counts. */
export async function tailOffset(file: Deno.FsFile, size: number, lines: number): Promise<number> {
  if (lines === 0) return size;
  const window = new Uint8Array(WINDOW_BYTES);
  let found = 0;
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - WINDOW_BYTES);
    const bytes = window.subarray(0, await readAt(file, start, window.subarray(0, end - start)));
    for (
      let at = bytes.lastIndexOf(LINE_FEED);
      at >= 0;
      at = at === 0 ? -1 : bytes.lastIndexOf(LINE_FEED, at - 1)
    ) {
      // The line feed at the very end closes the last line.
      if (start + at === size - 1) continue;
      found += 1;
      if (found === lines) return start + at + 1;
    }
    end = start;
  }
  return 0;
}

/** Reads from an offset until the buffer is full or the file ends; returns how many bytes there were. */
export async function readAt(file: Deno.FsFile, offset: number, into: Uint8Array): Promise<number> {
  await file.seek(offset, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < into.length) {
    const count = await file.read(into.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return filled;
}
