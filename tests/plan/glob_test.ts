import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { compileGlob, globProblem, splitSegments } from "../../src/plan/glob.ts";

const matches = (glob: string, path: string, orBelow = false) => compileGlob(glob, { orBelow })(path);

Deno.test("compileGlob() matches what the glob says and nothing else", () => {
  const cases: readonly [glob: string, yes: readonly string[], no: readonly string[]][] = [
    ["src/*.ts", ["src/a.ts", "src/.ts"], ["src/a/b.ts", "src/a.tsx", "src/a_ts", "a.ts"]],
    ["src/**", ["src/a", "src/a/b"], ["src", "srcs/a"]],
    ["src/**/*.ts", ["src/a.ts", "src/b/c/a.ts"], ["src/a.js", "lib/a.ts"]],
    ["**/test/*", ["test/a", "a/b/test/c"], ["atest/a", "test/a/b"]],
    ["**", ["a", "a/b"], [""]],
    ["a**b", ["ab", "axxb"], ["a/b"]],
    ["?.md", ["a.md", "é.md", "😀.md"], [".md", "ab.md", "/.md"]],
    ["[a-c]x", ["ax", "cx", "[a-c]x"], ["dx", "[a-c]", "x"]],
    ["[!a]x", ["bx"], ["ax", "/x"]],
    ["[]a]x", ["]x", "ax"], ["bx"]],
    ["a.{ts,tsx}", ["a.ts", "a.tsx"], ["a.js", "a.{ts,tsx}"]],
    ["{src,lib/x}/*.{a,b{c,d}}", ["src/1.a", "lib/x/1.bd"], ["lib/1.a", "src/1.b"]],
    ["{a}/{b", ["{a}/{b"], ["a/b"]],
    ["{,x}a", ["a", "xa"], ["ya"]],
    ["app/[id]/page.tsx", ["app/[id]/page.tsx", "app/i/page.tsx"], ["app/id/page.tsx"]],
    ["app/[...slug]/**", ["app/[...slug]/a/b"], ["app/slug/a"]],
    ["a.c", ["a.c"], ["abc"]],
  ];
  for (const [glob, yes, no] of cases) {
    for (const path of yes) assert(matches(glob, path), `${glob} must match ${path}`);
    for (const path of no) assert(!matches(glob, path), `${glob} must not match ${path}`);
  }
});

Deno.test("compileGlob() with orBelow takes what lies below a match", () => {
  assert(matches("packages/*/src", "packages/a/src/b/c.ts", true));
  assert(matches("packages/*/src", "packages/a/src", true));
  assert(!matches("packages/*/src", "packages/a/srcs", true));
  assert(!matches("packages/*/src", "packages/a/src/b"));
});

Deno.test("compileGlob() takes linear time where a backtracking matcher would not end", () => {
  const glob = `${"*a".repeat(200)}*b`;
  assert(!matches(glob, "a".repeat(2000)));
  assert(!matches(`${"{a,aa}".repeat(100)}b`, "a".repeat(300)));
});

Deno.test("splitSegments() splits at slashes outside of braces", () => {
  assertEquals(splitSegments("a/{b/c,d}/e"), ["a", "{b/c,d}", "e"]);
  assertEquals(splitSegments("{a/b}"), ["{a", "b}"]);
  assertEquals(splitSegments("a//b/"), ["a", "", "b", ""]);
});

Deno.test("globProblem() names what is left open", () => {
  assertEquals(globProblem("a/[b]/{c,d}"), undefined);
  assertEquals(globProblem("[]a]"), undefined);
  assertEquals(globProblem("a/[b/c]"), 'has a "[" without its "]"');
  assertEquals(globProblem("a/{b,c"), 'has a "{" without its "}"');
});

Deno.test("compileGlob() agrees with a slow reference on random globs", () => {
  const part = fc.constantFrom("a", "b", "/", "*", "**", "?", "[ab]", "{a,b}", "{a/b,}", "**/");
  const globs = fc.array(part, { maxLength: 7 }).map((parts) => parts.join(""))
    // The reference knows `**` as a whole segment only.
    .filter((glob) => splitSegments(glob).every((segment) => segment === "**" || !segment.includes("**")));
  const paths = fc.array(fc.constantFrom("a", "b", "ab", "c"), { minLength: 1, maxLength: 4 })
    .map((segments) => segments.join("/"));
  fc.assert(
    fc.property(globs, paths, (glob, path) => {
      assertEquals(matches(glob, path), referencePattern(glob).test(path), `${glob} on ${path}`);
    }),
    { numRuns: 1000, seed: 5 },
  );
});

/** The same language as a regular expression, which may take exponential time. */
function referencePattern(glob: string): RegExp {
  let pattern = "";
  for (let at = 0; at < glob.length; at++) {
    const rest = glob.slice(at);
    const take = (text: string, replacement: string) => {
      pattern += replacement;
      at += text.length - 1;
    };
    if (rest.startsWith("**/")) take("**/", "(?:.+/)?");
    else if (rest.startsWith("**")) take("**", ".+");
    else if (rest.startsWith("*")) take("*", "[^/]*");
    else if (rest.startsWith("?")) take("?", "[^/]");
    else if (rest.startsWith("[ab]")) take("[ab]", "[ab]");
    else if (rest.startsWith("{a,b}")) take("{a,b}", "(?:a|b)");
    else if (rest.startsWith("{a/b,}")) take("{a/b,}", "(?:a/b|)");
    else pattern += glob[at];
  }
  return new RegExp(`^${pattern}$`);
}
