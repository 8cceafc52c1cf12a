import { assertEquals } from "@std/assert";
import { TailText } from "../../../src/worker/agents/tail_text.ts";

Deno.test("TailText keeps the end of a text in bounded memory, and cuts no character in two", () => {
  const tail = new TailText(10);
  tail.endLine();
  assertEquals(tail.text(), "");
  tail.add("one");
  tail.endLine();
  tail.endLine();
  tail.add("two");
  assertEquals(tail.text(), "one\ntwo");
  for (let at = 0; at < 1000; at++) tail.add(String(at % 10));
  assertEquals(tail.text(), "0123456789");
  tail.add("\u{1F600}bcdefghij");
  assertEquals(tail.text(), "bcdefghij");
});
