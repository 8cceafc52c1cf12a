import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { isObjectPrefix } from "../../src/log/json_prefix.ts";

function isPrefix(text: string): boolean {
  return isObjectPrefix(new TextEncoder().encode(text));
}

Deno.test("isObjectPrefix() is true of every proper prefix of an object", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (object) => {
      const bytes = new TextEncoder().encode(JSON.stringify(object));
      for (let length = 0; length < bytes.length; length++) {
        if (!isObjectPrefix(bytes.subarray(0, length))) return false;
      }
      return !isObjectPrefix(bytes);
    }),
    { numRuns: 300 },
  );
});

Deno.test("isObjectPrefix() knows escapes, numbers, literals and white space", () => {
  const prefixes = [
    '{"\\',
    '{"\\u12',
    '{"a\\n',
    '{"a": -',
    '{"a":1.',
    '{"a":1e',
    '{"a":1e+',
    '{"a":0',
    '{"a":tr',
    '{ "a" :\t[ 1 , ',
  ];
  for (const text of prefixes) assertEquals([text, isPrefix(text)], [text, true]);
});

Deno.test("isObjectPrefix() is false of what no object begins with", () => {
  const others = [
    "x",
    "[",
    '"',
    "1",
    " {",
    "}",
    "{}",
    "{} ",
    "{,",
    "{1",
    "{a",
    '{"a",',
    '{"a"}',
    '{"a"1',
    '{"a":,',
    '{"a":]',
    '{"a":}',
    '{"a":1 2',
    '{"a":01',
    '{"a":1.x',
    '{"a":nul1',
    '{"a":truex',
    '{"a":+',
    '{"a":1,}',
    '{"a":[1,]',
    '{"a":[}',
    '{"a":{]',
    '{"\\x',
    '{"\\u12g',
    '{"a\n',
    '{"a\u0001',
    '{"a":"b" "c',
    '{"a":1}x',
    '{"a":1}{',
    '{"a":[1]]',
    '{"a":1e5.',
  ];
  for (const text of others) assertEquals([text, isPrefix(text)], [text, false]);
});

Deno.test("isObjectPrefix() accepts a character that is cut, and no bytes that are none", () => {
  const bytes = new TextEncoder().encode('{"ü');
  assertEquals(isObjectPrefix(bytes.subarray(0, bytes.length - 1)), true);
  assertEquals(isObjectPrefix(new Uint8Array([0x7b, 0x22, 0xff, 0x61])), false);
  assertEquals(isObjectPrefix(new Uint8Array([0x7b, 0x22, 0xc3, 0x22])), false);
});
