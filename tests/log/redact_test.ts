import { assert, assertEquals, assertStrictEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { admit } from "../../src/log/admission.ts";
import { hasSecret, redactText } from "../../src/log/redact.ts";
import { findSecrets, mayHoldSecret } from "../../src/log/secret_patterns.ts";
import { fact } from "./fixture.ts";
import { privateKey, SECRETS } from "./secrets.ts";

Deno.test("P12: redactText() hides every shape, in any surroundings, and names it", () => {
  const surroundings = [
    ["", ""],
    ["token=", ""],
    ["a ", " b"],
    ['{"key":"', '"}'],
    ["(", ")"],
    ["\n", "\r\n"],
    ["'", "',"],
    ["\x1b[1m", "\x1b[0m"],
    ["in colour: \x1b[38;5;245m", "\x1b[0m"],
    ["\x1b[2K", "\x1b[K"],
    ["\\n", "\\r\\n"],
    ["\\u001b[32m", "\\u001b[0m"],
    ["\\033[1;31m", "\\033[0m"],
    ["key%20is%3D", "%20"],
    ["%AF", "%AF"],
  ];
  for (const { shape, text, secret } of SECRETS) {
    for (const [before = "", after = ""] of surroundings) {
      const redacted = redactText(before + text + after);
      assertStringIncludes(redacted, `[REDACTED:${shape}]`, text);
      assert(!redacted.includes(secret), redacted);
      assert(redacted.startsWith(before) && redacted.endsWith(after), redacted);
      assert(hasSecret(before + text + after));
    }
  }
});

Deno.test("P12: redactText() hides secrets that stand together", () => {
  const all = SECRETS.map(({ text }) => text).join("\n");
  const redacted = redactText(all);
  for (const { secret } of SECRETS) assert(!redacted.includes(secret), secret);
});

Deno.test("redactText() leaves what is around a secret", () => {
  const cases = [
    [
      "curl -H 'Authorization: Bearer abcdefghij0123456789'",
      "curl -H 'Authorization: Bearer [REDACTED:bearer]'",
    ],
    ["https://me:secret@host/a?b", "https://[REDACTED:url]@host/a?b"],
    [`key:\n${privateKey("EC ")}\nend`, "key:\n[REDACTED:private_key]\nend"],
    [`${privateKey("EC ")}${privateKey("")}`, "[REDACTED:private_key][REDACTED:private_key]"],
    [`cut off: ${privateKey("").slice(0, 200)}!`, "cut off: [REDACTED:private_key]!"],
  ];
  for (const [text = "", expected = ""] of cases) assertEquals(redactText(text), expected);
});

Deno.test("redactText() gives back the very text where there is no secret", () => {
  const harmless = [
    "",
    "git clone ssh://git@github.com/org/repo.git",
    "https://user@example.org/",
    "https://user:$TOKEN@example.org/",
    "https://user:${TOKEN}@example.org/ and https://user:$(cat file)@example.org and https://u:***@h",
    "http://localhost:8080/users/@me",
    "Bearer $TOKEN",
    "task-sk-and-some-longer-name-of-a-task risk-assessment-for-everybody",
    "desk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa AKIA npm_install eyJ ghp_short glpat-x",
    "the bearer of good news",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "a".repeat(40),
    "0123456789abcdef".repeat(4),
    "api_key=value",
    "[REDACTED:github] https://[REDACTED:url]@host Bearer [REDACTED:bearer]",
  ];
  for (const text of harmless) {
    assertStrictEquals(redactText(text), text);
    assertEquals(hasSecret(text), false);
  }
});

Deno.test("P12: redactText() is idempotent", () => {
  const pieces = SECRETS.flatMap(({ text }) => [text, text.slice(0, -3), text.slice(3)]);
  const piece = fc.oneof(
    fc.constantFrom(
      ...pieces,
      "://",
      ":",
      "@",
      "Bearer ",
      "-----BEGIN PRIVATE KEY-----",
      "sk-",
      " ",
      "\n",
      "[REDACTED:url]",
      "$x",
      "/",
    ),
    fc.string({ maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (parts) => {
      const once = redactText(parts.join(""));
      assertEquals(redactText(once), once);
    }),
    { numRuns: 3000, seed: 1 },
  );
});

Deno.test("redactText() takes time in proportion to the text, whatever it repeats", () => {
  const units = [
    "eyJ",
    "eyJaaaaaaaa.",
    "sk-",
    "://",
    "://a:",
    "://a:b",
    "://a:$x",
    "bearer ",
    "ghp_",
    "github_pat_",
    "AIza-",
    "AKIA",
  ];
  const keys = [
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\n(",
    "-----BEGIN ",
    "-----END PRIVATE KEY-----",
  ];
  const runs = [
    "a",
    "eyJ" + "a".repeat(1 << 20),
    "://" + "a:".repeat(1 << 19),
    "https://" + "a".repeat(1 << 20),
  ];
  // A pattern that backtracks would take hours for one of these: that the test ends is what it checks.
  for (const unit of [...units, ...keys, ...runs]) {
    const text = unit.repeat(Math.ceil((1 << 20) / unit.length));
    assert(redactText(text).length <= text.length * 2);
  }
});

Deno.test("P12: mayHoldSecret() finds a secret in a text and in its JSON, whatever stands before", () => {
  const before = [
    ...Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code)),
    "é",
    "\ud83a",
    "\udc0c",
  ];
  const missed: string[] = [];
  for (const { text } of SECRETS) {
    for (const each of ["", ...before.map((character) => `x${character}`)]) {
      const whole = each + text;
      if (findSecrets(whole).length === 0) continue;
      if (!mayHoldSecret(whole) || !mayHoldSecret(JSON.stringify(whole))) missed.push(JSON.stringify(whole));
    }
  }
  assertEquals(missed, []);
  assert(!mayHoldSecret('{"task_id":"task-1","text":"a mask-like disk-shaped risk-free thing"}'));
});

Deno.test("P12: a secret at the start of a line is redacted in a payload", () => {
  for (const { text, secret } of SECRETS) {
    for (const before of ["\n", "\t", "\u001a"]) {
      const { payloadJson } = admit(fact(`keys:${before}${text}`));
      assert(!payloadJson.includes(JSON.stringify(secret).slice(1, -1)), payloadJson);
    }
  }
});
