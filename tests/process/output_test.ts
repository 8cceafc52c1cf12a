import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { sha256OfFile } from "../../src/digest.ts";
import { createStreamRedactor } from "../../src/log/stream_redactor.ts";
import { OutputCapture, type OutputOptions } from "../../src/process/output.ts";
import type { StreamRedactor } from "../../src/process/output_text.ts";
import type { OutputArtifact } from "../../src/process/port.ts";

const plain = (): StreamRedactor => ({ push: (text) => text, flush: () => "" });

/** Hides the word `secret`, also where it comes in two pieces. */
function wordRedactor(): StreamRedactor {
  let held = "";
  return {
    push(text) {
      const all = (held + text).replaceAll("secret", "[redacted]");
      const cut = Math.max(0, all.length - "secre".length);
      held = all.slice(cut);
      return all.slice(0, cut);
    },
    flush: () => held,
  };
}

/** A stream of bytes whose pieces the test gives one by one; each `give` resolves when more is asked for. */
function pipe() {
  let asked = Promise.withResolvers<ReadableByteStreamController>();
  let last = Promise.resolve();
  const readable = new ReadableStream({ type: "bytes", pull: (controller) => asked.resolve(controller) });
  const encoder = new TextEncoder();
  return {
    readable,
    give: (piece: string | Uint8Array) =>
      last = last.then(async () => {
        const controller = await asked.promise;
        asked = Promise.withResolvers();
        // A copy: its buffer becomes the stream's.
        controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece.slice());
        await asked.promise;
      }),
    end: () =>
      last = last.then(async () => {
        const controller = await asked.promise;
        controller.close();
        controller.byobRequest?.respond(0);
      }),
  };
}

interface Capture {
  readonly capture: OutputCapture;
  readonly out: ReturnType<typeof pipe>;
  readonly err: ReturnType<typeof pipe>;
  /** Ends both streams, closes the artifact, and gives it with its text. */
  finish(): Promise<{ artifact: OutputArtifact; text: string }>;
}

async function withCapture(
  options: Partial<OutputOptions>,
  test: (capture: Capture, path: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/output.log`;
  const capture = new OutputCapture({
    path,
    limitBytes: 1_000_000,
    createRedactor: plain,
    now: Date.now,
    ...options,
  });
  const [out, err] = [pipe(), pipe()];
  const reads = [capture.read("stdout", out.readable), capture.read("stderr", err.readable)];
  await test({
    capture,
    out,
    err,
    async finish() {
      await Promise.all([out.end(), err.end(), ...reads]);
      const artifact = await capture.close();
      if (artifact.error === undefined) {
        assertEquals({ sha256: artifact.sha256, bytes: artifact.kept_bytes }, await sha256OfFile(path));
        assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
      }
      return { artifact, text: await Deno.readTextFile(path).catch(() => "") };
    },
  }, path);
  await Deno.remove(dir, { recursive: true });
}

Deno.test("OutputCapture leaves an empty file for no output", () =>
  withCapture({}, async ({ capture, finish }, path) => {
    await assertMissing(path);
    const { artifact, text } = await finish();
    assertEquals([text, artifact.bytes, artifact.kept_bytes, artifact.truncated], ["", 0, 0, false]);
    assertEquals([capture.lastLine(), capture.bytes], ["", 0]);
  }));

async function assertMissing(path: string): Promise<void> {
  assertEquals(await Deno.stat(path).then(() => "there", () => "missing"), "missing");
}

Deno.test("OutputCapture interleaves whole lines in order of arrival", () => {
  const seen: string[] = [];
  return withCapture({ onOutput: (text, stream) => seen.push(`${stream}:${text}`) }, async (c) => {
    await c.out.give("one\ntw");
    await c.err.give("warning\nhalf of a w");
    await c.out.give("o\nthree\n");
    assertEquals(c.capture.lastLine(), "three");
    await c.err.give("arning\n");
    await c.out.give("no end");
    assertEquals(c.capture.lastLine(), "no end");
    const { artifact, text } = await c.finish();
    assertEquals(text, "one\nwarning\ntwo\nthree\nhalf of a warning\nno end");
    assertEquals([artifact.bytes, artifact.kept_bytes], [text.length, text.length]);
    assertEquals(
      seen.join(""),
      "stdout:one\nstderr:warning\nstdout:two\nthree\nstderr:half of a warning\nstdout:no end",
    );
    assertEquals(c.capture.lastLine(), "no end");
  });
});

Deno.test("OutputCapture.lastLine() shows a line without an end, and what is printed counts before it is whole", () =>
  withCapture({ now: () => 42 }, async (c) => {
    assertEquals([c.capture.lastLine(), c.capture.bytes, c.capture.heardAt], ["", 0, null]);
    await c.out.give("first\n");
    await c.out.give("10 %\r");
    await c.out.give("20 %\r");
    assertEquals([c.capture.lastLine(), c.capture.bytes, c.capture.heardAt], ["20 %", 16, 42]);
    await c.out.give("30 % of it");
    assertEquals(c.capture.lastLine(), "30 % of it");
    await c.err.give("  ");
    assertEquals(c.capture.lastLine(), "first", "who spoke last has said nothing yet");
    await c.finish();
  }));

Deno.test("P12: OutputCapture.lastLine() does not show what may be the beginning of a secret", () =>
  withCapture({ createRedactor: createStreamRedactor }, async (c) => {
    await c.out.give(`the token is ghp_${"a".repeat(12)}`);
    assertEquals(c.capture.lastLine(), "the token is");
    await c.out.give(`${"a".repeat(24)} and`);
    assertMatch(c.capture.lastLine(), /^the token is \[redacted[^\]]*\]$/i);
    await c.finish();
  }));

Deno.test("OutputCapture puts the unfinished last lines of both streams on lines of their own", () =>
  withCapture({}, async (c) => {
    await c.out.give("out");
    await c.err.give("err");
    assertEquals((await c.finish()).text, "out\nerr");
  }));

Deno.test("OutputCapture writes an overlong line before it ends", () =>
  withCapture({}, async (c, path) => {
    await c.out.give("x".repeat(70_000));
    await c.out.give("y\n");
    // The second piece was taken, so the first is written.
    assertEquals((await Deno.stat(path)).size >= 70_000, true);
    assertEquals((await c.finish()).text, "x".repeat(70_000) + "y\n");
  }));

Deno.test("OutputCapture shows invalid UTF-8 as U+FFFD, and joins characters that come in two pieces", () =>
  withCapture({}, async (c) => {
    const euro = new TextEncoder().encode("€");
    await c.out.give(euro.subarray(0, 2));
    await c.err.give(new Uint8Array([0x61, 0xff, 0xc3, 0x28, 0x0a]));
    await c.out.give(euro.subarray(2));
    await c.out.give(new Uint8Array([0x0a, 0xe2, 0x82]));
    const { artifact, text } = await c.finish();
    assertEquals(text, "a\uFFFD\uFFFD(\n€\n\uFFFD");
    assertEquals(artifact.bytes, 11);
  }));

Deno.test("P12: OutputCapture redacts before anything is written or passed on", () => {
  const seen: string[] = [];
  return withCapture({ createRedactor: wordRedactor, onOutput: (text) => seen.push(text) }, async (c) => {
    await c.out.give("a sec");
    await c.err.give("another secret\n");
    await c.out.give("ret\nthe secre");
    await c.out.give("t\n");
    const { text } = await c.finish();
    for (const shown of [text, seen.join(""), c.capture.lastLine()]) assert(!shown.includes("secret"), shown);
    assertEquals(text.match(/\[redacted\]/g)?.length, 3);
  });
});

Deno.test("OutputCapture keeps output up to the limit whole", () =>
  withCapture({ limitBytes: 1000 }, async (c) => {
    const lines = Array.from({ length: 100 }, (_, i) => `line ${String(i).padStart(4)}\n`);
    for (const line of lines) await c.out.give(line);
    assertEquals(c.capture.lastLine(), "line   99");
    const { artifact, text } = await c.finish();
    assertEquals(text, lines.join(""));
    assertEquals([artifact.bytes, artifact.truncated], [1000, false]);
  }));

Deno.test("OutputCapture keeps beginning and end of what is over the limit, and says what is missing", () =>
  withCapture({ limitBytes: 1000 }, async (c) => {
    const lines = Array.from({ length: 1000 }, (_, i) => `line ${String(i).padStart(4)}\n`);
    for (const line of lines) await c.out.give(line);
    await c.err.give("rare warning\n");
    await c.out.give("the end\n");
    assertEquals(c.capture.lastLine(), "the end");
    const { artifact, text } = await c.finish();
    const [, head = "", kept, dropped, tail = ""] =
      /^([^]*\n)\[omk: output cut after (\d+) bytes; (\d+) bytes dropped\]\n([^]*)$/.exec(text) ?? [];
    assertEquals(head, lines.slice(0, 50).join(""));
    assertEquals(Number(kept), head.length);
    assert(lines.join("").endsWith(tail.slice(0, tail.indexOf("rare"))), "no line is cut in two");
    assert(tail.endsWith("line  999\nrare warning\nthe end\n"), tail);
    assertEquals(head.length + Number(dropped) + tail.length, artifact.bytes);
    assertEquals([artifact.bytes, artifact.truncated, artifact.kept_bytes], [10_021, true, text.length]);
  }));

Deno.test("OutputCapture cuts a single endless line", () =>
  withCapture({ limitBytes: 100_000 }, async (c) => {
    for (let i = 0; i < 100; i++) await c.out.give("x".repeat(10_000));
    const { artifact, text } = await c.finish();
    assertEquals([artifact.truncated, artifact.bytes], [true, 1_000_000]);
    assertMatch(text, /^x+\n\[omk: output cut after \d+ bytes; \d+ bytes dropped\]\n/);
    assert(text.length <= 100_100);
  }));

Deno.test("P12: a secret that the cut goes through is not shown: rest of a line, rest of a PEM block", () =>
  withCapture({ limitBytes: 2000, createRedactor: wordRedactor }, async (c) => {
    await c.out.give("-----BEGIN PRIVATE KEY-----\n");
    for (let i = 0; i < 100; i++) await c.out.give(`KEYLINE${"A".repeat(57)}\n`);
    assert(!c.capture.lastLine().includes("-----"));
    await c.out.give("-----END PRIVATE KEY-----\nafter\n");
    assertEquals(c.capture.lastLine(), "after");
    const { text } = await c.finish();
    const tail = text.slice(text.indexOf("[omk:"));
    assertMatch(tail, /^\[omk: [^\n]*\]\n\nafter\n$/);
  }));

Deno.test("OutputCapture goes on where a stream went on: one that lost nothing is not cut", () =>
  withCapture({ limitBytes: 1000, createRedactor: wordRedactor }, async (c) => {
    await c.err.give("a sec");
    for (let i = 0; i < 200; i++) await c.out.give("filling\n");
    await c.err.give("ret\n");
    const { text } = await c.finish();
    assertStringIncludes(text.slice(text.indexOf("[omk:")), "\na [redacted]\n");
  }));

Deno.test("OutputCapture counts on when the disk is full, the directory is missing, or the listener throws", async () => {
  await withCapture({ path: "/dev/full" }, async (c) => {
    await c.out.give("first\n");
    await c.out.give("second\n");
    const { artifact } = await c.finish();
    assertEquals([artifact.bytes, artifact.kept_bytes, artifact.error?.code], [13, 0, "no_space"]);
    assertMatch(artifact.error?.message ?? "", /No space left/);
    assertEquals(c.capture.lastLine(), "second");
  });
  await withCapture({ path: "/nonexistent/directory/output.log" }, async (c) => {
    assertEquals((await c.finish()).artifact.error?.code, "missing");
  });
  await withCapture({}, async (c, path) => {
    await c.out.give("before\n");
    await c.out.give("more\n");
    await Deno.remove(path);
    await c.out.give("after\n");
    assertEquals((await c.finish()).artifact.error?.code, "missing");
  });
  const failing = () => {
    throw new Error("view is gone");
  };
  await withCapture({ onOutput: failing }, async (c) => {
    await c.out.give("one\ntwo\n");
    const { artifact, text } = await c.finish();
    assertEquals(text, "one\ntwo\n");
    assertEquals(artifact.error, { code: "listener", message: "view is gone" });
  });
});

Deno.test("stop() ends the reading of a stream that somebody holds open", () =>
  withCapture({}, async (c) => {
    await c.out.give("kept\n");
    await c.capture.stop();
    const artifact = await c.capture.close();
    assertEquals([artifact.bytes, artifact.kept_bytes], [5, 5]);
  }));
