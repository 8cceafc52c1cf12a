/** The last bytes of two interleaved streams, in bounded memory. */

/** One array of all the bytes. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

/** One of the two outputs of a process. */
export type StreamName = "stdout" | "stderr";

/** A run of bytes of one stream. */
export interface Segment {
  readonly stream: StreamName;
  readonly bytes: Uint8Array;
}

/** Segments that are kept at most: they bound the memory where two streams alternate in tiny pieces. */
const MAX_SEGMENTS = 4096;

/** Keeps the newest `capacity` bytes in one ring, and which stream each run of them is of. */
export class TailBuffer {
  readonly #capacity: number;
  #ring: Uint8Array | null = null;
  /** Position in the ring of the oldest byte. */
  #start = 0;
  #length = 0;
  #runs: { readonly stream: StreamName; length: number }[] = [];
  #dropped = 0;
  readonly #cut = new Set<StreamName>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Bytes that were pushed and are not kept any more. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether bytes of this stream are among those dropped. */
  hasDropped(stream: StreamName): boolean {
    return this.#cut.has(stream);
  }

  /** Adds bytes; the oldest make room. */
  push(stream: StreamName, bytes: Uint8Array): void {
    const kept = bytes.subarray(Math.max(0, bytes.length - this.#capacity));
    if (kept.length < bytes.length) {
      this.#dropped += bytes.length - kept.length;
      this.#cut.add(stream);
    }
    if (kept.length === 0) return;
    this.#dropOldest(this.#length + kept.length - this.#capacity);
    this.#write(kept);
    const newest = this.#runs.at(-1);
    if (newest?.stream === stream) newest.length += kept.length;
    else this.#runs.push({ stream, length: kept.length });
    if (this.#runs.length > MAX_SEGMENTS) this.#dropOldest(this.#runs[0]?.length ?? 0);
  }

  /** What is kept, oldest first; copies. */
  *segments(): Generator<Segment> {
    let offset = 0;
    for (const { stream, length } of this.#runs) {
      yield { stream, bytes: this.#copy(offset, length) };
      offset += length;
    }
  }

  /** What the stream that wrote last has among the last `limit` bytes; empty where nothing is kept. */
  newest(limit: number): Uint8Array {
    const stream = this.#runs.at(-1)?.stream;
    const pieces: Uint8Array[] = [];
    let end = this.#length;
    for (let index = this.#runs.length - 1; index >= 0 && end > this.#length - limit; index--) {
      const run = this.#runs[index];
      if (run === undefined) break;
      const start = Math.max(end - run.length, this.#length - limit);
      if (run.stream === stream) pieces.unshift(this.#copy(start, end - start));
      end = start;
    }
    return concat(pieces);
  }

  #write(bytes: Uint8Array): void {
    this.#ring ??= new Uint8Array(this.#capacity);
    const end = (this.#start + this.#length) % this.#capacity;
    const first = Math.min(bytes.length, this.#capacity - end);
    this.#ring.set(bytes.subarray(0, first), end);
    this.#ring.set(bytes.subarray(first), 0);
    this.#length += bytes.length;
  }

  #dropOldest(count: number): void {
    if (count <= 0) return;
    let left = count;
    this.#dropped += left;
    this.#length -= left;
    this.#start = (this.#start + left) % this.#capacity;
    let gone = 0;
    for (const run of this.#runs) {
      if (left > 0) this.#cut.add(run.stream);
      if (left < run.length) {
        run.length -= left;
        break;
      }
      left -= run.length;
      gone++;
    }
    this.#runs.splice(0, gone);
  }

  #copy(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    if (this.#ring === null) return bytes;
    const from = (this.#start + offset) % this.#capacity;
    const first = Math.min(length, this.#capacity - from);
    bytes.set(this.#ring.subarray(from, from + first));
    bytes.set(this.#ring.subarray(0, length - first), first);
    return bytes;
  }
}
