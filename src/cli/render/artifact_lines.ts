/** An artifact as lines to show: whole, or its beginning and its end where it is very long. */

import { readPart } from "../read_part.ts";
import { LineAssembler } from "./attempt_lines.ts";

/** Up to this size an artifact is shown whole. */
const WHOLE_BYTES = 1024 * 1024;
/** Of a longer one, this much is shown of the beginning, where the first error stands, and of the end. */
const HEAD_BYTES = 256 * 1024;
const TAIL_BYTES = 512 * 1024;

const LINE_FEED = 0x0a;

/**
 * Reads an artifact that nobody writes any more. `markCut` gives the line that stands for the bytes left out. Without
 * waiting: the lines belong before what is printed next.
 *
 * @throws what the system says where the file cannot be read.
 */
export function artifactLines(path: string, markCut: (bytes: number) => string): readonly string[] {
  using file = Deno.openSync(path);
  const { size } = file.statSync();
  if (size <= WHOLE_BYTES) return linesOf(readPart(file, 0, size));
  const head = readPart(file, 0, HEAD_BYTES);
  const tail = readPart(file, size - TAIL_BYTES, TAIL_BYTES);
  // Whole lines only, so that no character is torn either; a line that fills all of it is torn.
  const headEnd = head.lastIndexOf(LINE_FEED) + 1 || head.length;
  const tailStart = tail.indexOf(LINE_FEED) + 1;
  const cut = size - headEnd - (tail.length - tailStart);
  return [
    ...linesOf(head.subarray(0, headEnd)),
    markCut(cut),
    ...linesOf(tail.subarray(tailStart)),
  ];
}

function linesOf(bytes: Uint8Array): readonly string[] {
  const assembler = new LineAssembler();
  return [...assembler.push(new TextDecoder().decode(bytes)), ...assembler.flush()];
}
