/**
 * What tests look like in the languages that projects are written in: which files hold them, how a test is declared,
 * and what keeps one from being run. Found from lines of text, by the conventions of each language's usual runners.
 * Pure.
 */

/** How tests are written in one language. */
export interface TestLanguage {
  /** Whether a path is a file that may hold tests. */
  readonly holdsTests: (path: string) => boolean;
  /** A line that declares a test and names it in its first group that matched. */
  readonly declares: RegExp;
  /** Where a line of its own says that the next name is a test's: an attribute, an annotation. */
  readonly marks?: { readonly line: RegExp; readonly name: RegExp };
  /** A line that keeps tests from being run, or all but some. */
  readonly skips: RegExp;
  /** A line that says nothing: a comment. */
  readonly comment: RegExp;
}

const SLASHES = /^\s*(?:\/\/|\/?\*)/;
const HASH = /^\s*#/;

/** Directories whose files are tests by convention. */
const TEST_DIRECTORY = /(?:^|\/)(?:__tests__|tests?|specs?|e2e)\//i;

function ending(extensions: string): RegExp {
  return new RegExp(`\\.(?:${extensions})$`);
}

function testFiles(extension: RegExp, name: RegExp): (path: string) => boolean {
  return (path) => extension.test(path) && (TEST_DIRECTORY.test(path) || name.test(path));
}

const LANGUAGES: readonly TestLanguage[] = [
  {
    // Jest, Vitest, Mocha, Jasmine, node:test, Playwright, Cypress, Deno, Bun.
    holdsTests: testFiles(ending("[cm]?[jt]sx?"), /(?:[._-](?:test|spec|cy|e2e)|(?:^|\/)tests?)\.[^./]+$/),
    declares:
      /^\s*(?:await\s+)?(?:Deno\.test|[fx]?(?:it|test|specify))(?:\.\w+)*(?:\([^'"`)]*\))?\(\s*(?:\{\s*name:\s*)?(?:"([^"]*)"|'([^']*)'|`([^`]*)`)/,
    skips:
      /\b(?:it|test|describe|suite|context|specify|step|bench|Deno\.test)(?:\.\w+)*\.(?:skip|only|todo|fixme|ignore|skipIf|failing)\b|^\s*(?:[fx](?:it|test|describe|context|specify))\s*\(|^\s*(?:ignore|skip|only|todo)\s*:|\bthis\.skip\(\)|\bt\.(?:skip|todo)\(/,
    comment: SLASHES,
  },
  {
    holdsTests: testFiles(ending("py"), /(?:^|\/)(?:test_[^/]*|[^/]*_test|tests|conftest)\.py$/),
    declares: /^\s*(?:async\s+)?def\s+(test\w*)\s*\(/,
    skips:
      /\bpytest\.(?:mark\.(?:skip|skipif|xfail)\b|skip\s*\(|importorskip\s*\()|@(?:unittest\.)?(?:skip|skipIf|skipUnless|expectedFailure)\b|\bself\.skipTest\s*\(|\braise\s+(?:unittest\.)?SkipTest\b|^\s*__test__\s*=\s*False|^\s*collect_ignore(?:_glob)?\b/,
    comment: HASH,
  },
  {
    holdsTests: (path) => path.endsWith(".rs"),
    declares: /(?!)/,
    marks: { line: /^\s*#\[(?:\w+::)*(?:test|rstest|test_case)\b/, name: /\bfn\s+(\w+)/ },
    skips: /^\s*#!?\[\s*(?:ignore\b|cfg\(\s*any\(\s*\)\s*\))|^\s*#\[cfg_attr\([^)]*,\s*ignore\b/,
    comment: SLASHES,
  },
  {
    holdsTests: (path) => path.endsWith("_test.go"),
    declares: /^func\s+(?:\([^)]*\)\s*)?((?:Test|Fuzz|Example)\w*)\s*\(/,
    skips: /\b[a-z]\w*\.Skip(?:f|Now)?\(|\btesting\.Short\(\)|^\/\/go:build\s+ignore\b/,
    comment: /^\s*\/\/(?!go:build)/,
  },
  {
    holdsTests: testFiles(ending("java|kts?|scala|groovy"), /(?:Tests?|IT|Spec|TestCase)\.[^./]+$/),
    declares: /^\s*(?:it|test|should|feature|scenario|property)\s*\(\s*"([^"]*)"/,
    marks: {
      line: /^\s*@(?:Test|ParameterizedTest|RepeatedTest|TestFactory|Property)\b/,
      name: /\b(?:void|fun)\s+(`[^`]+`|\w+)\s*\(/,
    },
    skips:
      /@(?:Ignore|Disabled\w*|EnabledIf\w*)\b|\bassume(?:True|False|That)\s*\(|\benabled\s*=\s*false|^\s*(?:xit|xtest|ignore)\s*\(/,
    comment: SLASHES,
  },
  {
    holdsTests: testFiles(ending("cs|fs|vb"), /Tests?\.[^./]+$/),
    declares: /(?!)/,
    marks: {
      line: /^\s*\[(?:Fact|Theory|Test|TestCase|TestMethod|DataTestMethod)\b/,
      name: /\b(\w+)\s*\([^)]*\)\s*(?:\{|=>|$)/,
    },
    skips: /^\s*\[[^\]]*\b(?:Ignore|Explicit)\b|\bSkip\s*=\s*"|\bAssert\.(?:Ignore|Inconclusive)\s*\(/,
    comment: SLASHES,
  },
  {
    holdsTests: testFiles(ending("rb"), /(?:_spec|_test|(?:^|\/)test_[^/]*)\.rb$/),
    declares: /^\s*(?:[fx]?(?:it|specify|example)|test)\s*\(?\s*(?:"([^"]*)"|'([^']*)')|^\s*def\s+(test_\w+)/,
    skips:
      /^\s*(?:[fx](?:it|specify|describe|context|example)|skip|pending)\b|\bskip:\s*(?:true|['"])|\b:skip\b/,
    comment: HASH,
  },
  {
    holdsTests: testFiles(ending("php"), /(?:Test|Cest)\.php$/),
    declares: /^\s*(?:public\s+)?function\s+(test\w*)\s*\(|^\s*(?:it|test)\s*\(\s*(?:"([^"]*)"|'([^']*)')/,
    marks: { line: /^\s*#\[Test\b|^\s*\*\s*@test\b/, name: /\bfunction\s+(\w+)\s*\(/ },
    skips: /\bmarkTest(?:Skipped|Incomplete)\s*\(|->(?:skip|only|todo)\s*\(/,
    comment: /^\s*\/\//,
  },
  {
    // GoogleTest and Catch2.
    holdsTests: testFiles(ending("c|cc|cpp|cxx"), /(?:[._-]?(?:unit)?tests?|^test_[^/]*)\.[^./]+$/i),
    declares:
      /^\s*(?:TEST|TEST_F|TEST_P|TYPED_TEST)\s*\(\s*\w+\s*,\s*(?:DISABLED_)?(\w+)|^\s*TEST_CASE\s*\(\s*"([^"]*)"/,
    skips: /\bDISABLED_\w+|\bGTEST_SKIP\s*\(|^\s*SKIP\s*\(/,
    comment: SLASHES,
  },
];

/** The language of a file's tests; undefined for a file that holds none. */
export function testLanguageOf(path: string): TestLanguage | undefined {
  return LANGUAGES.find((each) => each.holdsTests(path));
}

/** The tests in a part of a file. */
export interface FoundTests {
  /** Names of the tests that are declared, in their order. */
  readonly declared: readonly string[];
  /** Each mark that keeps tests from being run, as the name of the test that it stands at, or else its own line. */
  readonly skipped: readonly string[];
}

/** A line that says something of what comes after it. */
const ATTRIBUTE = /^\s*(?:@|#!?\[|\[)/;

/** How much of a line names a mark that stands at no test. */
const LINE_CHARS = 100;

/** Finds the tests in consecutive lines of a file. */
export function findTests(language: TestLanguage, lines: readonly string[]): FoundTests {
  const declared: string[] = [];
  const skipped: string[] = [];
  /** Marks above a test whose name has not come yet. */
  let waiting: string[] = [];
  let isMarked = false;
  for (const line of lines) {
    if (language.comment.test(line) && !language.skips.test(line) && !language.marks?.line.test(line)) {
      continue;
    }
    if (language.marks?.line.test(line) === true) isMarked = true;
    const name = nameIn(language.declares, line) ??
      (isMarked && language.marks !== undefined ? nameIn(language.marks.name, line) : undefined);
    if (language.skips.test(line)) {
      const isAbove = name !== undefined || ATTRIBUTE.test(line);
      (isAbove ? waiting : skipped).push(line.trim().slice(0, LINE_CHARS));
    }
    if (name === undefined) continue;
    declared.push(name);
    skipped.push(...waiting.map(() => name));
    waiting = [];
    isMarked = false;
  }
  return { declared, skipped: [...skipped, ...waiting] };
}

function nameIn(pattern: RegExp, line: string): string | undefined {
  return pattern.exec(line)?.slice(1).find((group) => group !== undefined);
}
