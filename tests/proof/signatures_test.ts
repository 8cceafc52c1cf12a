import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { generateKey, parseSigningKey, type SigningKey } from "../../src/proof/key.ts";
import { readAttestations, signProof } from "../../src/proof/sign.ts";
import { verifyAttached } from "../../src/proof/verify_attached.ts";
import type { TrustedKey } from "../../src/proof/verify_signatures.ts";
import { editFile } from "./attacks.ts";
import { ProofBench, type ProvedRun } from "./proved_run.ts";

const KEY = parseSigningKey(generateKey(), "test");
const OTHER = parseSigningKey(generateKey(), "test");
const BUNDLE = "proof.intoto.jsonl";

function trusting(key: SigningKey): TrustedKey {
  return { key: key.public, origin: "omk.pub", required: true };
}

/** The lines of a run's bundle. */
async function linesOf(run: ProvedRun): Promise<string[]> {
  return (await Deno.readTextFile(`${run.directory}/${BUNDLE}`)).trimEnd().split("\n");
}

/** An envelope whose statement was changed, under the old signature. */
function edited(line: string, edit: (statement: string) => string): string {
  const envelope = JSON.parse(line);
  return JSON.stringify({ ...envelope, payload: btoa(edit(atob(envelope.payload))) });
}

interface Attack {
  readonly what: string;
  readonly change: (lines: readonly string[], foreign: readonly string[]) => readonly string[];
  readonly check: "statements" | "signatures";
  readonly detail: string;
}

const ATTACKS: readonly Attack[] = [
  {
    what: "the result of a gate is flipped",
    change: ([gate = "", ...rest]) => [edited(gate, (text) => text.replace("PASSED", "FAILED")), ...rest],
    check: "statements",
    detail: 'gate "test": predicate.result: expected "PASSED", found "FAILED"',
  },
  {
    what: "the statement on a gate is dropped",
    change: ([, ...rest]) => rest,
    check: "statements",
    detail: `${BUNDLE}:1: expected the statement on gate "test", found it dropped`,
  },
  {
    what: "the summary is dropped",
    change: (lines) => lines.slice(0, -1),
    check: "statements",
    detail: `${BUNDLE}:3: expected the statement on verification summary, found it dropped`,
  },
  {
    what: "a statement is doubled",
    change: ([gate = "", ...rest]) => [gate, gate, ...rest],
    check: "statements",
    detail: `${BUNDLE}:2: expected no further statement, found one on gate "test"`,
  },
  {
    what: "a statement is from another run",
    change: ([gate = "", , ...rest], foreign) => [gate, foreign[1] ?? "", ...rest],
    check: "statements",
    detail: `${BUNDLE}:2: provenance: `,
  },
  {
    what: "the statements are all from another run",
    change: (_, foreign) => foreign,
    check: "statements",
    detail: "expected",
  },
  {
    what: "a line is no envelope",
    change: ([gate = "", ...rest]) => [gate.slice(0, -5), ...rest],
    check: "statements",
    detail: `${BUNDLE}:1: expected an envelope`,
  },
  {
    what: "a signature is taken from another statement",
    change: ([gate = "", provenance = "", ...rest]) => [
      JSON.stringify({ ...JSON.parse(gate), signatures: JSON.parse(provenance).signatures }),
      provenance,
      ...rest,
    ],
    check: "signatures",
    detail: `${BUNDLE}:1 (gate "test"): expected a signature of key ${KEY.public.id.slice(0, 12)}`,
  },
  {
    what: "a signature is of another type",
    change: ([gate = "", ...rest]) => [gate.replace("in-toto+json", "other+json"), ...rest],
    check: "statements",
    detail: `${BUNDLE}:1: expected an envelope`,
  },
];

Deno.test("P7: verifyRun() finds what is wrong with the signed statements of a proof", async (test) => {
  await using bench = await ProofBench.create();
  const sound = await bench.run({ key: KEY });
  const foreign = await linesOf(await bench.run({ key: KEY }));
  const report = await bench.verify(sound, bench.git, trusting(KEY));
  assertEquals(report.first_failure, null);
  assertEquals((await linesOf(sound)).length, 3);
  for (const { what, change, check, detail } of ATTACKS) {
    await test.step(what, async () => {
      const run = await bench.copy(sound);
      const lines = change(await linesOf(run), foreign);
      await editFile(run, BUNDLE, () => lines.map((line) => `${line}\n`).join(""));
      const { first_failure } = await bench.verify(run, bench.git, trusting(KEY));
      assertEquals(first_failure?.name, check);
      assertStringIncludes(first_failure?.detail ?? "", detail);
    });
  }
  await test.step("another key has signed", async () => {
    const { first_failure } = await bench.verify(sound, bench.git, trusting(OTHER));
    assertEquals(first_failure?.name, "signatures");
    assertStringIncludes(first_failure?.detail ?? "", OTHER.public.id.slice(0, 12));
  });
  await test.step("all statements are gone, and nobody names a key", async () => {
    const run = await bench.copy(sound);
    await Deno.remove(`${run.directory}/${BUNDLE}`);
    const { first_failure } = await bench.verify(run);
    assertEquals(first_failure?.name, "statements");
  });
});

Deno.test("signProof() adds a signature to those of others, and verifyRun() asks for the one that is named", async () => {
  await using bench = await ProofBench.create();
  const run = await bench.run({ red: true });
  const unsigned = await bench.verify(run, bench.git, trusting(KEY));
  assertEquals(unsigned.first_failure?.name, "statements");
  assertEquals(
    (await bench.verify(run)).first_failure,
    null,
    "an unsigned proof holds where no key is asked for",
  );
  await signProof(run.directory, KEY);
  await signProof(run.directory, OTHER);
  await signProof(run.directory, OTHER);
  for (const key of [KEY, OTHER]) {
    assertEquals((await bench.verify(run, bench.git, trusting(key))).first_failure, null);
  }
  const [first] = await readAttestations(run.directory) ?? [];
  assertEquals(first?.envelope.signatures.map(({ keyid }) => keyid), [KEY.public.id, OTHER.public.id]);
  assertEquals(first?.statement.predicate["result"], "FAILED", "failures are signed too");
});

Deno.test("verifyAttached() checks a commit by what is signed about it, without the run", async () => {
  await using bench = await ProofBench.create();
  const { git } = bench;
  const run = await bench.run({ key: KEY });
  const commit = run.state.run.head?.commit ?? "";
  const base = run.state.run.base?.commit ?? "";
  const lines = await linesOf(run);
  const key = trusting(KEY);
  const verify = async (text: string, of = commit, by = key) =>
    await verifyAttached({ commit: of, text, git, key: by });
  const sound = await verify(lines.join("\n"));
  assertEquals(sound.first_failure, null);
  assertEquals([sound.run_id, sound.status], [run.runId, "ready"]);
  const failures = [
    [await verify(lines.slice(1).join("\n")), "statements"],
    [await verify([...lines, lines[0]].join("\n")), "statements"],
    [await verify(""), "statements"],
    [await verify(lines.join("\n"), commit, trusting(OTHER)), "signatures"],
    [await verify(lines.join("\n"), base), "commits"],
    [await verify((await linesOf(await bench.run({ red: true, key: KEY }))).join("\n"), commit), "commits"],
  ] as const;
  for (const [report, check] of failures) {
    assertEquals(report.first_failure?.name, check, report.first_failure?.detail);
    assert(report.status === null);
  }
});

Deno.test("a run that is not ready is no ready commit, whoever signs it", async () => {
  await using bench = await ProofBench.create();
  const run = await bench.run({ red: true, key: KEY });
  const commit = run.state.run.head?.commit ?? "";
  const text = (await linesOf(run)).join("\n");
  const report = await verifyAttached({ commit, text, git: bench.git, key: trusting(KEY) });
  assertEquals(report.first_failure?.name, "gates");
  assertEquals(report.status, null);
});
