/**
 * Counts of a JUnit XML report. There is no formal standard: some producers nest suites and count children twice,
 * some leave attributes out. So the test cases themselves are counted, and the attributes of the outermost suites
 * only where a report lists no case. Nothing is expanded or fetched, and the time is linear in the text.
 */

/** How many tests a report tells of. */
export interface TestCounts {
  readonly tests: number;
  /** Failures and errors. */
  readonly failures: number;
  readonly skipped: number;
}

/** The counts of a report; null where the text is no JUnit report, or an incomplete one. */
export function junitCounts(text: string): TestCounts | null {
  const counter = new CaseCounter();
  for (const tag of tagsOf(text)) {
    if (tag === null || !counter.take(tag)) return null;
  }
  return counter.result();
}

/** The sum of several counts; null where there are none. */
export function sumCounts(counts: readonly TestCounts[]): TestCounts | null {
  if (counts.length === 0) return null;
  return counts.reduce((sum, each) => ({
    tests: sum.tests + each.tests,
    failures: sum.failures + each.failures,
    skipped: sum.skipped + each.skipped,
  }));
}

interface Tag {
  readonly name: string;
  readonly kind: "open" | "close" | "empty";
  /** What stands behind the name. */
  readonly attributes: string;
}

const SUITES: ReadonlySet<string> = new Set(["testsuites", "testsuite"]);

class CaseCounter {
  readonly #path: string[] = [];
  #cases = { tests: 0, failures: 0, skipped: 0 };
  #declared = { tests: 0, failures: 0, skipped: 0 };
  /** What the case that is being read has come to. */
  #verdict: "passed" | "failed" | "skipped" = "passed";
  #isReport = false;

  /** Takes the next tag; false where it does not fit. */
  take(tag: Tag): boolean {
    if (tag.kind === "close") {
      if (this.#path.pop() !== tag.name) return false;
      if (tag.name === "testcase") this.#endCase();
      return true;
    }
    if (this.#path.length === 0) {
      if (this.#isReport || !SUITES.has(tag.name)) return false;
      this.#isReport = true;
    }
    this.#open(tag);
    if (tag.kind === "open") this.#path.push(tag.name);
    else if (tag.name === "testcase") this.#endCase();
    return true;
  }

  result(): TestCounts | null {
    if (!this.#isReport || this.#path.length > 0) return null;
    return this.#cases.tests > 0 ? this.#cases : this.#declared;
  }

  #open(tag: Tag): void {
    const parent = this.#path.at(-1);
    if (tag.name === "testcase") this.#verdict = "passed";
    const isOutermostSuite = tag.name === "testsuite" && (parent === undefined || parent === "testsuites");
    if (isOutermostSuite) this.#declare(tag.attributes);
    if (parent !== "testcase") return;
    if (tag.name === "failure" || tag.name === "error") this.#verdict = "failed";
    else if (tag.name === "skipped" && this.#verdict === "passed") this.#verdict = "skipped";
  }

  #endCase(): void {
    this.#cases.tests += 1;
    if (this.#verdict === "failed") this.#cases.failures += 1;
    if (this.#verdict === "skipped") this.#cases.skipped += 1;
  }

  #declare(attributes: string): void {
    this.#declared.tests += countIn(attributes, "tests");
    this.#declared.failures += countIn(attributes, "failures") + countIn(attributes, "errors");
    this.#declared.skipped += countIn(attributes, "skipped");
  }
}

function countIn(attributes: string, name: string): number {
  const digits = new RegExp(`(?:^|\\s)${name}\\s*=\\s*["']\\s*(\\d{1,15})\\s*["']`).exec(attributes)?.[1];
  return Number(digits ?? 0);
}

/** What is not a tag, with what ends it. The longest beginnings come first. */
const SKIPPED: readonly { readonly start: string; readonly end: string }[] = [
  { start: "<!--", end: "-->" },
  { start: "<![CDATA[", end: "]]>" },
  { start: "<?", end: "?>" },
];

/** The tags of an XML text in order; null for one that is not whole, after which nothing comes. */
function* tagsOf(text: string): Generator<Tag | null> {
  for (let at = text.indexOf("<"); at >= 0; at = text.indexOf("<", at)) {
    const skipped = SKIPPED.find(({ start }) => text.startsWith(start, at));
    const end = skipped === undefined
      ? tagEnd(text, at)
      : text.indexOf(skipped.end, at + skipped.start.length);
    if (end < 0) {
      yield null;
      return;
    }
    const isDeclaration = text.startsWith("<!", at);
    if (skipped === undefined && !isDeclaration) yield parseTag(text.slice(at + 1, end));
    at = skipped === undefined ? end + 1 : end + skipped.end.length;
  }
}

/** Where the `>` of the tag or declaration at `at` stands, outside of quotes and brackets; −1 where it is missing. */
function tagEnd(text: string, at: number): number {
  let quote = "";
  let depth = 0;
  for (let i = at + 1; i < text.length; i++) {
    const char = text.charAt(i);
    if (quote !== "") {
      if (char === quote) quote = "";
    } else if (char === '"' || char === "'") {
      quote = char;
    } else if (char === "[") {
      depth += 1;
    } else if (char === "]") {
      depth -= 1;
    } else if (char === ">" && depth <= 0) {
      return i;
    }
  }
  return -1;
}

function parseTag(inner: string): Tag | null {
  const match = /^(\/?)([^\s/>]+)([^]*?)(\/?)$/.exec(inner);
  if (match === null) return null;
  const [, slash, name = "", attributes = "", empty] = match;
  return { name, attributes, kind: slash === "/" ? "close" : empty === "/" ? "empty" : "open" };
}
