/** The signed statements of a proof under verifiers that know nothing of omk. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { bundleFromJSON } from "@sigstore/bundle";
import { toSignedEntity, Verifier } from "@sigstore/verify";
import { createPublicKey } from "node:crypto";
import { writeNote } from "../../src/git/notes.ts";
import { generateKey, parseSigningKey } from "../../src/proof/key.ts";
import { ProofBench } from "./proved_run.ts";

const README = fromFileUrl(new URL("../../README.md", import.meta.url));
const KEY = parseSigningKey(generateKey(), "test");

Deno.test("a proof holds under sigstore's verifier, and one changed byte does not", async () => {
  await using bench = await ProofBench.create();
  const run = await bench.run({ key: KEY });
  const lines = (await Deno.readTextFile(`${run.directory}/proof.intoto.jsonl`)).trimEnd().split("\n");
  const verifier = new Verifier(
    {
      certificateAuthorities: [],
      timestampAuthorities: [],
      tlogs: [],
      ctlogs: [],
      publicKey: () => ({ publicKey: createPublicKey(KEY.public.pem), validFor: () => true }),
    },
    { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 },
  );
  const verify = (dsseEnvelope: unknown) =>
    verifier.verify(toSignedEntity(bundleFromJSON({
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { publicKey: { hint: KEY.public.id }, tlogEntries: [] },
      dsseEnvelope,
    })));
  assertEquals(lines.length, 3);
  for (const line of lines) {
    const envelope = JSON.parse(line);
    verify(envelope);
    const changed = atob(envelope.payload).replace("in-toto.io", "in-toto.iO");
    assertThrows(() => verify({ ...envelope, payload: btoa(changed) }));
  }
});

Deno.test("the recipe in README checks a commit with openssl and git alone, and refuses every edit", async () => {
  await using bench = await ProofBench.create();
  const run = await bench.run({ key: KEY });
  const commit = run.state.run.head?.commit ?? "";
  const text = await Deno.readTextFile(`${run.directory}/proof.intoto.jsonl`);
  const lines = text.trimEnd().split("\n");
  const recipe = await recipeOfReadme();
  const directory = await Deno.makeTempDir({ dir: bench.repository.directory });
  await Deno.writeTextFile(`${directory}/omk.pub`, KEY.public.pem);
  const check = async (of: string, note: readonly string[]) => {
    await writeNote(bench.workspace.info, of, note.map((line) => `${line}\n`).join(""));
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", recipe, "check-proof", of, "omk.pub"],
      cwd: directory,
      env: { GIT_DIR: bench.workspace.info.commonDir },
    }).output();
    return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  };
  const sound = await check(commit, lines);
  assertEquals(sound.code, 0, sound.said);
  assert(sound.said.includes(commit), sound.said);
  const [gate = "", provenance = "", summary = ""] = lines;
  const foreign = parseSigningKey(generateKey(), "test");
  const red = await bench.run({ red: true, key: KEY });
  const redLines = (await Deno.readTextFile(`${red.directory}/proof.intoto.jsonl`)).trimEnd().split("\n");
  const attacks: readonly (readonly [what: string, of: string, note: readonly string[]])[] = [
    ["one dropped", commit, [provenance, summary]],
    ["one added", commit, [gate, gate, provenance, summary]],
    ["the summary dropped", commit, [gate, provenance]],
    ["another commit", run.state.run.base?.commit ?? "", lines],
    ["a changed byte", commit, [gate.replace('"payload":"eyJf', '"payload":"eyJe'), provenance, summary]],
    ["a red run", red.state.run.head?.commit ?? "", redLines],
  ];
  for (const [what, of, note] of attacks) {
    const { code, said } = await check(of, note);
    assert(code !== 0, `${what}: ${said}`);
  }
  await Deno.writeTextFile(`${directory}/omk.pub`, foreign.public.pem);
  assert((await check(commit, lines)).code !== 0, "another key");
});

/** The script between the marks in README. */
async function recipeOfReadme(): Promise<string> {
  const text = await Deno.readTextFile(README);
  const found = /<!-- proof check -->\s*```sh\n([^]*?)```\s*<!-- \/proof check -->/.exec(text)?.[1];
  assert(found !== undefined, "README has no recipe between its marks");
  return found;
}
