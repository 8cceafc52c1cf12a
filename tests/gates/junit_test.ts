import { assertEquals } from "@std/assert";
import { readJunit } from "../../src/gates/junit.ts";

const CASES: readonly { readonly what: string; readonly xml: string; readonly counts: unknown }[] = [
  {
    what: "cases with their failures, errors and skips",
    xml: `<?xml version="1.0"?>
      <testsuites tests="99">
        <testsuite name="a" tests="99"><properties><property name="x"/></properties>
          <testcase name="1"/>
          <testcase name="2"><failure message="a &gt; b">text &lt;testcase/&gt;</failure></testcase>
          <testcase name="3"><error/></testcase>
          <testcase name="4"><skipped/></testcase>
          <testcase name="5"><system-out><![CDATA[<testcase><failure/>]]></system-out></testcase>
        </testsuite>
      </testsuites>`,
    counts: { tests: 5, failures: 2, skipped: 1 },
  },
  {
    what: "nested suites once, whatever their attributes say",
    xml:
      `<testsuite tests="2"><testsuite tests="2"><testcase/><testcase><failure/><error/></testcase></testsuite></testsuite>`,
    counts: { tests: 2, failures: 1, skipped: 0 },
  },
  {
    what: "the attributes of the outermost suites where no case is listed",
    xml:
      `<testsuites><testsuite tests="3" failures="1" errors='1' skipped = "1"><testsuite tests="3"/></testsuite><testsuite tests="2"/></testsuites>`,
    counts: { tests: 5, failures: 2, skipped: 1 },
  },
  { what: "an empty report", xml: "<testsuites/>", counts: { tests: 0, failures: 0, skipped: 0 } },
  {
    what: "quotes, comments, declarations and processing instructions that hold tags",
    xml:
      `<!DOCTYPE t [ <!ENTITY x "<testcase>"> ]><!-- <testcase/> --><testsuite name="a > b"><?pi <testcase/> ?><testcase n='&lt;"'/></testsuite>`,
    counts: { tests: 1, failures: 0, skipped: 0 },
  },
  { what: "nothing of a report that was cut", xml: "<testsuites><testsuite><testcase>", counts: null },
  { what: "nothing of a tag that was cut", xml: '<testsuites><testsuite name="x', counts: null },
  {
    what: "nothing of tags that do not match",
    xml: "<testsuite><testcase></testsuite></testcase>",
    counts: null,
  },
  { what: "nothing of another format", xml: "<html><testcase/></html>", counts: null },
  { what: "nothing of JSON", xml: '{"runs": []}', counts: null },
  { what: "nothing of an empty file", xml: "", counts: null },
];

for (const { what, xml, counts } of CASES) {
  Deno.test(`readJunit() counts ${what}`, () => assertEquals(readJunit(xml)?.counts ?? null, counts));
}

Deno.test("readJunit() takes a large report in one pass", () => {
  const text = "x".repeat(200);
  const failed = `<testcase name="${text}"><failure message="${text}">${text}</failure></testcase>`;
  const counts = readJunit(`<testsuite>${failed.repeat(20_000)}</testsuite>`)?.counts;
  assertEquals(counts, { tests: 20_000, failures: 20_000, skipped: 0 });
});
