import { assert, assertEquals } from "@std/assert";
import { type Answer, appendLines, type LineSource } from "../../src/cli/append_lines.ts";
import { LogIoError } from "../../src/log/errors.ts";
import { openFreeLog } from "../../src/log/file_log.ts";
import { TolerantReader } from "../../src/log/tolerant_reader.ts";
import { collect, FaultyFiles, noSpace, OPTIONS, TemporaryDirectory } from "../log/fixture.ts";

/** Gives the pieces one by one, each when the one before it has been taken. */
function sourceOf(...pieces: readonly (string | Uint8Array)[]): LineSource & { reads: number } {
  const left = pieces.map((piece) => typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
  return {
    reads: 0,
    read(into) {
      this.reads++;
      const piece = left.shift();
      if (piece === undefined) return Promise.resolve(null);
      const count = Math.min(piece.length, into.length);
      into.set(piece.subarray(0, count));
      if (count < piece.length) left.unshift(piece.subarray(count));
      return Promise.resolve(count);
    },
  };
}

Deno.test("appendLines() answers each line in order, and leaves out only what is no event", async () => {
  using directory = new TemporaryDirectory();
  await using log = await openFreeLog(directory.file(), OPTIONS);
  const answers: Answer[] = [];
  const source = sourceOf(
    '{"kind":"a","pay',
    'load":{"x":1}}\r\n\n{"kind":"b"}\n{"kind":"c"\n[1]\n{"kind":"d","when":1}\n{"payload":1}\n{"kind":7}\n',
    new Uint8Array([0x22, 0xff, 0x22, 0x0a]),
    '{"kind":"run_started"}\n{"kind":"e","actor":"me","subject":"task/x"}',
  );
  const summary = await appendLines(log, source, "cli/1", (answer) => answers.push(answer));
  assertEquals(summary, { appended: 3, refused: 7, failure: undefined });
  const events = await collect(new TolerantReader(directory.file()));
  assertEquals(events.map(({ kind, actor, subject, payload }) => [kind, actor, subject, payload]), [
    ["a", "cli/1", "run", { x: 1 }],
    ["b", "cli/1", "run", null],
    ["e", "me", "task/x", null],
  ]);
  assertEquals(answers, [
    { line: 1, index: 0, id: events[0]?.id ?? "" },
    { line: 3, index: 1, id: events[1]?.id ?? "" },
    { line: 4, error: "not JSON" },
    { line: 5, error: "not a JSON object" },
    { line: 6, error: 'unknown key "when": those are kind, actor, subject, payload' },
    { line: 7, error: 'it has no "kind"' },
    { line: 8, error: '"kind" is no text' },
    { line: 9, error: "not UTF-8" },
    { line: 10, error: "only a run's own log has it" },
    { line: 11, index: 2, id: events[2]?.id ?? "" },
  ]);
});

Deno.test("appendLines() answers before more is read, and reads no faster than events are committed", async () => {
  using directory = new TemporaryDirectory();
  await using log = await openFreeLog(directory.file(), OPTIONS);
  let answered = 0;
  let waiting = 0;
  let most = 0;
  const first = Promise.withResolvers<void>();
  const lines = sourceOf('{"kind":"first"}\n', '{"kind":"n"}\n'.repeat(5000));
  const source: LineSource = {
    async read(into) {
      // Whoever writes the second piece has waited for the first answer.
      if (lines.reads === 1) await first.promise;
      return await lines.read(into);
    },
  };
  const counting = {
    append: (...args: Parameters<typeof log.append>) => {
      most = Math.max(most, ++waiting);
      return log.append(...args);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const summary = await appendLines(counting, source, "cli/1", () => {
    answered++;
    waiting--;
    first.resolve();
  });
  assertEquals([summary.appended, answered], [5001, 5001]);
  assert(most <= 1024, `${most} lines waited`);
});

Deno.test("appendLines() stops where the log fails, with an answer for every line that was read", async () => {
  using directory = new TemporaryDirectory();
  const files = new FaultyFiles();
  await using log = await openFreeLog(directory.file(), { ...OPTIONS, files });
  const answers: Answer[] = [];
  let given = 0;
  const source = sourceOf(
    '{"kind":"a"}\n',
    '{"kind":"b"}\n{"kind":"c"}\n',
    '{"kind":"d"}\n',
    '{"kind":"e"}\n',
  );
  files.onWrite = (call) => call === 2 ? { error: noSpace() } : undefined;
  const summary = await appendLines(
    log,
    {
      async read(into) {
        // A piece comes once the one before is answered, so that each is a commit of its own.
        while (answers.length < given) await new Promise((resolve) => setTimeout(resolve, 0));
        const count = await source.read(into);
        given += into.subarray(0, count ?? 0).filter((byte) => byte === 10).length;
        return count;
      },
    },
    "cli/1",
    (answer) => answers.push(answer),
  );
  assert(summary.failure?.error instanceof LogIoError);
  assert(source.reads < 5, "it went on reading");
  assertEquals(answers.slice(0, 3).map((answer) => "index" in answer ? answer.index : "failed"), [
    0,
    "failed",
    "failed",
  ]);
  assertEquals(answers.map(({ line }) => line), answers.map((_, at) => at + 1));
  const events = await collect(new TolerantReader(directory.file()));
  assertEquals(events.length, answers.filter((answer) => "index" in answer).length);
});
