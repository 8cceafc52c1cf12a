import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { normalizeEntry, normalizePath } from "../../src/plan/path_entry.ts";

const entry = (text: string) => {
  const result = normalizeEntry(text);
  return result.ok ? result.path : result.problem;
};
const plain = (text: string) => {
  const result = normalizePath(text);
  return result.ok ? result.path : result.problem;
};

Deno.test("normalizeEntry() gives one form for one meaning", () => {
  const cases: readonly [string, string][] = [
    ["src", "src"],
    ["./src", "src"],
    ["src/", "src/**"],
    ["src/**", "src/**"],
    ["src/**/", "src/**"],
    ["src/**/**/a", "src/**/a"],
    ["src//a/./b", "src/a/b"],
    [".", "**"],
    ["./", "**"],
    ["v1.0/", "v1.0/**"],
    ["*.ts", "*.ts"],
    ["{a/b,c}/d", "{a/b,c}/d"],
    ["cafe\u0301/a", "caf\u00e9/a"],
    [".github/workflows", ".github/workflows"],
    ["..a/b..", "..a/b.."],
  ];
  for (const [text, form] of cases) assertEquals(entry(text), form, text);
});

Deno.test("normalizeEntry() and normalizePath() refuse what could lie outside or cannot be compared", () => {
  const cases: readonly [string, string][] = [
    ["", "is empty"],
    ["/etc/passwd", "is absolute"],
    ["..", 'leads out of a folder by ".."'],
    ["../a", 'leads out of a folder by ".."'],
    ["a/../b", 'leads out of a folder by ".."'],
    ["a/..", 'leads out of a folder by ".."'],
    ["{../a,b}", 'leads out of a folder by ".."'],
    ["C:/a", "begins with a drive letter"],
    ["c:a", "begins with a drive letter"],
    ["a\\b", "holds a backslash"],
    ["\\\\server\\share", "holds a backslash"],
    ["~/a", "lies in a home directory"],
    ["a\0b", "holds a NUL character"],
    ["!a", 'begins with "!"'],
    ["a/[b", 'has a "[" without its "]"'],
    ["a".repeat(5000), "is longer than 4095 characters"],
  ];
  for (const [text, problem] of cases) {
    assertEquals(entry(text), problem, text);
    assertEquals(plain(text), problem, text);
  }
});

Deno.test("normalizePath() takes plain paths below the root", () => {
  assertEquals(plain("node_modules/"), "node_modules");
  assertEquals(plain("./a//b"), "a/b");
  assertEquals(plain("app/[id]"), "app/[id]");
  assertEquals(plain("dist/*.js"), "has a wildcard, and must be a plain path");
  assertEquals(plain("."), "is the root itself, and must lie below it");
  assertEquals(normalizePath(".", { allowRoot: true }), { ok: true, path: "" });
  assertEquals(plain(".git/config"), "lies in a .git directory, which is no part of the tree");
  assertEquals(plain("sub/.GIT"), "lies in a .git directory, which is no part of the tree");
});

Deno.test("normalizeEntry() and normalizePath() leave a normal form as it is", () => {
  const text = fc.array(fc.constantFrom("a", "b.ts", "/", ".", "*", "**", "e\u0301", "{a,b}", "[c]"), {
    maxLength: 8,
  })
    .map((parts) => parts.join(""));
  fc.assert(fc.property(text, (each) => {
    for (const normalize of [normalizeEntry, normalizePath]) {
      const once = normalize(each);
      if (once.ok) assertEquals(normalize(once.path), once);
    }
  }));
});
