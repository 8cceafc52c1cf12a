/** What somebody may do to a proved run, signed or not, and what `omk verify` says of it. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { sha256 } from "../../src/digest.ts";
import { draft } from "../../src/log/event.ts";
import { sealEnvelope } from "../../src/proof/dsse.ts";
import { generateKey, parseSigningKey } from "../../src/proof/key.ts";
import { proofSchema } from "../../src/proof/schema.ts";
import { appendVerdict } from "../../src/proof/sign.ts";
import { statementBytes } from "../../src/proof/statement.ts";
import { verdictStatement } from "../../src/proof/verdict.ts";
import { CONTROLLER } from "./fixture.ts";
import { appendTo, ATTACKS, CUT_DETAIL, cutLogs, editFile, everywhere } from "./attacks.ts";
import { harmed, ProofBench, type RunVariant } from "./proved_run.ts";

const KEY = parseSigningKey(generateKey(), "test");
const OTHER = parseSigningKey(generateKey(), "test");
const TRUSTED = { key: KEY.public, origin: "omk.pub", required: true };

Deno.test("P7: omk verify finds every attack on a run, signed or not, and names what does not hold", async (test) => {
  await using bench = await ProofBench.create();
  for (const key of [null, KEY]) {
    const sound = await bench.run(key === null ? {} : { key });
    const trusted = key === null ? null : TRUSTED;
    const kind = key === null ? "unsigned" : "signed";
    assertEquals((await bench.verify(sound, bench.git, trusted)).first_failure, null);
    for (const { what, harm, check, detail } of ATTACKS) {
      await test.step(`${kind}: ${what}`, async () => {
        const run = await bench.copy(sound);
        const undo = await harm(harmed(run), (...args) => bench.repository.git(...args));
        const { first_failure } = await bench.verify(run, bench.git, trusted);
        await undo?.();
        assertEquals(first_failure?.name, check, first_failure?.detail);
        assertMatch(first_failure?.detail ?? "", detail);
      });
    }
    await test.step(`${kind}: a replacement of the head is not looked at`, async () => {
      const head = sound.state.run.head?.commit ?? "";
      await bench.repository.git("replace", head, "HEAD");
      assertEquals((await bench.verify(sound, bench.git, trusted)).first_failure, null);
      await bench.repository.git("replace", "-d", head);
    });
    await test.step(`${kind}: the log is cut at each of its commits`, async () => {
      const run = await bench.copy(sound);
      const cut = cutLogs(await Deno.readTextFile(`${run.directory}/events.jsonl`));
      assert(cut.length > 5);
      for (const text of cut) {
        await Deno.writeTextFile(`${run.directory}/events.jsonl`, text);
        const { first_failure } = await bench.verify(run, bench.git, trusted);
        assertEquals(first_failure, { name: "proof", ok: false, detail: CUT_DETAIL });
      }
    });
  }
});

Deno.test("P7: omk verify finds that the log was cut before a rejection that somebody has signed", async () => {
  await using bench = await ProofBench.create();
  const run = await bench.run({ key: KEY });
  const text = await Deno.readTextFile(`${run.directory}/proof.json`);
  const verdict = {
    accepted: false,
    by: "Ada <ada@example.com>",
    reason: "no",
    at: "2026-01-02T03:04:05.000Z",
  };
  const payload = statementBytes(
    verdictStatement(proofSchema.parse(JSON.parse(text)), sha256(text), verdict),
  );
  await appendVerdict(run.directory, sealEnvelope(payload, KEY), new Set());
  const { first_failure } = await bench.verify(run, bench.git, TRUSTED);
  assertEquals(first_failure?.name, "verdicts");
  assertMatch(first_failure?.detail ?? "", /^verdicts\.intoto\.jsonl:1: .* found one that it does not$/);
  const signed = {
    by: verdict.by,
    reason: verdict.reason,
    signed_by: KEY.public.id,
    statement: sha256(payload),
  };
  await appendTo(run, draft("run_rejected", "run", CONTROLLER, signed));
  assertEquals((await bench.verify(run, bench.git, TRUSTED)).first_failure, null);
});

Deno.test("P7: omk verify finds tests anew in git: a log that hides lost ones, or tells of others, is named", async () => {
  await using bench = await ProofBench.create();
  const lost = [{ test: "adds", change: "skipped", path: "sum.test.js", gate: null }] as const;
  const files = { "sum.test.js": 'it.skip("adds", () => {});\n' };
  const honest = await bench.run({ files, lost });
  assertEquals((await bench.verify(honest)).first_failure, null);
  const lies: readonly (readonly [variant: RunVariant, detail: RegExp])[] = [
    [{ files, lost: [] }, /^number of lost tests: expected 1, found 0$/],
    [{ lost }, /^number of lost tests: expected 0, found 1$/],
    [
      { files, lost: [{ ...lost[0], change: "deleted" }] },
      /^lost test "adds" \(deleted\): expected "adds" \(skipped\) at its place$/,
    ],
  ];
  for (const [variant, detail] of lies) {
    // The controller itself lies: log, proof and every sum agree.
    const { first_failure } = await bench.verify(await bench.run(variant));
    assertEquals(first_failure?.name, "tests", first_failure?.detail);
    assertMatch(first_failure?.detail ?? "", detail);
  }
  // Whoever edits the log afterwards is found by its sums, the comparison of tests as any event.
  const edited = await bench.copy(honest);
  await everywhere(/"lost_count":1/, '"lost_count":0')(harmed(edited));
  assertEquals((await bench.verify(edited)).first_failure?.name, "log_head");
  const proof = await bench.copy(honest);
  await editFile(proof, "proof.json", (text) => text.replace('"lost_count": 1', '"lost_count": 0'));
  assertEquals((await bench.verify(proof)).first_failure?.name, "proof");
});

Deno.test("P7: a forger who makes all of a run anew is found by the signature alone", async () => {
  await using bench = await ProofBench.create();
  const forged = await bench.run({ key: OTHER });
  assertEquals((await bench.verify(forged)).first_failure, null, "without a key it is as good as any run");
  const { first_failure } = await bench.verify(forged, bench.git, TRUSTED);
  assertEquals(first_failure?.name, "signatures");
});
