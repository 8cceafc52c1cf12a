/** Copies text files to stdout: as they are, or line by line. They may be large, and may grow meanwhile. */

import type { Output } from "../output.ts";
import { tailOffset } from "./tail.ts";

const CHUNK_BYTES = 64 * 1024;

/** Copies a file, or its last `tail` lines, and ends it with a line end. Resolves with the number of bytes. */
export async function copyFile(path: string, tail: number | undefined, output: Output): Promise<number> {
  let bytes = 0;
  let last = 0x0a;
  for await (const chunk of chunks(path, tail, output)) {
    output.writeBytes(chunk);
    bytes += chunk.length;
    last = chunk.at(-1) ?? last;
  }
  if (last !== 0x0a) output.print();
  return bytes;
}

/** Calls `take` with each line of a file, or of its last `tail` lines, without its end. */
export async function copyLines(
  path: string,
  tail: number | undefined,
  output: Output,
  take: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks(path, tail, output)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  }
  rest += decoder.decode();
  if (rest !== "") take(rest);
}

async function* chunks(
  path: string,
  tail: number | undefined,
  output: Output,
): AsyncGenerator<Uint8Array, void> {
  using file = await Deno.open(path);
  if (tail !== undefined) {
    const { size } = await file.stat();
    await file.seek(await tailOffset(file, size, tail), Deno.SeekMode.Start);
  }
  const buffer = new Uint8Array(CHUNK_BYTES);
  while (!output.closed) {
    const count = await file.read(buffer);
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}
