import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { sha256 } from "../../src/digest.ts";
import { parseBundle } from "../../src/proof/bundle.ts";
import { CheckFailure } from "../../src/proof/checks.ts";
import { sealEnvelope } from "../../src/proof/dsse.ts";
import { generateKey, parseSigningKey } from "../../src/proof/key.ts";
import { proofSchema } from "../../src/proof/schema.ts";
import { statementBytes } from "../../src/proof/statement.ts";
import { checkVerdicts, type Verdict, verdictStatement } from "../../src/proof/verdict.ts";
import { ProofBench } from "./proved_run.ts";

const KEY = parseSigningKey(generateKey(), "test");
const TRUSTED = { key: KEY.public, origin: "ada.pub", required: true };
const VERDICT: Verdict = {
  accepted: false,
  by: "Ada <ada@example.com>",
  reason: "no",
  at: "2026-01-02T03:04:05.000Z",
};

Deno.test("checkVerdicts() finds a signed verdict that was dropped, changed, or signed by somebody else", async () => {
  await using bench = await ProofBench.create();
  const run = await bench.run();
  const text = await Deno.readTextFile(`${run.directory}/proof.json`);
  const proof = proofSchema.parse(JSON.parse(text));
  const statement = verdictStatement(proof, sha256(text), VERDICT);
  assertEquals(statement.predicate["verificationResult"], "FAILED");
  assertEquals(statement.subject[0]?.digest["gitTree"], proof.git?.tree);
  const payload = statementBytes(statement);
  const line = JSON.stringify(sealEnvelope(payload, KEY));
  const recorded = [{ by: VERDICT.by, statement: sha256(payload) }, { by: "Bob <bob@example.com>" }];
  const kept = (text: string) => parseBundle(text, "verdicts.intoto.jsonl");
  assertEquals(checkVerdicts(recorded, kept(`${line}\n`), TRUSTED), "2 verdicts, 1 signed");
  assertStringIncludes(assertThrows(() => checkVerdicts(recorded, [], TRUSTED), CheckFailure).message, "Ada");
  const accepted = statementBytes(verdictStatement(proof, sha256(text), { ...VERDICT, accepted: true }));
  const swapped = kept(JSON.stringify(sealEnvelope(accepted, KEY)));
  assertThrows(() => checkVerdicts(recorded, swapped, TRUSTED), CheckFailure);
  const stranger = sealEnvelope(payload, parseSigningKey(generateKey(), "test"));
  const posing = {
    ...stranger,
    signatures: stranger.signatures.map((each) => ({ ...each, keyid: KEY.public.id })),
  };
  assertThrows(
    () => checkVerdicts(recorded, kept(JSON.stringify(posing)), TRUSTED),
    CheckFailure,
    "signature",
  );
  assert(checkVerdicts(recorded, kept(JSON.stringify(posing)), null).startsWith("2 verdicts"));
});
