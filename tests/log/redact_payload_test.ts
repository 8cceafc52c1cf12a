import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import type { Json } from "../../src/canonical_json.ts";
import { hasFreeParts, isSecretKey, redactPayload } from "../../src/log/redact_payload.ts";
import { proposal, runStarted } from "./fixture.ts";
import { SECRETS } from "./secrets.ts";

const SECRET = SECRETS[0]?.text ?? "";

Deno.test("isSecretKey() knows keys in any case style", () => {
  const secret = [
    "token",
    "API_KEY",
    "apiKey",
    "api-key",
    "apikey",
    "X-Api-Key",
    "accessToken",
    "ACCESS_TOKEN",
    "github_token",
    "client-secret",
    "clientSecret",
    "DB_PASSWORD",
    "dbPassword",
    "passwd",
    "Passphrase",
    "Authorization",
    "proxy-authorization",
    "authorizationHeader",
    "AWS_SECRET_ACCESS_KEY",
    "privateKey",
    "credentials",
    "set-cookie",
  ];
  const harmless = [
    "tokens",
    "max_tokens",
    "token_count",
    "key",
    "keyboard",
    "monkey",
    "secretary",
    "pass",
    "author",
    "public_key_id",
    "kind",
  ];
  assertEquals(secret.filter((key) => !isSecretKey(key)), []);
  assertEquals(harmless.filter(isSecretKey), []);
});

Deno.test("P12: redactPayload() hides values under secret-looking keys in free-form parts only", () => {
  const { payload } = proposal({
    token: "tiny",
    nested: { dbPassword: 1234, list: [{ apiKey: { deep: "x" } }], fine: "text" },
    password: true,
    secret: null,
    cookie: "",
  });
  const redacted = redactPayload("task_proposed", JSON.parse(JSON.stringify(payload)));
  assertEquals(redacted, {
    ...JSON.parse(JSON.stringify(payload)),
    // Declared by the kind's schema: the fencing token stays.
    token: 1,
    proposal: {
      token: "[REDACTED:key]",
      nested: { dbPassword: "[REDACTED:key]", list: [{ apiKey: "[REDACTED:key]" }], fine: "text" },
      password: true,
      secret: null,
      cookie: "",
    },
  });
});

Deno.test("P12: redactPayload() hides shapes in every string, declared fields and free keys too", () => {
  const started: Json = JSON.parse(JSON.stringify(runStarted(`name ${SECRET}`).payload));
  assert(!JSON.stringify(redactPayload("run_started", started)).includes(SECRET));
  const keys = redactPayload("unknown_kind", { [SECRET]: 1, [`${SECRET.slice(0, -1)}x`]: 2, rest: [SECRET] });
  assertEquals(keys, { "[REDACTED:github]": 1, "[REDACTED:github]#2": 2, rest: ["[REDACTED:github]"] });
});

Deno.test("redactPayload() never changes its argument, and gives it back where nothing is hidden", () => {
  const payload: Json = { a: [1, { b: "c" }], "__proto__x": null };
  assertStrictEquals(redactPayload("free", payload), payload);
  const secret: Json = JSON.parse(`{"a":{"b":"${SECRET}"},"token":"t","__proto__":{"c":"${SECRET}"}}`);
  const before = JSON.stringify(secret);
  const redacted = redactPayload("free", secret);
  assertEquals(JSON.stringify(secret), before);
  assertEquals(
    JSON.stringify(redacted),
    '{"a":{"b":"[REDACTED:github]"},"token":"[REDACTED:key]","__proto__":{"c":"[REDACTED:github]"}}',
  );
});

Deno.test("P12: redactPayload() is idempotent", () => {
  const text = fc.oneof(fc.string({ maxLength: 10 }), fc.constantFrom(SECRET, `a ${SECRET}`));
  const key = fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom("token", "apiKey", SECRET));
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      text,
      fc.constantFrom(null, true, 7),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 3 }),
    ),
  }));
  fc.assert(
    fc.property(value, (payload) => {
      const once = redactPayload("free", payload);
      assertStrictEquals(redactPayload("free", once), once);
      assert(!JSON.stringify(once).includes(SECRET));
    }),
    { numRuns: 500 },
  );
});

Deno.test("hasFreeParts() follows the schemas of the kinds", () => {
  assertEquals(["task_proposed", "run_started", "gate_passed", "no_such_kind"].map(hasFreeParts), [
    true,
    false,
    false,
    true,
  ]);
});
