import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { compileGlob } from "../../src/plan/glob.ts";
import {
  conflicts,
  type DeclaredSets,
  entriesOverlap,
  matchesAny,
  type PathOptions,
  readPathEntry,
} from "../../src/plan/path_set.ts";
import { anyEntry, anyPath, pathWithEntries } from "./path_arbitraries.ts";

const overlap = (a: string, b: string, options: PathOptions = {}) => {
  const forth = entriesOverlap(readPathEntry(a, options), readPathEntry(b, options));
  assertEquals(entriesOverlap(readPathEntry(b, options), readPathEntry(a, options)), forth, `${a} and ${b}`);
  return forth;
};

Deno.test("P5: entriesOverlap() follows the rule of prefixes and suffixes", () => {
  const overlapping = [
    ["src", "src"],
    ["src", "src/a.ts"],
    ["src/**", "src/a/b.ts"],
    ["src/*.ts", "src/**"],
    ["src/*.ts", "src/b.ts"],
    ["src/*.ts", "src/*.d.ts"],
    ["src/**/*.ts", "src/api/*.ts"],
    ["**", "a"],
    ["**", "**"],
    ["*.md", "docs/*.md"],
    ["{src,lib}/**", "docs/a"],
    ["src/*.ts", "src/*"],
    ["docs/v1.0", "docs/**/*.md"],
    ["src/My.Project", "src/**/*.cs"],
    ["conf.d", "conf.d/a.conf"],
    ["conf.d", "conf.d/*.conf"],
    [".github", "**/*.yml"],
  ] as const;
  const apart = [
    ["src", "lib"],
    ["src", "srcs"],
    ["src/a", "src/b"],
    ["src/*.ts", "src/*.md"],
    ["src/**/*.ts", "src/**/*.md"],
    ["src/api/**", "src/web/**"],
    ["README.md", "**/*.ts"],
    ["src/a.ts", "src/b.ts"],
    ["src/a.ts", "src/*.md"],
  ] as const;
  for (const [a, b] of overlapping) assert(overlap(a, b), `${a} overlaps ${b}`);
  for (const [a, b] of apart) assert(!overlap(a, b), `${a} does not overlap ${b}`);
});

Deno.test("entriesOverlap() ignores case where the file system does", () => {
  assert(!overlap("SRC/a", "src"));
  assert(overlap("SRC/a", "src", { caseSensitive: false }));
  assert(overlap("src/*.TS", "SRC/a.ts", { caseSensitive: false }));
});

Deno.test("P5: whatever two entries both match, they overlap", () => {
  const unrelated = fc.tuple(anyPath, anyEntry, anyEntry);
  let met = 0;
  fc.assert(
    fc.property(fc.oneof(pathWithEntries, unrelated), fc.boolean(), ([path, a, b], caseSensitive) => {
      const options = { caseSensitive };
      if (!matchesAny([a], path, options) || !matchesAny([b], path, options)) return;
      met++;
      assert(overlap(a, b, options), `${a} and ${b} both match ${path}`);
    }),
    { numRuns: 3000 },
  );
  assert(met > 300, `only ${met} of the cases say anything`);
});

Deno.test("P5: conflicts() is symmetric, and is about what one writes and the other touches", () => {
  const task = (read_set: string[], write_set: string[] | null): DeclaredSets => ({ read_set, write_set });
  const cases: readonly [DeclaredSets, DeclaredSets, boolean][] = [
    [task([], ["a"]), task([], ["a"]), true],
    [task(["a"], []), task([], ["a"]), true],
    [task(["a"], []), task(["a"], []), false],
    [task(["a"], null), task([], ["a"]), true],
    [task([], null), task([], ["a"]), false],
    [task([], null), task([], ["**"]), false],
    [task(["a"], null), task(["a"], null), false],
    [task([], ["**"]), task([], ["**"]), true],
    [task([], ["**"]), task([], []), false],
    [task([], ["a"]), task(["b"], ["c"]), false],
  ];
  for (const [a, b, expected] of cases) {
    assertEquals(conflicts(a, b), expected, JSON.stringify([a, b]));
    assertEquals(conflicts(b, a), expected, JSON.stringify([b, a]));
  }
  assert(!conflicts(task([], ["A"]), task([], ["a"])));
  assert(conflicts(task([], ["A"]), task([], ["a"]), { caseSensitive: false }));
});

Deno.test("matchesAny() says which changed paths belong to a set", () => {
  const set = ["src/api", "docs/**", "*.json", "README.md", "packages/*/src", "caf\u00e9"];
  const inside = [
    "src/api",
    "src/api/a/b.ts",
    "docs/a",
    "package.json",
    "README.md",
    "packages/x/src/a",
    "cafe\u0301/a",
  ];
  const outside = ["src/apis", "src", "docs", "a/package.json", "README.md/a", "packages/x/test/a", ""];
  for (const path of inside) assert(matchesAny(set, path), path);
  for (const path of outside) assert(!matchesAny(set, path), path);
  assert(!matchesAny([], "a"));
  assert(!matchesAny(["SRC"], "src/a"));
  assert(matchesAny(["SRC"], "src/a", { caseSensitive: false }));
});

Deno.test("matchesAny() takes what the glob of an entry takes, and a literal entry its own path", () => {
  fc.assert(fc.property(anyEntry, anyPath, (entry, path) => {
    if (compileGlob(entry, { orBelow: false })(path)) assert(matchesAny([entry], path));
    if (readPathEntry(entry).isLiteral) assert(matchesAny([entry], entry));
  }));
});
