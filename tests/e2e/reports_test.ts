/** Reports that gates write, and those that omk writes. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";

const SARIF = JSON.stringify({
  version: "2.1.0",
  runs: [{
    tool: { driver: { name: "lint" } },
    results: [{ message: { text: "token ghp_0123456789abcdefABCDEF0123456789abcdef" } }],
  }],
});

Deno.test("P12: omk run --report writes tasks and gates as JUnit, and the findings of gates as one SARIF log", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    name: "reports",
    gates: [
      { name: "lint", command: `cp lint.json out.sarif`, reports: ["out.sarif"] },
      { name: "unit", command: "cp junit.txt unit.xml", reports: ["*.xml"] },
    ],
    tasks: [{ id: "ok", run: "echo ok > ok.txt" }, { id: "bad", run: "echo no; exit 3" }],
  }, {
    "lint.json": SARIF,
    "junit.txt": "<testsuite><testcase name='a'/><testcase name='b'><skipped/></testcase></testsuite>",
  });
  const none = await sandbox.omkEnds(2, ["run", "--report", "xunit=x"]);
  assertStringIncludes(none.stderr, "junit=FILE or sarif=FILE");
  const nowhere = await sandbox.omkEnds(2, ["run", "--report", "junit=missing/x.xml"]);
  assertStringIncludes(nowhere.stderr, "there is no directory");
  const out = `${sandbox.root}/out`;
  await Deno.mkdir(out);
  await sandbox.omkEnds(1, ["run", "--report", `junit=${out}/omk.xml,sarif=${out}/omk.sarif`]);
  const junit = await Deno.readTextFile(`${out}/omk.xml`);
  assertStringIncludes(junit, '<testsuite name="tasks" tests="2" failures="1"');
  assertStringIncludes(junit, 'name="bad"');
  const text = await Deno.readTextFile(`${out}/omk.sarif`);
  assert(!text.includes("ghp_0123"), text);
  assertEquals(JSON.parse(text).runs[0].automationDetails.id, "omk/lint/lint/1");
  const { gates, artifacts } = await sandbox.omkJson(["proof"]);
  assertEquals(gates[1].counts, { tests: 2, failures: 0, skipped: 1 });
  assert(artifacts.some(({ path }: { readonly path: string }) => path === gates[0].reports[0]));
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.omkEnds(0, ["proof", "--report", `junit=${out}/again.xml`]);
  assertEquals(await Deno.readTextFile(`${out}/again.xml`), junit);
});
