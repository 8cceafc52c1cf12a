/** Work that deletes tests, or keeps them from being run. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Sandbox } from "./harness.ts";

/** Reports what `tests.txt` lists as JUnit: a name per line, `-` before one that is skipped. */
const REPORT = `
printf '<testsuite>' > unit.xml
while read -r name; do
  case $name in
    -*) printf '<testcase classname="t" name="%s"><skipped/></testcase>' "\${name#-}" ;;
    *) printf '<testcase classname="t" name="%s"/>' "$name" ;;
  esac
done < tests.txt >> unit.xml
printf '</testsuite>' >> unit.xml
`;

const JS = 'it("adds", () => {\n  add();\n});\n\nit("subtracts", () => {\n  subtract();\n});\n';

Deno.test("P7 P8: tests that work deletes or skips in files make the run wait for a person, whose word is proved", async () => {
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    name: "lost",
    gates: [{ name: "check", command: "true" }],
    tasks: [
      { id: "skip", run: 'sed -i \'s/it("adds"/it.skip("adds"/\' src/sum.test.js' },
      { id: "delete", run: "git rm -q tests/test_api.py", dependencies: ["skip"] },
      { id: "move", run: "git mv tests/test_db.py tests/test_store.py", dependencies: ["delete"] },
    ],
  }, {
    "src/sum.test.js": JS,
    "tests/test_api.py": "def test_limit():\n    assert True\n",
    "tests/test_db.py": "def test_rows():\n    assert True\n",
  });
  const run = await sandbox.omkEnds(3, ["run"]);
  assertStringIncludes(run.stdout + run.stderr, "omk accept");
  const before = await sandbox.omkJson(["proof"]);
  assertEquals(before.status, "blocked_on_human");
  assertEquals(before.tests.lost, [
    { test: "test_limit", change: "deleted", path: "tests/test_api.py", gate: null },
    { test: "adds", change: "skipped", path: "src/sum.test.js", gate: null },
  ]);
  assertEquals(before.needs_a_person.map(({ what }: { readonly what: string }) => what), [
    'test "test_limit" in tests/test_api.py was deleted',
    'test "adds" in src/sum.test.js is not run any more',
  ]);
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.omkEnds(1, ["merge"]);
  await sandbox.omkEnds(0, ["reject", "--reason", "why?"]);
  await sandbox.omkEnds(1, ["merge"]);
  const accepted = await sandbox.omkJson(["accept", "--reason", "the API is gone"]);
  assertEquals(accepted.status, "ready");
  const after = await sandbox.omkJson(["proof"]);
  assertEquals(after.status, "ready");
  assertEquals(after.tests.accepted_by, accepted.by);
  assertStringIncludes(after.known_gaps.join("\n"), "accepted that tests are lost");
  await sandbox.omkEnds(0, ["verify"]);
  await sandbox.omkEnds(0, ["replay"]);
  await sandbox.omkEnds(0, ["merge"]);
});

Deno.test("P7 P8: lost tests are found in what gates report of base and result, and the base is judged once", async () => {
  const plan = (name: string, run: string) => ({
    version: 1,
    name,
    gates: [{ name: "unit", command: "sh report.sh", reports: ["unit.xml"] }],
    tasks: [{ id: "work", run }],
  });
  await using sandbox = await Sandbox.withPlan(plan("first", "echo d >> tests.txt; echo -e >> tests.txt"), {
    "report.sh": REPORT,
    "tests.txt": "a\nb\nc\n-idle\n",
  });
  await sandbox.omkEnds(0, ["run"]);
  const first = await sandbox.omkJson(["proof"]);
  assertEquals([first.tests.lost_count, first.tests.reports[0].from, first.gates[0].runs], [0, null, 1]);
  assertEquals(first.gates[0].counts, { tests: 6, failures: 0, skipped: 2 });
  await sandbox.omkEnds(0, ["merge"]);
  await sandbox.write({ "omk.jsonc": JSON.stringify(plan("second", "printf 'a\\n-b\\nd\\n' > tests.txt")) });
  await sandbox.omkEnds(3, ["run"]);
  const second = await sandbox.omkJson(["proof"]);
  assertEquals(second.tests.lost, [
    { test: "b", change: "skipped", path: null, gate: "unit" },
    { test: "c", change: "deleted", path: null, gate: "unit" },
  ]);
  await sandbox.omkEnds(0, ["verify"]);
  assertEquals(second.tests.reports[0].from, first.run_id);
  const allowing = { ...plan("third", "echo a > tests.txt"), protected: "allow" };
  await sandbox.write({ "omk.jsonc": JSON.stringify(allowing) });
  await sandbox.omkEnds(0, ["run"]);
  assertEquals((await sandbox.omkJson(["proof"])).tests, undefined);
});
