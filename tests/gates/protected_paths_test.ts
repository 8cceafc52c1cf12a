import { assert, assertEquals } from "@std/assert";
import { protectedPaths } from "../../src/gates/protected_paths.ts";
import type { Command } from "../../src/plan/spec.ts";
import { matchesAny } from "../../src/plan/path_set.ts";
import { makeGate } from "./fixture.ts";

/** What is protected in a tree of these files, as a question about paths. */
async function protectionOf(
  commands: readonly Command[],
  files: Readonly<Record<string, string | null>>,
): Promise<(path: string) => boolean> {
  const paths = await protectedPaths({
    gates: commands.map((command) => makeGate({ command })),
    planPath: "omk.jsonc",
    base: {
      isTracked: (path) => Object.hasOwn(files, path),
      read: (path) => Promise.resolve(files[path] ?? null),
    },
  });
  return (path) => matchesAny(paths, path);
}

/** Which of these files are protected where a gate has this command. */
async function protectedOf(
  command: Command,
  files: Readonly<Record<string, string | null>>,
): Promise<readonly string[]> {
  const isProtected = await protectionOf([command], files);
  return Object.keys(files).filter(isProtected);
}

Deno.test("P7: protectedPaths() names plan, CI, and what the commands of gates start from, and nothing else", async () => {
  const isProtected = await protectionOf([
    "npm ci && npm test -- --run",
    ["./scripts/check.sh", "--all"],
    'python3 "tests/run.py" | tee out.txt',
  ], { "scripts/check.sh": "true\n", "tests/run.py": "", "src/main.ts": "" });
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

Deno.test("P7: scripts of a package.json are followed to the files that they run, through one another", async () => {
  const scripts = {
    pretest: "node scripts/before.js",
    test: "npm run lint && node scripts/check.js --fast && run-s 'check:*'",
    lint: "eslint -c ci/eslint.js src && npm test",
    "check:a": "cross-env CI=1 timeout 60 ./scripts/a.sh src/a.js",
    "check:b": "mocha --require=./test/setup.js test/b.js",
    other: "node scripts/other.js",
    start: "node src/main.js",
  };
  const files = {
    "package.json": JSON.stringify({ scripts }),
    "scripts/before.js": "",
    "scripts/check.js": "",
    "scripts/other.js": "",
    "scripts/a.sh": "#!/bin/sh\n# ./scripts/comment.sh\nset -e\n. scripts/common\nbash ./scripts/c.sh\n",
    "scripts/comment.sh": "",
    "scripts/common": "",
    "scripts/c.sh": "python3 -m pytest tests/test_c.py\nwc -c src/a.js\n",
    "tests/test_c.py": "",
    "ci/eslint.js": "",
    "test/setup.js": "",
    "test/b.js": "",
    "src/a.js": "",
    "src/main.js": "",
  };
  const behind = [
    "package.json",
    "scripts/before.js",
    "scripts/check.js",
    "scripts/a.sh",
    "scripts/common",
    "scripts/c.sh",
    "ci/eslint.js",
    "test/setup.js",
  ];
  for (
    const command of ["npm test", "npm t", "pnpm run test", "yarn test", "bun run test", "node --run test"]
  ) {
    assertEquals(await protectedOf(command, files), behind, command);
  }
  assertEquals(await protectedOf(["npm", "run", "other"], files), ["package.json", "scripts/other.js"]);
  // What a script starts brings its own files with it.
  const isProtected = await protectionOf(["npm test"], files);
  assert(isProtected("tests/deep/conftest.py"), "pytest is run by the last of the scripts");
});

Deno.test("P7: tasks of deno, targets of make and words of shells are followed; what cannot be read protects itself", async () => {
  const deno = {
    "deno.jsonc": `{ "tasks": {
      // a task may need others
      "test": { "command": "deno test", "dependencies": ["check", "test"] },
      "check": "deno run -A scripts/check.ts src/main.ts",
      "other": "deno run scripts/other.ts" } }`,
    "scripts/check.ts": "",
    "scripts/other.ts": "",
    "src/main.ts": "",
  };
  assertEquals(await protectedOf("deno task test", deno), ["deno.jsonc", "scripts/check.ts"]);
  const make = {
    Makefile: [
      "CC := cc",
      ".PHONY: all test",
      "all: src/main.c",
      "\tcc -c src/main.c",
      "test: build \\",
      "  lint",
      "\t@sh scripts/test.sh; ./scripts/second",
      "lint:",
      "\t-@python3 scripts/lint.py",
      "build: src/main.c",
      "\tcc -c src/main.c",
    ].join("\n"),
    "scripts/test.sh": "true\n",
    "scripts/second": "#!/usr/bin/env bash\nmake -f ci/more.mk\n",
    "scripts/lint.py": "",
    "ci/more.mk": "first:\n\t./scripts/third\nsecond:\n\t./scripts/fourth\n",
    "scripts/third": "",
    "scripts/fourth": "",
    "src/main.c": "",
  };
  const behind = [
    "Makefile",
    "scripts/test.sh",
    "scripts/second",
    "scripts/lint.py",
    "ci/more.mk",
    "scripts/third",
  ];
  assertEquals(await protectedOf("make -s test", make), behind);
  assertEquals(await protectedOf("make", make), ["Makefile"], "the first target runs no file of the tree");
  assertEquals(await protectedOf(["sh", "-c", "cd . && make test"], make), behind);
  const broken = { "package.json": "{", "deno.json": "[]", vendor: null, "src/main.ts": "" };
  assertEquals(await protectedOf("npm test; deno task x; ./vendor", broken), [
    "package.json",
    "deno.json",
    "vendor",
  ]);
});

Deno.test("P7: what a gate starts is followed into the directory that its command goes to", async () => {
  const files = {
    "run.sh": "true\n",
    "package.json": "{}",
    "web/package.json": '{ "scripts": { "test": "./ci/test.sh && node ci/last.js" } }',
    "web/ci/test.sh": '#!/bin/sh\ncd "$(dirname "$0")" && ./beside.sh\n',
    "web/ci/beside.sh": "cd ../.. && sh tools/lint.sh\n",
    "web/ci/last.js": "",
    "web/run.sh": "",
    "tools/lint.sh": "",
    "api/Makefile": "test:\n\tcd tests && ./all.sh\n",
    "api/tests/all.sh": "",
    "api/deno.json": '{ "tasks": { "check": "deno run -A check.ts" } }',
    "api/check.ts": "",
  };
  const behindWeb = [
    "web/package.json",
    "web/ci/test.sh",
    "web/ci/beside.sh",
    "tools/lint.sh",
    "web/ci/last.js",
  ];
  const behindApi = ["api/Makefile", "api/tests/all.sh"];
  for (
    const [command, behind] of [
      ["cd web && npm test", behindWeb],
      ["npm --prefix web test", behindWeb],
      ["make -C api test", behindApi],
      ["(cd web && npm test) && (cd api && make test)", [...behindWeb, ...behindApi]],
      ["cd -- ./api/tests/../ && deno task check", ["api/deno.json", "api/check.ts"]],
      ["cd web && ../tools/lint.sh", ["tools/lint.sh"]],
      ["cd .. && ./web/run.sh; cd /tmp; cd $HOME", ["web/run.sh"]],
    ] as const
  ) {
    const followed = await protectedOf(command, files);
    assertEquals(new Set(followed.filter((each) => each !== "package.json")), new Set(behind), command);
  }
});
