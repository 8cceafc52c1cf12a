import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/jsonc";
import fc from "fast-check";
import { findFault } from "../../src/plan/syntax/find_fault.ts";
import { load } from "./fixture.ts";

/** A fault as one line, with what it marks in the text. */
function told(text: string): string {
  const fault = findFault(text, "the plan");
  if (fault === undefined) return "none";
  const { offset, length, message, hint, related } = fault;
  const marked = JSON.stringify(text.slice(offset, offset + length));
  const more = related === undefined ? "" : ` [${related.what} ${related.offset}]`;
  return `${offset} ${marked} ${message}${hint === undefined ? "" : `; ${hint}`}${more}`;
}

const PLAIN_NUMBERS = 'numbers look like 60, 0.5 or 1e3; a text such as "2h" stands in double quotes';
const ONLY_WORDS = "a text stands in double quotes; the only words without are true, false, null";
const BACKSLASH = "a backslash itself is written \\\\";
const CLOSE_QUOTE = 'add the closing quote; within a text, a quote is written \\" and a line break \\n';

/** Texts that are no JSON with comments, and what is said of each: place, what is marked, message, help. */
const FAULTS: readonly (readonly [text: string, told: string])[] = [
  ["name: x", '0 "name" the plan must begin with "{"; it is JSON with comments: { "field": value }'],
  ["}", '0 "}" the plan must begin with "{"; it is JSON with comments: { "field": value }'],
  ["# x\n{}", '0 "#" "#" begins no comment; comments begin with "//", or stand in /* */'],
  [
    "<<<<<<< HEAD\n{}",
    '0 "<<<<<<<" a merge conflict was left in the file; keep one of the two sides, and remove the lines with ' +
    '"<<<<<<<", "=======" and ">>>>>>>"',
  ],
  // Names of fields.
  ["{ a: 1 }", '2 "a" the name of a field stands in double quotes; write "a"'],
  ["{ 'a': 1 }", `2 "'a'" the name of a field stands in double quotes; write "a"`],
  ["{ 1: 2 }", '2 "1" the name of a field stands in double quotes; write "1"'],
  ["{ (a): 2 }", '2 "(a)" the name of a field stands in double quotes; write "name"'],
  ["{ , }", '2 "," a "," stands before the first field; remove it'],
  ['{ "a": 1,, "b": 2 }', '9 "," two commas follow each other; remove it'],
  ["{ : 1 }", '2 ":" the name of a field, in double quotes, is missing here'],
  ['{ "a": 1, {} }', '10 "{" the name of a field, in double quotes, is missing here'],
  // What stands between a name and its value.
  ['{ "a" 1 }', '5 " " a ":" is missing here, between the name of a field and its value'],
  ['{ "a",\n"b": 1 }', '5 "," a ":" is missing here, between the name of a field and its value'],
  ['{ "a"', '5 "" a ":" is missing here, between the name of a field and its value'],
  ['{ "a" = 1 }', '6 "=" "=" stands where a ":" belongs; name and value: "name": 1'],
  // Values.
  ['{ "a": , "b": 1 }', '7 "," a value is missing here'],
  ['{ "a": }', '7 "}" a value is missing here'],
  ['{ "a":\n', '6 "\\n" a value is missing here'],
  ["[1,, 2]", '3 "," a value is missing here'],
  ['{ "a": True }', '7 "True" "True" is no value; write true'],
  ['{ "a": no }', '7 "no" "no" is no value; write false'],
  ['{ "a": None }', '7 "None" "None" is no value; write null'],
  ['{ "a": flase }', '7 "flase" "flase" is no value; write false'],
  ['{ "a": NaN }', `7 "NaN" "NaN" is no value; ${ONLY_WORDS}`],
  ['{ "a": make test }', `7 "make" "make" is no value; ${ONLY_WORDS}`],
  ["{ \"a\": 'x' }", `7 "'x'" a text stands in double quotes; write "x"`],
  ['{ "a": `x` }', '7 "`x`" a text stands in double quotes; write "x"'],
  ['{ "a": “x” }', '7 "“" typographic quotes do not count as quotes; write plain ones: "'],
  ['{ "a": 01 }', `7 "01" "01" is no number; ${PLAIN_NUMBERS}`],
  ['{ "a": .5 }', `7 ".5" ".5" is no number; ${PLAIN_NUMBERS}`],
  ['{ "a": 2h }', `7 "2h" "2h" is no number; ${PLAIN_NUMBERS}`],
  ['{ "a": 1; "b": 2 }', '7 "1;" ";" stands where a "," belongs; write 1,'],
  // What stands between values.
  ['{ "a": 1\n  "b": 2 }', '8 "\\n" a "," is missing here, between two fields'],
  ['{ "a": 1 // one\n  "b": 2 }', '8 " " a "," is missing here, between two fields'],
  ["[1 2]", '2 " " a "," is missing here, between two values'],
  ["[{} {}]", '3 " " a "," is missing here, between two values'],
  [
    '{ "a": "say "hi"" }',
    '13 "hi" "hi" is not expected behind a value; a "," or a "}" must follow; a quote within a text is written \\"',
  ],
  ['{ "a": "b": 1 }', '10 ":" a "," or a "}" must follow a value; remove this ":"'],
  [
    '{ "a": [1, "b": 2] }',
    '14 ":" a ":" stands in a list, whose values have no names; a "]" or a "{" is missing before [the list begins 7]',
  ],
  [
    '{ "a":\u00a01 }',
    '6 "\u00a0" the invisible character U+00A0 stands between the values; replace it by a plain space, or remove it',
  ],
  [
    '{ "a": 1 \u200b}',
    '9 "\u200b" the invisible character U+200B stands between the values; replace it by a plain space, or remove it',
  ],
  // Brackets.
  ['{ "a": 1', '8 "" a "}" is missing here [the object begins 0]'],
  ['{ "a": 1,\n// end', '9 "\\n" a "}" is missing here [the object begins 0]'],
  ["[ 1, 2", '6 "" a "]" is missing here [the list begins 0]'],
  ['{ "a": [1, 2 }', '12 " " a "]" is missing here [the list begins 7]'],
  ['{ "a": [{ "b": 1 ] }', '16 " " a "}" is missing here [the object begins 8]'],
  ['{ "a": [{ "b": 1 { "b": 2 }] }', '16 " " a "}" is missing here [the object begins 8]'],
  ['{ "a": 1 ]', '9 "]" a "]" stands where a "}" belongs; write "}" [the object begins 0]'],
  ["[}", '1 "}" a "}" stands where a "]" belongs; write "]" [the list begins 0]'],
  ["{ ]", '2 "]" a "]" stands where a "}" belongs; write "}" [the object begins 0]'],
  ["{} }", '3 "}" this "}" closes nothing; remove it'],
  ["{}]", '2 "]" this "]" closes nothing; remove it'],
  ["{} {}", '3 "{" the plan ended before this; remove what follows, or comment it out'],
  ["{}\nmore", '3 "more" the plan ended before this; remove what follows, or comment it out'],
  // Inside of texts and comments.
  ['{ "a": "x\n}', `7 "\\"x" a text has no closing quote; ${CLOSE_QUOTE}`],
  ['{ "a": "x', `7 "\\"x" a text has no closing quote; ${CLOSE_QUOTE}`],
  ['{ "a": "x\\', `7 "\\"x\\\\" a text has no closing quote; ${CLOSE_QUOTE}`],
  ['{ "a": "\\q" }', `8 "\\\\q" \\q means nothing in a text; ${BACKSLASH}`],
  ['{ "a": "C:\\dir" }', `10 "\\\\d" \\d means nothing in a text; ${BACKSLASH}`],
  ['{ "a": "it\\\'s" }', `10 "\\\\'" \\' means nothing in a text; a single quote needs no backslash`],
  [
    '{ "a": "\\u12" }',
    '8 "\\\\u" \\u needs four hexadecimal digits; such as \\u00e9; a backslash itself is written \\\\',
  ],
  ['{ "a": "\t" }', '8 "\\t" a tab stands in a text; write it as \\t'],
  ['{ "a": "\x07" }', '8 "\\u0007" the control character U+0007 stands in a text; write it as \\u0007'],
  ["{} /* x", '3 "/*" a comment has no end; close it with "*/"'],
];

Deno.test("findFault() points at what is wrong, and says what belongs there", () => {
  for (const [text, expected] of FAULTS) assertEquals(told(text), expected, text);
});

Deno.test("findFault() finds nothing in JSON with comments and trailing commas", () => {
  for (
    const text of [
      "{}",
      "[]",
      '{ "a": [1, -0.5e+3, true, null, "\\u00e9\\"",], } // x',
      "/* x */ [[], {}] /**/",
    ]
  ) {
    assertEquals(told(text), "none", text);
  }
});

function accepts(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

Deno.test("findFault() finds a fault in exactly those texts that the parser refuses", () => {
  const plan =
    '{\n  // a\n  "a": [1, { "b": "c\\n", "d": null }, -2.5e3, [],],\n  /* b */ "e": { "f": true, }\n}\n';
  const pieces = [
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\\",
    "\n",
    "x",
    "0",
    "-",
    "/",
    "*",
    "\t",
    "\u00a0",
    "tru",
  ];
  const edit = fc.record({
    at: fc.nat(plan.length),
    removed: fc.nat(3),
    added: fc.oneof(fc.constant(""), fc.constantFrom(...pieces)),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const text = edits.reduce(
        (before, { at, removed, added }) => before.slice(0, at) + added + before.slice(at + removed),
        plan,
      );
      const isBlank = text.replaceAll(/\/\/.*|\/\*[^]*?\*\//g, "").trim() === "";
      fc.pre(!isBlank);
      assertEquals(findFault(text, "the plan") === undefined, accepts(text), JSON.stringify(text));
    }),
    { numRuns: 3000, seed: 20 },
  );
});

Deno.test("every fault is a problem with its place in the plan, and what it belongs to", async () => {
  const loaded = await load('{\n  "tasks": [\n    { "id": "a", "run": "x"\n  ]\n}\n');
  assert(!loaded.ok);
  const [problem] = loaded.problems;
  assertEquals(
    [problem?.code, problem?.line, problem?.column, problem?.related],
    ["syntax", 3, 28, { what: "the object begins", line: 3, column: 5 }],
  );
});
