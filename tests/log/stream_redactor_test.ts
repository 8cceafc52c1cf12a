import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { redactText } from "../../src/log/redact.ts";
import { createStreamRedactor } from "../../src/log/stream_redactor.ts";
import { privateKey, SECRETS } from "./secrets.ts";

function inPieces(pieces: readonly string[]): string {
  const redactor = createStreamRedactor();
  return pieces.map((piece) => redactor.push(piece)).join("") + redactor.flush();
}

Deno.test("P12: createStreamRedactor() hides a secret that is cut in two anywhere", () => {
  for (const { text } of SECRETS) {
    const whole = `some text\n${text}\nmore of it`;
    for (let cut = 0; cut <= whole.length; cut++) {
      assertEquals(inPieces([whole.slice(0, cut), whole.slice(cut)]), redactText(whole));
    }
    assertEquals(inPieces([...whole]), redactText(whole));
  }
});

Deno.test("createStreamRedactor() shows in pieces what redactText() shows at once", () => {
  const piece = fc.oneof(
    fc.constantFrom(...SECRETS.map(({ text }) => text)),
    fc.constantFrom(
      "Bearer ",
      "bearer\n",
      "-----BEGIN RSA ",
      "-----BEGIN PRIVATE KEY-----",
      "-----END PRIVATE KEY-----",
      " ",
      "\n",
    ),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      assertEquals(inPieces(pieces), redactText(pieces.join("")));
    }),
    { numRuns: 2000, seed: 1 },
  );
});

Deno.test("createStreamRedactor() shows text as soon as no secret can reach over it", () => {
  const redactor = createStreamRedactor();
  assertEquals(redactor.push("one two thr"), "one two ");
  assertEquals(redactor.push("ee\n"), "three\n");
  assertEquals(redactor.push("Authorization: Bearer "), "Authorization: ");
  assertEquals(redactor.push("no\n"), "Bearer no\n");
  assertEquals(redactor.push("-----BEGIN PRIVATE KEY-----\nabc\n"), "");
  assertEquals(redactor.push("-----END PRIVATE KEY-----\n"), "[REDACTED:private_key]\n");
  assertEquals(redactor.flush(), "");
});

Deno.test("createStreamRedactor() holds back a bounded amount", () => {
  const redactor = createStreamRedactor();
  let shown = 0;
  let pushed = 0;
  const push = (text: string) => {
    pushed += text.length;
    shown += redactor.push(text).length;
    assert(pushed - shown <= 70 * 1024, `${pushed - shown} held back`);
  };
  for (let i = 0; i < 100; i++) push("a".repeat(4096));
  push("\n-----BEGIN PRIVATE KEY-----\n");
  for (let i = 0; i < 100; i++) push("not a key at all (really).\n".repeat(150));
  pushed = shown = 0;
  push("b".repeat(1000));
  assertEquals(redactor.flush().length, 1000);
});

Deno.test("P12: createStreamRedactor() hides all of a secret that does not end", () => {
  for (const start of ["ghp_", "Bearer ", "https://user:", "-----BEGIN PRIVATE KEY-----\n"]) {
    const redactor = createStreamRedactor();
    let shown = redactor.push(`text ${start}`);
    for (let i = 0; i < 60; i++) shown += redactor.push("aB3d".repeat(1024));
    shown += redactor.push(" (end)") + redactor.flush();
    if (start !== "https://user:") assert(shown.length < 100, `${start}: ${shown.length} shown`);
    assert(shown.startsWith("text ") && shown.endsWith("(end)"));
  }
});

Deno.test("P12: createStreamRedactor() hides a secret at the edge of what it holds back", () => {
  const secret = SECRETS[0]?.text ?? "";
  for (const lead of [57_300, 57_330, 57_344, 65_500, 65_536]) {
    const text = `${"-".repeat(lead)}${secret}${"-".repeat(20_000)}`;
    const pieces = text.match(/.{1,1000}/g) ?? [];
    assertEquals(inPieces(pieces), redactText(text));
  }
  assertEquals(inPieces([privateKey("").repeat(200)]), redactText(privateKey("").repeat(200)));
});
