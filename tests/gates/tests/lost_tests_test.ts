import { assertEquals } from "@std/assert";
import { lostTests, type ReportedTest } from "../../../src/gates/tests/lost_tests.ts";

interface Case {
  readonly what: string;
  readonly path: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** `deleted NAME` or `skipped NAME`. */
  readonly lost: readonly string[];
}

const CASES: readonly Case[] = [
  {
    what: "it() that is gone",
    path: "a.test.ts",
    before: ['it("adds", f)'],
    after: [],
    lost: ["deleted adds"],
  },
  {
    what: "test() behind a comment",
    path: "src/__tests__/a.js",
    before: ["  test('adds', f)"],
    after: ["  // test('adds', f)"],
    lost: ["deleted adds"],
  },
  { what: "xit()", path: "a.spec.js", before: ["it('a', f)"], after: ["xit('a', f)"], lost: ["skipped a"] },
  {
    what: "it.only(), which keeps all others from being run",
    path: "a.spec.js",
    before: ["it('a', f)"],
    after: ["it.only('a', f)"],
    lost: ["skipped a"],
  },
  {
    what: "describe.skip()",
    path: "a.test.mjs",
    before: ['describe("s", () => {', '  it("a", f)'],
    after: ['describe.skip("s", () => {', '  it("a", f)'],
    lost: ['skipped describe.skip("s", () => {'],
  },
  {
    what: "Deno.test.ignore()",
    path: "a_test.ts",
    before: ['Deno.test("a", f)'],
    after: ['Deno.test.ignore("a", f)'],
    lost: ["skipped a"],
  },
  {
    what: "pytest.mark.skip",
    path: "tests/test_a.py",
    before: ["def test_a():", "    pass"],
    after: ["@pytest.mark.skip", "def test_a():", "    pass"],
    lost: ["skipped test_a"],
  },
  {
    what: "a Python test with another name",
    path: "tests/test_a.py",
    before: ["async def test_a():"],
    after: ["async def check_a():"],
    lost: ["deleted test_a"],
  },
  {
    what: "unittest's skipTest(), which stands in the test",
    path: "test_a.py",
    before: ["    def test_a(self):", "        x()"],
    after: ["    def test_a(self):", '        self.skipTest("later")'],
    lost: ['skipped self.skipTest("later")'],
  },
  {
    what: "#[ignore]",
    path: "src/lib.rs",
    before: ["#[test]", "fn adds() {"],
    after: ["#[test]", "#[ignore]", "fn adds() {"],
    lost: ["skipped adds"],
  },
  {
    what: "a Rust test without its attribute",
    path: "src/lib.rs",
    before: ["#[tokio::test]", "async fn adds() {"],
    after: ["async fn adds() {"],
    lost: ["deleted adds"],
  },
  {
    what: "t.Skip()",
    path: "a_test.go",
    before: ["func TestA(t *testing.T) {", "\tx()"],
    after: ["func TestA(t *testing.T) {", '\tt.Skip("later")'],
    lost: ['skipped t.Skip("later")'],
  },
  {
    what: "@Disabled and a deleted method",
    path: "src/test/java/ATest.java",
    before: ["  @Test", "  void a() {", "  @Test", "  void b() {"],
    after: ["  @Disabled", "  @Test", "  void a() {"],
    lost: ["deleted b", "skipped a"],
  },
  {
    what: "[Ignore] of .NET",
    path: "ATests.cs",
    before: ["[Test]", "public void A()"],
    after: ["[Test]", "[Ignore]", "public void A()"],
    lost: ["skipped A"],
  },
  {
    what: "RSpec's xit",
    path: "a_spec.rb",
    before: ['it "a" do'],
    after: ['xit "a" do'],
    lost: ["skipped a"],
  },
  {
    what: "markTestSkipped()",
    path: "tests/ATest.php",
    before: ["public function testA() {"],
    after: ["public function testA() {", "  $this->markTestSkipped();"],
    lost: ["skipped $this->markTestSkipped();"],
  },
  {
    what: "GoogleTest's DISABLED_",
    path: "a_test.cc",
    before: ["TEST(S, Adds) {"],
    after: ["TEST(S, DISABLED_Adds) {"],
    lost: ["skipped Adds"],
  },
  {
    what: "nothing of files that hold no tests",
    path: "src/it.ts",
    before: ["it('a', f)"],
    after: [],
    lost: [],
  },
  {
    what: "nothing of fixtures",
    path: "tests/data/a.json",
    before: ['{ "it": "a" }'],
    after: [],
    lost: [],
  },
];

Deno.test("P8: lostTests() tells what a patch deletes and skips, per language", () => {
  for (const { what, path, before, after, lost } of CASES) {
    const found = lostTests({ patch: patchOf(path, before, after), reports: [] });
    assertEquals(found.map(({ change, test }) => `${change} ${test}`), lost, what);
    for (const each of found) assertEquals([each.path, each.gate], [path, null], what);
    // The way back loses nothing but marks that were there before.
    assertEquals(lostTests({ patch: patchOf(path, after, [...after, ...before]), reports: [] }), [], what);
  }
});

Deno.test("P8: lostTests() knows a test that moved, a deleted file without one, and paths that git quotes", () => {
  const moved = patchOf("tests/test_a.py", ["def test_a():"], []) +
    patchOf("tests/test_b.py", [], ["def test_a():"]);
  assertEquals(lostTests({ patch: moved, reports: [] }), []);
  const emptied = "diff --git a/x.test.sh b/x.test.sh\n";
  assertEquals(lostTests({ patch: emptied, reports: [] }), []);
  const binary =
    "diff --git a/x.test.js b/x.test.js\ndeleted file mode 100644\nindex 1..0\nGIT binary patch\n";
  assertEquals(lostTests({ patch: binary, reports: [] }), [
    { test: "x.test.js", change: "deleted", path: "x.test.js", gate: null },
  ]);
  const quoted = patchOf("x", ["it('a', f)"], [])
    .replace("a/x b/x", String.raw`"a/\303\244 \"x\".test.js" "b/\303\244 \"x\".test.js"`);
  assertEquals(lostTests({ patch: quoted, reports: [] })[0]?.path, 'ä "x".test.js');
});

Deno.test("P8: lostTests() compares reports by name, and believes them about tests of the patch", () => {
  const test = (name: string, skipped = false, suite = "s"): ReportedTest => ({ suite, name, skipped });
  const pair = (
    base: readonly ReportedTest[],
    head: readonly ReportedTest[],
  ) => [{ gate: "unit", base, head }];
  const tell = (base: readonly ReportedTest[], head: readonly ReportedTest[], patch = "") =>
    lostTests({ patch, reports: pair(base, head) }).map(({ test, change, gate }) => [change, test, gate]);
  assertEquals(tell([test("a"), test("b"), test("c")], [test("a"), test("b", true)]), [
    ["skipped", "b", "unit"],
    ["deleted", "c", "unit"],
  ]);
  assertEquals(tell([test("a", false, "old")], [test("a", false, "new"), test("b")]), []);
  assertEquals(tell([test("a"), test("a", false, "t")], [test("a")]), [["deleted", "a", "unit"]]);
  assertEquals(tell([test("a", true)], []), [], "a test that did not run is not lost");
  const patch = patchOf("a.test.js", ["it('a', f)", "it('b', f)"], []);
  assertEquals(tell([test("a"), test("b")], [test("a")], patch), [["deleted", "b", "unit"]]);
  assertEquals(tell([], [], patch), [["deleted", "a", null], ["deleted", "b", null]]);
});

/** One hunk that replaces all lines of a file. */
function patchOf(path: string, before: readonly string[], after: readonly string[]): string {
  return [
    `diff --git a/${path} b/${path}`,
    "index 1..2 100644",
    `--- a/${path}`,
    `+++ b/${path}`,
    `@@ -1,${before.length} +1,${after.length} @@`,
    ...before.map((line) => `-${line}`),
    ...after.map((line) => `+${line}`),
    "",
  ].join("\n");
}
