import { assertEquals } from "@std/assert";
import { decodePlan } from "../../src/plan/decode.ts";

/** What is said of bytes, with the place; the text where they are fine. */
function told(bytes: Uint8Array): string {
  const decoded = decodePlan(bytes);
  return decoded.ok ? `ok ${decoded.text}` : `${decoded.finding.offset} ${decoded.finding.message}`;
}

const utf8 = (text: string) => new TextEncoder().encode(text);
const joined = (...parts: (string | number[])[]) =>
  new Uint8Array(parts.flatMap((part) => (typeof part === "string" ? [...utf8(part)] : part)));
const utf16 = (text: string) =>
  new Uint8Array(new Uint16Array([...text].map((each) => each.charCodeAt(0))).buffer);

Deno.test("decodePlan() takes UTF-8, and keeps its byte order mark for the parser", () => {
  assertEquals(told(utf8('{ "é": "日本" }')), 'ok { "é": "日本" }');
  assertEquals(told(joined([0xef, 0xbb, 0xbf], "{}")), "ok \ufeff{}");
  assertEquals(told(utf8("")), "ok ");
});

Deno.test("decodePlan() says what other bytes are, and where the first of them is", () => {
  assertEquals(told(joined([0xff, 0xfe], [...utf16("{}")])), "0 the file is UTF-16");
  assertEquals(told(utf16("{ }")), "0 the file seems to be UTF-16");
  assertEquals(told(joined("a", [0], "b")), "0 the file is no text: it holds zero bytes");
  assertEquals(told(joined('{ "a": "caf', [0xe9], '" }')), "11 the byte E9 (hexadecimal) is no UTF-8");
  assertEquals(told(joined("é\ufffd日", [0xe6, 0x97], "x")), "3 the byte E6 (hexadecimal) is no UTF-8");
  assertEquals(told(joined("é", [0xc3])), "1 the byte C3 (hexadecimal) is no UTF-8");
});
