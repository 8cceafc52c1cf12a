import { assertEquals, assertThrows } from "@std/assert";
import { createStyle, GuardedStream, isColoured } from "../../src/cli/output.ts";
import { InfraError } from "../../src/errors.ts";

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

Deno.test("GuardedStream.write() drops what comes after the window of a terminal was closed", () => {
  const hangUp = {
    writeSync() {
      throw Object.assign(new Error("Input/output error (os error 5)"), { code: "EIO" });
    },
  };
  const terminal = new GuardedStream(hangUp, true);
  terminal.write(text);
  assertEquals(terminal.closed, true);
  assertThrows(() => new GuardedStream(hangUp).write(text), Error, "os error 5");
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

Deno.test("isColoured() follows --color, then NO_COLOR, then what forces colours, then the terminal", () => {
  const auto = (env: Readonly<Record<string, string>>, isTerminal = true) =>
    isColoured("auto", env, isTerminal);
  assertEquals([auto({}), auto({}, false)], [true, false]);
  assertEquals([auto({ TERM: "dumb" }), auto({ CLICOLOR: "0" }), auto({ NO_COLOR: "1" })], [
    false,
    false,
    false,
  ]);
  assertEquals([auto({ NO_COLOR: "" }), auto({ FORCE_COLOR: "" }, false)], [true, false]);
  assertEquals([auto({ FORCE_COLOR: "1" }, false), auto({ FORCE_COLOR: "true", TERM: "dumb" }, false)], [
    true,
    true,
  ]);
  assertEquals([auto({ CLICOLOR_FORCE: "1" }, false), auto({ CLICOLOR_FORCE: "0" }, false)], [true, false]);
  assertEquals([auto({ FORCE_COLOR: "0" }), auto({ FORCE_COLOR: "0", CLICOLOR_FORCE: "1" })], [false, false]);
  assertEquals(auto({ FORCE_COLOR: "3", NO_COLOR: "1" }), false);
  assertEquals(isColoured("always", { NO_COLOR: "1" }, false), true);
  assertEquals(isColoured("never", { FORCE_COLOR: "1" }, true), false);
});

Deno.test("GuardedStream.write() says that the output cannot be written where the system refuses it", () => {
  const full = new GuardedStream({
    writeSync() {
      throw Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
    },
  });
  assertThrows(() => full.write(text), InfraError, "Cannot write the output: No space left on device");
});
