import { assertEquals } from "@std/assert";
import { findReplyJson } from "../../../src/run/planning/reply_json.ts";

async function found(reply: string): Promise<unknown> {
  const json = await findReplyJson(reply);
  return json.kind === "object" ? json.value : json.kind === "broken" ? `broken ${json.text}` : json.kind;
}

Deno.test("findReplyJson() takes the last fenced object, with comments and whatever stands around it", async () => {
  assertEquals(
    await found(
      'First:\n```json\n{"a": 1}\n```\nBetter:\n```jsonc\n{\n  // mine\n  "a": 2,\n}\n```\nDone {not this}.',
    ),
    { a: 2 },
  );
  assertEquals(await found('~~~\n{"a": 1}\n~~~\n```sh\necho {}\n```'), { a: 1 });
  assertEquals(await found('```json\r\n{"a": "``` {"}\r\n```\r\n'), { a: "``` {" });
  // A broken draft behind a whole one does not hide it.
  assertEquals(await found('```json\n{"a": 1}\n```\n```json\n{"a": \n```'), { a: 1 });
});

Deno.test("findReplyJson() takes the last bare object where none is fenced", async () => {
  assertEquals(await found('Here: {"a": {"b": "} {"}} and {"c": 3} — "as you said.'), { c: 3 });
  assertEquals(await found('It\'s "quoted\n{"a": 1}'), { a: 1 });
  assertEquals(await found('{"a": 1} and then {broken}'), { a: 1 });
});

Deno.test("findReplyJson() tells what is broken from what is nothing", async () => {
  assertEquals(await found('```json\n{"tasks": [}\n```'), 'broken {"tasks": [}');
  assertEquals(await found('The plan:\n{"tasks": [\n  {"id": "a"'), 'broken {"tasks": [\n  {"id": "a"');
  assertEquals(await found("I could not find out. Sorry {really}."), "none");
  assertEquals(await found(""), "none");
});

Deno.test("findReplyJson() looks at a long answer in no more than linear time", async () => {
  assertEquals(await found(`${"{ ".repeat(200_000)}"`), `broken ${"{ ".repeat(200_000)}"`);
  assertEquals(await found(`${"```a\n".repeat(200_000)}`), "none");
  assertEquals(await found(`${"{x} ".repeat(100_000)}{"a": 1}`), { a: 1 });
});
