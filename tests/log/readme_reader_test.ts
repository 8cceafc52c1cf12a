/** The reader of logs that README gives, in another language, on real logs: whoever writes one by it gets it right. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { createRunLog } from "../../src/log/file_log.ts";
import { logFiles } from "../../src/log/stats.ts";
import { verifyLog } from "../../src/log/verify.ts";
import { join } from "./commits.ts";
import { fact, OPTIONS, proposal, runStarted, TemporaryDirectory } from "./fixture.ts";

const README = fromFileUrl(new URL("../../README.md", import.meta.url));
const RECORDED = ["first-formats/events", "steered-run/events", "rotated-run/events", "free-log"].map((
  name,
) => fromFileUrl(new URL(`../corpus/${name}.jsonl`, import.meta.url)));

function hasPython(): boolean {
  try {
    return new Deno.Command("python3", { args: ["--version"], stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const ignore = !hasPython();

/** The program between the marks in README. */
async function program(): Promise<string> {
  const text = await Deno.readTextFile(README);
  const found = /<!-- log reader -->\s*```python\n([^]*?)```\s*<!-- \/log reader -->/.exec(text)?.[1];
  assert(found !== undefined, "README has no reader between its marks");
  return found;
}

/** Gives the reader a log on its standard input. */
async function readWith(
  reader: string,
  bytes: Uint8Array,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const process = new Deno.Command("python3", {
    args: ["-c", reader],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  // A reader that has met damage does not read on.
  const written = writer.write(bytes).then(() => writer.close()).catch(() => {});
  const { code, stdout, stderr } = await process.output();
  await written;
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test({
  name:
    "the reader in README finds recorded logs whole, with the head that omk finds, and every edit in them",
  ignore,
  async fn() {
    const reader = await program();
    assertEquals(reader.trimEnd().split("\n").length, 10);
    for (const path of RECORDED) {
      const bytes = join(...(await logFiles(path)).map((file) => Deno.readFileSync(file.path)));
      const { verdict, events, head } = await verifyLog(path);
      assertEquals(verdict, "verified");
      const found = await readWith(reader, bytes);
      assertEquals(
        [found.code, found.stdout],
        [0, `${events} events, head ${head.index} ${head.sum}\n`],
        found.stderr,
      );

      const text = new TextDecoder().decode(bytes);
      const lines = text.trimEnd().split("\n");
      const edits = [
        text.replace(/"actor":"c/, '"actor":"k'),
        text.replace(/"sum":"(.)/, (_, digit) => `"sum":"${digit === "0" ? 1 : 0}`),
        [...lines.toSpliced(1, 1), ""].join("\n"),
        [...lines.toSpliced(1, 0, lines[1] ?? ""), ""].join("\n"),
        [...lines, lines[0], ""].join("\n"),
      ];
      for (const edited of edits) {
        assert(edited !== text);
        const { code, stderr } = await readWith(reader, new TextEncoder().encode(edited));
        assertEquals(code, 1);
        assertStringIncludes(stderr, "AssertionError: ");
      }
    }
  },
});

Deno.test({
  name: "the reader in README joins the files of a log, and leaves a commit without an end out",
  ignore,
  async fn() {
    using directory = new TemporaryDirectory();
    const path = directory.file();
    {
      await using log = await createRunLog(path, { ...OPTIONS, segmentBytes: 2000 });
      await log.append([runStarted()]);
      for (let i = 0; i < 6; i++) {
        await log.append([fact("ein Wort mit ümlaut"), proposal({ i }), fact("x".repeat(200))]);
      }
    }
    const files = await logFiles(path);
    assert(files.length > 2);
    const bytes = join(...files.map((file) => Deno.readFileSync(file.path)));
    const { events, head } = await verifyLog(path);
    const reader = await program();
    const whole = await readWith(reader, bytes);
    assertEquals(whole.stdout, `${events} events, head ${head.index} ${head.sum}\n`, whole.stderr);
    const torn = bytes.subarray(0, bytes.subarray(0, bytes.length - 1).lastIndexOf(0x0a) + 1);
    const first = (text: string) => text.split(" ")[0];
    assertEquals(first((await readWith(reader, torn)).stdout), String(events - 3));
    assertEquals((await readWith(reader, new Uint8Array())).stdout, `0 events, head -1 ${"0".repeat(64)}\n`);
  },
});
