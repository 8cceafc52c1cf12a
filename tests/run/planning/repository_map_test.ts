import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { repositoryMap } from "../../../src/run/planning/repository_map.ts";

Deno.test("repositoryMap() is a tree of all paths where there is room, in an order that depends on nothing", () => {
  const paths = ["src/b.ts", "src/a/deep.ts", "README.md", "src/a/x.md", "Zed"];
  const map = repositoryMap(paths);
  assertEquals(map, "src/\n  a/\n    deep.ts\n    x.md\n  b.ts\nREADME.md\nZed\n");
  assertEquals(repositoryMap(paths.toReversed()), map);
  assertEquals(repositoryMap([]), "(no tracked files)\n");
});

Deno.test("repositoryMap() keeps to its size: what is deep or large is only counted", () => {
  const many = Array.from({ length: 3000 }, (_, at) => `vendor/lib${at % 7}/file${at}.js`);
  const map = repositoryMap([...many, "vendor/one.css", "vendor/NOTICE", "vendor/x.md", "src/main.ts"], 400);
  assert(map.length <= 400, map);
  assertStringIncludes(map, "src/\n  main.ts\n");
  assertStringIncludes(map, "  lib0/ (429 files: 429 .js)\n");
  const closed = repositoryMap([...many, "vendor/one.css", "vendor/NOTICE", "vendor/x.md"], 80);
  assertEquals(closed, "vendor/ (3003 files: 3000 .js, 1 .css, 1 .md, …)\n");
});

Deno.test("repositoryMap() says how much of a root is left out, and quotes names of more than one line", () => {
  const map = repositoryMap(
    Array.from({ length: 100 }, (_, at) => `file-${String(at).padStart(3, "0")}`),
    50,
  );
  assertEquals(map, "file-000\nfile-001\nfile-002\nfile-003\nfile-004\n… and 95 more\n");
  assertEquals(repositoryMap(["a\nb", 'plain"']), '"a\\nb"\nplain"\n');
});
