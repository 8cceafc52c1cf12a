import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { sha256 } from "../../src/digest.ts";
import { CommitScanner, LOG_START } from "../../src/log/commit_scanner.ts";
import { CorruptLogError, MalformedEventError } from "../../src/log/errors.ts";
import { commitEnds, encodeLog, join, judge, resealed, smallLog } from "./commits.ts";
import { fact, runStarted } from "./fixture.ts";

const LOG = smallLog();
const ENDS = commitEnds(LOG);
const EVENTS = judge(LOG).events;
const LINES = new TextDecoder().decode(LOG).trimEnd().split("\n");

function bytesOf(lines: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
}

/** How many events the commits up to an offset hold. */
function eventsBefore(offset: number): number {
  return new TextDecoder().decode(LOG.subarray(0, offset)).split("\n").length - 1;
}

Deno.test("CommitScanner takes a log in pieces of any size", () => {
  assertEquals(ENDS.length, 4);
  assertEquals(EVENTS.length, 7);
  for (const size of [1, 2, 3, 7, 64, 100, 1000, LOG.length]) {
    assertEquals(judge(LOG, size), { verdict: "clean", events: EVENTS, offset: LOG.length });
  }
});

Deno.test("P2: a log cut at any byte is clean between commits, else torn, or lacks only its line feed", () => {
  for (let length = 0; length <= LOG.length; length++) {
    const { verdict, events, offset } = judge(LOG.subarray(0, length));
    const whole = ENDS.findLast((end) => end <= length) ?? 0;
    const expected = length === whole ? "clean" : ENDS.includes(length + 1) ? "unterminated" : "torn";
    assertEquals([length, verdict, offset], [length, expected, whole]);
    assertEquals(events.length, eventsBefore(whole));
  }
});

Deno.test("P2: a torn commit with a tail of zeros is torn; zeros behind a whole one too", () => {
  const last = ENDS.at(-2) ?? 0;
  for (let length = last; length <= LOG.length; length += 5) {
    const { verdict, offset } = judge(join(LOG.subarray(0, length), new Uint8Array(100)));
    assertEquals([length, verdict, offset], [
      length,
      length === LOG.length - 1 ? "unterminated" : "torn",
      last,
    ]);
  }
  assertEquals(judge(join(LOG, new Uint8Array(4096))).verdict, "torn");
  assertEquals(judge(join(LOG, new Uint8Array(4096))).events.length, EVENTS.length);
  const unterminated = judge(join(LOG.subarray(0, LOG.length - 1), new Uint8Array(9)));
  assertEquals(unterminated.verdict, "unterminated");
});

Deno.test("P2: zeros in the middle are corrupt", () => {
  for (let at = 0; at < LOG.length - 1; at += 11) {
    const damaged = LOG.slice();
    damaged.fill(0, at, Math.min(at + 16, LOG.length - 1));
    if (damaged.length - at > 16) assertEquals([at, judge(damaged).verdict], [at, "corrupt"]);
  }
});

Deno.test("P2: every flipped bit of a log is found", () => {
  for (let at = 0; at < LOG.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const damaged = LOG.slice();
      damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
      const { verdict, events } = judge(damaged);
      if (verdict !== "corrupt") throw new Error(`bit ${bit} of byte ${at}: ${verdict}`);
      assert(events.length <= eventsBefore(ENDS.findLast((end) => end <= at) ?? 0));
    }
  }
});

Deno.test("P2: swapped, doubled, left out and spliced lines are found", () => {
  for (let i = 0; i < LINES.length; i++) {
    const line = LINES[i] ?? "";
    for (let j = i + 1; j < LINES.length; j++) {
      assertEquals(judge(bytesOf(LINES.with(i, LINES[j] ?? "").with(j, line))).verdict, "corrupt");
    }
    assertEquals(judge(bytesOf(LINES.toSpliced(i, 0, line))).verdict, "corrupt", `line ${i} doubled`);
    assertEquals(judge(bytesOf(LINES.toSpliced(i, 0, ""))).verdict, "corrupt", `empty line before ${i}`);
    const without = judge(bytesOf(LINES.toSpliced(i, 1))).verdict;
    // Without its last line the last commit is torn: that is what a writer leaves.
    assertEquals(without, i === LINES.length - 1 ? "torn" : "corrupt", `line ${i} left out`);
  }
  const other = new TextDecoder().decode(smallLog("20261121-000000-zzzz")).trimEnd().split("\n");
  for (let i = 1; i < LINES.length; i++) {
    assertEquals(
      judge(bytesOf([...LINES.slice(0, i), ...other.slice(i)])).verdict,
      "corrupt",
      `spliced at ${i}`,
    );
  }
  const longer = encodeLog([[runStarted("other")], [fact("a")], [fact("b")], [fact("c")]]);
  const splice = join(LOG.subarray(0, ENDS[0]), longer.subarray(commitEnds(longer)[0]));
  assertEquals(judge(splice).verdict, "corrupt");
});

Deno.test("CommitScanner holds commits with right sums to the rules of the chain", () => {
  const text = new TextDecoder().decode(LOG);
  const verdict = (changed: string) => judge(new TextEncoder().encode(changed)).verdict;
  assertEquals(resealed(text), text);
  const changes: [string | RegExp, string][] = [
    ['"index":4', '"index":5'],
    ['"index":2', '"index":1'],
    [/"run_id":"[^"]*"(?=[^\n]*alone)/, '"run_id":"20261121-000000-zzzz"'],
    [/"ts":"[^"]*"(?=[^\n]*alone)/, '"ts":"2020-01-01T00:00:00.000Z"'],
    [/"ts":"[^"]*"(?=[^\n]*alone)/, '"ts":"2030-13-01T00:00:00.000Z"'],
    ['"commit":3', '"commit":4'],
    ['"commit":3', '"commit":2'],
    [/"run_id":"[^"]*"/g, '"run_id":"a-run"'],
    ['"schema_version":1', '"schema_version":0'],
    ['"kind":"run_paused"', '"kind":"Run paused"'],
    ['"subject":"run"', '"subject":"everything"'],
    ['"actor":"controller/1"', '"actor":""'],
    ['"payload":', '"load":'],
    [/,"payload":\{[^\n]*\},"prev"/, ',"prev"'],
  ];
  for (const [from, to] of changes) {
    assert(text.search(from) >= 0, String(from));
    assertEquals(verdict(resealed(text.replace(from, to))), "corrupt", `${from} to ${to}`);
  }
  // A commit of another log with the same sum before it would be this log: what follows another is refused.
  const second = text.slice(ENDS[0]);
  assertEquals(verdict(resealed(text).slice(0, ENDS[0]) + resealed(second)), "corrupt");
});

Deno.test("CommitScanner does not take for torn what no writer leaves", () => {
  const tails = [
    "hello",
    "{",
    '{"index":7',
    '{"index":7}',
    "{}",
    "\n",
    '{"index":7,"id":"x"}\n',
    LINES[0] ?? "",
    "\0\0x",
  ];
  const verdicts = tails.map((tail) => judge(join(LOG, new TextEncoder().encode(tail))).verdict);
  assertEquals(verdicts, [
    "corrupt",
    "torn",
    "torn",
    "corrupt",
    "corrupt",
    "corrupt",
    "corrupt",
    "corrupt",
    "corrupt",
  ]);
  assertEquals(judge(join(LOG, new Uint8Array([0x7b, 0x22, 0xff]))).verdict, "corrupt");
});

Deno.test("CommitScanner names the line and says what is wrong with it", () => {
  const scan = (lines: readonly string[]) => {
    const scanner = new CommitScanner("log", LOG_START);
    return assertThrows(() => scanner.take(bytesOf(lines), () => {}));
  };
  const notJson = scan(LINES.with(3, "not-json"));
  assertInstanceOf(notJson, MalformedEventError);
  assertEquals([notJson.path, notJson.lineNumber, notJson.why], ["log", 4, "not JSON"]);
  assertInstanceOf(notJson.cause, SyntaxError);

  const badSum = scan(LINES.with(1, (LINES[1] ?? "").replace("Wort", "Wert")));
  assertInstanceOf(badSum, CorruptLogError);
  assertEquals([badSum.line, badSum.offset], [2, ENDS[0]]);

  const wrongKey = scan(LINES.with(0, (LINES[0] ?? "").replace('"actor"', '"acted"')));
  assertInstanceOf(wrongKey, MalformedEventError);
  assertEquals(wrongKey.why, '"actor" should be key 8');
});

Deno.test("CommitScanner accepts CR LF in a free log, and not in a run's own", () => {
  const crlf = (bytes: Uint8Array) =>
    new TextEncoder().encode(new TextDecoder().decode(bytes).replaceAll("\n", "\r\n"));
  assertEquals(judge(crlf(LOG)).verdict, "corrupt");
  const free = LINES.slice(1, 4).map((line, i) =>
    i === 0 ? line.replace(/"prev":"[0-9a-f]{64}"/, `"prev":"${"0".repeat(64)}"`) : line
  );
  // The same commit as the first of a log that does not start with run_started.
  const text = free.join("\n").replaceAll(/"index":(\d)/g, (_, index) => `"index":${index - 1}`);
  const body = text.slice(0, text.lastIndexOf(',"sum"'));
  const sum = sha256(body);
  const bytes = new TextEncoder().encode(`${body},"sum":"${sum}"}\n`);
  assertEquals(judge(bytes).verdict, "clean");
  assertEquals(judge(crlf(bytes)), { ...judge(bytes), offset: bytes.length + 3 });
});

Deno.test("CommitScanner tells a replacement character from what is not UTF-8", () => {
  const log = encodeLog([[runStarted()], [fact("\ufffd, which somebody wrote"), fact("and more")]]);
  const { verdict, events } = judge(log);
  assertEquals([verdict, events.length], ["clean", 3]);
  const at = log.indexOf(0xef);
  log[at + 2] = 0x20;
  assertEquals(judge(log).verdict, "corrupt");
});

Deno.test("CommitScanner takes a commit that is larger than its buffer", () => {
  const large = encodeLog([[runStarted()], Array.from({ length: 300 }, () => fact("x".repeat(5000))), [
    fact("end"),
  ]]);
  for (const size of [100_000, 256 * 1024, large.length]) assertEquals(judge(large, size).events.length, 302);
});
