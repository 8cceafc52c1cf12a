import { assert, assertEquals } from "@std/assert";
import { protectedPaths } from "../../src/gates/protected_paths.ts";
import { matchesAny } from "../../src/plan/path_set.ts";
import { makeGate } from "./fixture.ts";

Deno.test("P7: protectedPaths() names plan, CI, and what the commands of gates start from, and nothing else", () => {
  const tracked = new Set(["scripts/check.sh", "tests/run.py", "src/main.ts"]);
  const paths = protectedPaths({
    gates: [
      makeGate({ command: "npm ci && npm test -- --run" }),
      makeGate({ command: ["./scripts/check.sh", "--all"] }),
      makeGate({ command: 'python3 "tests/run.py" | tee out.txt' }),
    ],
    planPath: "omk.jsonc",
    isTracked: (path) => tracked.has(path),
  });
  const isProtected = (path: string) => matchesAny(paths, path);
  for (
    const path of [
      "omk.jsonc",
      ".github/workflows/ci.yml",
      ".gitlab-ci.yml",
      ".ci/run",
      "package.json",
      "vitest.config.ts",
      "scripts/check.sh",
      "tests/run.py",
      "tests/unit/conftest.py",
      "pyproject.toml",
    ]
  ) assert(isProtected(path), path);
  for (const path of ["src/main.ts", "src/package.json", "out.txt", "Cargo.toml", "Makefile", "README.md"]) {
    assertEquals(isProtected(path), false, path);
  }
});
