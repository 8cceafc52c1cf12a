import { assertEquals } from "@std/assert";
import { OutputTail } from "../../src/cli/output_tail.ts";

/** What a tail reads now. */
async function readNow(tail: OutputTail): Promise<string> {
  let all = "";
  await tail.read((text) => all += text);
  return all;
}

Deno.test("OutputTail reads on where it stopped, from the last lines of what was there on", async () => {
  const path = await Deno.makeTempFile({ prefix: "omk-tail-" });
  const append = (text: string) => Deno.writeTextFile(path, text, { append: true });
  await append("one\ntwo\nthr");
  const [whole, last, nothing] = [new OutputTail(path), new OutputTail(path, 2), new OutputTail(path, 0)];
  assertEquals(await readNow(whole), "one\ntwo\nthr");
  assertEquals(await readNow(last), "two\nthr");
  assertEquals(await readNow(nothing), "");
  await append("ee\nfour\n");
  for (const tail of [whole, last, nothing]) assertEquals(await readNow(tail), "ee\nfour\n");
  await Deno.remove(path);
});

Deno.test("OutputTail shows all of a file that comes after the first look", async () => {
  const directory = await Deno.makeTempDir({ prefix: "omk-tail-" });
  const tail = new OutputTail(`${directory}/later.log`, 1);
  assertEquals(await readNow(tail), "");
  await Deno.writeTextFile(tail.path, "one\ntwo\n");
  assertEquals(await readNow(tail), "one\ntwo\n");
  await Deno.remove(directory, { recursive: true });
});
