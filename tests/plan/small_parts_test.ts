import { assertEquals } from "@std/assert";
import { durationSecs } from "../../src/plan/duration.ts";
import { scanJson } from "../../src/plan/json_scan.ts";
import { nearest } from "../../src/plan/nearest.ts";
import { isTaskId } from "../../src/plan/spec.ts";

Deno.test("durationSecs() reads numbers, units in order, and nothing else", () => {
  const cases: readonly [number | string, number | undefined][] = [
    [90, 90],
    ["2h", 7200],
    ["90m", 5400],
    ["1h30m", 5400],
    ["1.5h", 5400],
    ["2d1h1m1s", 176_461],
    ["0s", 0],
    ["", undefined],
    ["90", undefined],
    ["h", undefined],
    ["30m1h", undefined],
    ["1h 30m", undefined],
    ["-1h", undefined],
    [".5h", undefined],
  ];
  for (const [value, secs] of cases) assertEquals(durationSecs(value), secs, String(value));
});

Deno.test("nearest() suggests what is near enough to be meant", () => {
  const names = ["dependencies", "description", "run", "env", "timeout_secs"];
  assertEquals(nearest("dependancies", names), "dependencies");
  assertEquals(nearest("RUN", names), "run");
  assertEquals(nearest("rum", names), "run");
  assertEquals(nearest("rnu", names), "run");
  assertEquals(nearest("timeout", names), "timeout_secs");
  assertEquals(nearest("r", names), undefined);
  assertEquals(nearest("xyz", names), undefined);
  assertEquals(nearest("x", []), undefined);
});

Deno.test("scanJson() sees keys, not texts, comments or lists", () => {
  const text =
    '{"a": "a", /* "a": */ "b": ["a", "a", {"a": 1}], // "b":\n "c": {"a": 1, "\\u0061": 2}, "__proto__": 1}';
  const scan = scanJson(text, 10);
  assertEquals(scan.duplicates, [{
    key: "a",
    offset: text.indexOf('"\\u0061"'),
    length: 8,
    firstOffset: text.lastIndexOf('"a"'),
  }]);
  assertEquals(scan.forbidden, [{ key: "__proto__", offset: text.indexOf('"__proto__"'), length: 11 }]);
  assertEquals(scan.tooDeepAt, null);
  assertEquals(scanJson(text, 2).tooDeepAt, text.indexOf('{"a": 1}]'));
  assertEquals(scanJson(" // x\n/* y */ ", 10).isBlank, true);
  assertEquals(scanJson("0", 10).isBlank, false);
});

Deno.test("isTaskId() takes what can be a file name and a ref", () => {
  for (const id of ["a", "A1", "a.b_c-d", "9", "a".repeat(64)]) assertEquals(isTaskId(id), true, id);
  for (const id of ["", ".a", "-a", "_a", "a..b", "a.", "a.lock", "a/b", "a".repeat(65)]) {
    assertEquals(isTaskId(id), false, id);
  }
});
