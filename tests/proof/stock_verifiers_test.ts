/** The signed statements of a proof under verifiers that know nothing of omk. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { writeNote } from "../../src/git/notes.ts";
import { addSignature } from "../../src/proof/dsse.ts";
import { generateKey, parseSigningKey } from "../../src/proof/key.ts";
import { ProofBench } from "./proved_run.ts";
import { runRecipe, sigstoreVerifier, withChangedByte } from "./stock_verifiers.ts";

const KEY = parseSigningKey(generateKey(), "test");

Deno.test("a proof holds under sigstore's verifier and the recipe in README, and no edit of it does", async () => {
  await using bench = await ProofBench.create();
  const run = await bench.run({ key: KEY });
  const text = await Deno.readTextFile(`${run.directory}/proof.intoto.jsonl`);
  const lines = text.trimEnd().split("\n");
  assertEquals(lines.length, 3);
  const verify = sigstoreVerifier(KEY.public.pem);
  for (const line of lines) {
    const envelope = JSON.parse(line);
    verify(envelope);
    assertThrows(() => verify(withChangedByte(envelope)));
  }

  const commit = run.state.run.head?.commit ?? "";
  const pub = `${bench.repository.directory}/omk.pub`;
  await Deno.writeTextFile(pub, KEY.public.pem);
  const check = async (of: string, note: readonly string[]) => {
    await writeNote(bench.workspace.info, of, note.map((line) => `${line}\n`).join(""));
    return await runRecipe(of, pub, bench.workspace.info.commonDir);
  };
  const sound = await check(commit, lines);
  assertEquals(sound.code, 0, sound.said);
  assert(sound.said.includes(commit), sound.said);
  const [gate = "", provenance = "", summary = ""] = lines;
  const foreign = parseSigningKey(generateKey(), "test");
  const red = await bench.run({ red: true, key: KEY });
  const both = lines.map((line) => addSignature(JSON.parse(line), foreign));
  const turned = both.map((each) => ({ ...each, signatures: each.signatures.toReversed() }));
  for (const envelopes of [both, turned]) {
    const { code, said } = await check(commit, envelopes.map((each) => JSON.stringify(each)));
    assertEquals(code, 0, said);
  }
  const unsigned = { ...JSON.parse(provenance), signatures: [] };
  const redLines = (await Deno.readTextFile(`${red.directory}/proof.intoto.jsonl`)).trimEnd().split("\n");
  const attacks: readonly (readonly [what: string, of: string, note: readonly string[]])[] = [
    ["one dropped", commit, [provenance, summary]],
    ["one added", commit, [gate, gate, provenance, summary]],
    ["the summary dropped", commit, [gate, provenance]],
    ["another commit", run.state.run.base?.commit ?? "", lines],
    ["a changed byte", commit, [gate.replace('"payload":"eyJf', '"payload":"eyJe'), provenance, summary]],
    ["one without a signature", commit, [gate, JSON.stringify(unsigned), summary]],
    ["a red run", red.state.run.head?.commit ?? "", redLines],
  ];
  for (const [what, of, note] of attacks) {
    const { code, said } = await check(of, note);
    assert(code !== 0, `${what}: ${said}`);
  }
  await Deno.writeTextFile(pub, foreign.public.pem);
  assert((await check(commit, lines)).code !== 0, "another key");
});
