/** The output of an agent, line by line, in bounded memory. */

import type { AgentLine } from "./port.ts";

/** A longer line is dropped; messages of agents hold files, so they may be long. */
export const LONGEST_LINE_BYTES = 32 * 1024 * 1024;

const LINE_FEED = 0x0a;

/**
 * The lines of a stream, without their ends; invalid bytes become U+FFFD. Ends with the stream,
 * or when it breaks or is cancelled.
 *
 * @param ready resolves when there is room for what the next line leads to
 */
export async function* readLines(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  ready: () => Promise<void>,
  longest = LONGEST_LINE_BYTES,
): AsyncGenerator<AgentLine> {
  const decoder = new TextDecoder();
  let parts: Uint8Array[] = [];
  let length = 0;
  const take = (): AgentLine => {
    const line = length > longest
      ? { tooLong: length }
      : { text: decoder.decode(joined(parts, length)).replace(/\r$/, "") };
    parts = [];
    length = 0;
    return line;
  };
  const add = (part: Uint8Array) => {
    length += part.length;
    // What is too long is only counted.
    if (length > longest) parts = [];
    else parts.push(part);
  };
  while (true) {
    const { value } = await reader.read().catch(endOfStream);
    if (value === undefined) break;
    let from = 0;
    for (let end = value.indexOf(LINE_FEED); end >= 0; end = value.indexOf(LINE_FEED, from)) {
      add(value.subarray(from, end));
      from = end + 1;
      yield take();
      await ready();
    }
    add(value.subarray(from));
  }
  if (length > 0) yield take();
}

/** A pipe that breaks has ended, and the end of its process says why. */
function endOfStream(): { readonly value: undefined } {
  return { value: undefined };
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
