import { assertEquals, assertMatch } from "@std/assert";
import { findingsIn, readFindings } from "../../../src/worker/review/findings.ts";
import { reviewOutcome } from "../../../src/worker/review/review_outcome.ts";
import { makeOutcome } from "../../run/fixture.ts";

const CODE = "0123456789ab";

function report(findings: unknown, code = CODE): string {
  return JSON.stringify({ review: code, findings });
}

function problemOf(reading: ReturnType<typeof readFindings>): string {
  return reading.ok ? "" : reading.problem;
}

Deno.test("readFindings() takes findings and leaves out what nobody asked for", () => {
  const reading = readFindings({
    summary: "fine",
    findings: [
      { severity: "note", message: " look ", path: null, line: null, rule: "x" },
      { severity: "blocking", message: "wrong", path: "a.ts", line: 3, task: "api" },
    ],
  });
  assertEquals(reading, {
    ok: true,
    findings: [
      { severity: "note", message: "look" },
      { severity: "blocking", message: "wrong", path: "a.ts", line: 3, task: "api" },
    ],
  });
  assertEquals(readFindings({ findings: [] }), { ok: true, findings: [] });
});

Deno.test("P8: one finding that cannot be read makes all of them invalid", () => {
  const note = { severity: "note", message: "fine" };
  const cases: readonly [unknown, RegExp][] = [
    [undefined, /no list/],
    [[note], /no list/],
    [{ findings: "none" }, /no list/],
    [{ findings: [note, { severity: "critical", message: "x" }] }, /^finding 2: severity/],
    [{ findings: [{ severity: "blocking|warning|note", message: "x" }] }, /^finding 1: severity/],
    [{ findings: [{ severity: "note" }] }, /^finding 1: message/],
    [{ findings: [{ severity: "note", message: "  " }] }, /^finding 1: message/],
    [{ findings: [{ severity: "note", message: "x", line: 0 }] }, /^finding 1: line/],
    [{ findings: ["x"] }, /^finding 1/],
    [{ findings: Array.from({ length: 101 }, () => note) }, /101 findings, more than 100/],
  ];
  for (const [value, problem] of cases) assertMatch(problemOf(readFindings(value)), problem);
});

Deno.test("P12: a secret in a finding is not kept", () => {
  const token = `ghp_${"a1B2".repeat(9)}`;
  const reading = readFindings({ findings: [{ severity: "note", message: `found ${token}` }] });
  assertEquals(reading.ok && reading.findings[0]?.message.includes(token), false);
});

Deno.test("findingsIn() takes the last report with the code, whatever is said around it", () => {
  const first = report([{ severity: "blocking", message: "wrong" }]);
  const last = report([{ severity: "note", message: 'braces } { and "quotes"' }]);
  const texts = [
    last,
    `I looked.\n\`\`\`json\n${last}\n\`\`\`\nThat is all: { review } done.`,
    `${first}\nI was wrong.\n${last}`,
    `${last}\nI was asked for {"review": "${CODE}"`,
    `{ not json ${last}`,
  ];
  for (const text of texts) {
    const reading = findingsIn(text, CODE);
    assertEquals(reading.ok && reading.findings.length, 1, text);
    assertEquals(reading.ok && reading.findings[0]?.severity, "note", text);
  }
});

Deno.test("P8: what a reviewer quotes is no report of its own", () => {
  const texts = [
    "",
    "All good, nothing blocks it.",
    '{"findings": []}',
    report([], "ba9876543210"),
    `the code is ${CODE} and {"findings": []}`,
    `{"review": "${CODE}", "findings": []`,
    `{"code": "${CODE}", "findings": []}`,
  ];
  for (const text of texts) assertEquals(findingsIn(text, CODE).ok, false, text);
});

Deno.test("findingsIn() is done soon with text that only looks like a report", () => {
  const braces = "{".repeat(200_000);
  assertEquals(findingsIn(`${braces}"${CODE}"`, CODE).ok, false);
  assertEquals(findingsIn(`{"${CODE}`.repeat(20_000), CODE).ok, false);
});

Deno.test("P8: reviewOutcome() is a success only with findings", () => {
  const success = makeOutcome("success");
  const reply = report([{ severity: "note", message: "fine" }]);
  assertEquals(reviewOutcome(success, reply, CODE).findings?.length, 1);
  assertEquals(reviewOutcome(success, "fine", CODE).result, "findings_invalid");
  const late = makeOutcome("timeout");
  assertEquals(reviewOutcome(late, reply, CODE), late);
});
