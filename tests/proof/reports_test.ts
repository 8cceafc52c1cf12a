import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { SaxesParser } from "saxes";
import { readJunit } from "../../src/gates/junit.ts";
import { junitReport } from "../../src/proof/junit_report.ts";
import { mergeSarif } from "../../src/proof/sarif_report.ts";
import { type Proof, proofSchema } from "../../src/proof/schema.ts";
import { parseSarif, type SarifLog } from "../../src/sarif.ts";
import { ProofBench } from "./proved_run.ts";

Deno.test("junitReport() is a report that counts as the proof does, whatever its texts hold", async () => {
  await using bench = await ProofBench.create();
  const run = await bench.run({ red: true });
  const proof = proofSchema.parse(JSON.parse(await Deno.readTextFile(`${run.directory}/proof.json`)));
  const [gate] = proof.gates;
  assert(gate !== undefined);
  const evil = 'a "<b>" & ]]> \u001b[31m\ud800 \u0000';
  const harsh: Proof = {
    ...proof,
    name: evil,
    gates: [
      { ...gate, reason: evil },
      { ...gate, name: evil, allow_fail: true },
      { ...gate, required: false, reason: "exited with 1" },
      { ...gate, result: "passed" },
    ],
  };
  const text = junitReport(harsh);
  const names: string[] = [];
  const parser = new SaxesParser({ xmlns: false });
  parser.on("opentag", ({ attributes }) => names.push(attributes["name"] ?? ""));
  parser.write(text).close();
  assertEquals(names[0], 'a "<b>" & ]]> ?[31m\ufffd ?');
  assertEquals(readJunit(text)?.counts, { tests: proof.tasks.length + 4, failures: 1, skipped: 2 });
  assertStringIncludes(text, '<skipped message="failed, and is not required: exited with 1"/>');
});

function log(tool: string, results: number): SarifLog {
  return {
    version: "2.1.0",
    runs: [{
      tool: { driver: { name: tool } },
      results: Array.from({ length: results }, (_, at) => ({ ruleId: `r${at}` })),
    }],
  };
}

Deno.test("parseSarif() reads version 2.1.0 and nothing else", () => {
  assert(parseSarif(JSON.stringify(log("lint", 2))) !== null);
  for (
    const text of ["", "[]", "{}", '{"version":"2.0.0","runs":[]}', '{"version":"2.1.0","runs":[{}]}', "<x/>"]
  ) {
    assertEquals(parseSarif(text), null, text);
  }
});

Deno.test("mergeSarif() keeps what is there, names each run after its gate, and stays within the limits of a forge", () => {
  const kept = { ...log("lint", 1), extra: { a: 1 } };
  const { log: merged, runsLeftOut } = mergeSarif([{ gate: "lint", log: kept }, {
    gate: "types",
    log: log("tsc", 3),
  }]);
  assertEquals(runsLeftOut, 0);
  assertEquals(merged.runs.map(({ automationDetails }) => automationDetails?.id), [
    "omk/lint/lint/1",
    "omk/types/tsc/1",
  ]);
  assertEquals(merged.runs.map(({ results }) => results?.length), [1, 3]);
  const many = Array.from({ length: 22 }, () => ({ gate: "g", log: log("t", 1) }));
  const cut = mergeSarif([{ gate: "big", log: log("t", 25_003) }, ...many]);
  assertEquals([cut.log.runs.length, cut.runsLeftOut, cut.resultsLeftOut], [20, 3, 3]);
  assertEquals(parseSarif(JSON.stringify(cut.log))?.runs.length, 20);
});
