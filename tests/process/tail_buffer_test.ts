import { assert, assertEquals } from "@std/assert";
import { type StreamName, TailBuffer } from "../../src/process/tail_buffer.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const show = (buffer: TailBuffer) =>
  [...buffer.segments()].map(({ stream, bytes }) => `${stream.slice(3)}:${new TextDecoder().decode(bytes)}`)
    .join(" ");

Deno.test("TailBuffer keeps the newest bytes in order, and counts the rest", () => {
  const buffer = new TailBuffer(8);
  assertEquals([show(buffer), buffer.newest(4).length], ["", 0]);
  buffer.push("stdout", bytes("abc"));
  buffer.push("stdout", bytes("de"));
  buffer.push("stderr", bytes("12"));
  assertEquals([show(buffer), buffer.dropped], ["out:abcde err:12", 0]);
  buffer.push("stdout", bytes("fgh"));
  assertEquals([show(buffer), buffer.dropped], ["out:cde err:12 out:fgh", 2]);
  assertEquals([buffer.hasDropped("stdout"), buffer.hasDropped("stderr")], [true, false]);
  const newest = (limit: number) => new TextDecoder().decode(buffer.newest(limit));
  assertEquals([newest(2), newest(4), newest(6), newest(100)], ["gh", "fgh", "efgh", "cdefgh"]);
  buffer.push("stderr", bytes("3456"));
  assertEquals([show(buffer), buffer.hasDropped("stderr")], ["err:2 out:fgh err:3456", true]);
  buffer.push("stdout", bytes("a much longer text"));
  assertEquals([show(buffer), buffer.dropped], ["out:ger text", 24]);
});

Deno.test("TailBuffer equals the end of the whole for any pieces", () => {
  let seed = 1;
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  for (let round = 0; round < 50; round++) {
    const capacity = 1 + random(40);
    const buffer = new TailBuffer(capacity);
    let whole: { stream: StreamName; byte: number }[] = [];
    let total = 0;
    for (let i = 0; i < 100; i++) {
      const stream = random(2) === 0 ? "stdout" : "stderr";
      const piece = Uint8Array.from({ length: random(12) }, () => random(256));
      buffer.push(stream, piece);
      total += piece.length;
      whole = [...whole, ...Array.from(piece, (byte) => ({ stream, byte }) as const)].slice(-capacity);
      const kept = [...buffer.segments()].flatMap(({ stream, bytes }) =>
        Array.from(bytes, (byte) => ({ stream, byte }))
      );
      assertEquals(kept, whole);
      assertEquals(buffer.dropped, total - whole.length);
    }
  }
});

Deno.test("TailBuffer stays small where two streams alternate byte by byte", () => {
  const buffer = new TailBuffer(1_000_000);
  for (let i = 0; i < 20_000; i++) buffer.push(i % 2 === 0 ? "stdout" : "stderr", bytes("x"));
  assert([...buffer.segments()].length <= 4096);
  assertEquals(new TailBuffer(0).newest(10).length, 0);
});
