import { assertEquals, assertThrows } from "@std/assert";
import { createStyle, GuardedStream } from "../../src/cli/output.ts";

const text = new TextEncoder().encode("hello world");

Deno.test("GuardedStream.write() writes on where a stream takes less, or nothing for a while", () => {
  let written = "";
  let calls = 0;
  const stream = new GuardedStream({
    writeSync(data) {
      calls += 1;
      if (calls % 2 === 0) throw new Deno.errors.WouldBlock("full");
      written += new TextDecoder().decode(data.subarray(0, 3));
      return Math.min(3, data.length);
    },
  });
  stream.write(text);
  assertEquals(written, "hello world");
  assertEquals(stream.closed, false);
});

Deno.test("GuardedStream.write() drops what comes after the reader has gone", () => {
  let calls = 0;
  const stream = new GuardedStream({
    writeSync() {
      calls += 1;
      throw new Deno.errors.BrokenPipe("gone");
    },
  });
  stream.write(text);
  stream.write(text);
  assertEquals(calls, 1);
  assertEquals(stream.closed, true);
});

Deno.test("GuardedStream.write() does not hide a full disk", () => {
  const stream = new GuardedStream({
    writeSync() {
      throw new Error("No space left on device");
    },
  });
  assertThrows(() => stream.write(text), Error, "No space left");
});

Deno.test("createStyle() marks text only where it is enabled", () => {
  assertEquals(createStyle(false).red("x"), "x");
  assertEquals(createStyle(true).red("x"), "\x1b[31mx\x1b[39m");
  assertEquals(createStyle(true).bold(""), "");
});
