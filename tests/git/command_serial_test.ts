import { assert, assertEquals, assertRejects } from "@std/assert";
import { gitFields, gitText, joinNul, runGit, splitNul } from "../../src/git/command.ts";
import { GitError } from "../../src/git/errors.ts";
import { TestRepository, withEnv } from "./fixture.ts";

Deno.test("runGit() throws a GitError with arguments, exit code and what git printed", async () => {
  await using repository = await TestRepository.create();
  const options = { cwd: repository.root, profile: "own" } as const;
  const error = await assertRejects(() => runGit(["rev-parse", "--verify", "nothing"], options), GitError);
  assertEquals(error.failure.argv, ["rev-parse", "--verify", "nothing"]);
  assertEquals(error.failure.exitCode, 128);
  assert(error.message.includes("fatal: Needed a single revision"), error.message);
  assertEquals(
    (await runGit(["rev-parse", "--verify", "nothing"], { ...options, okCodes: [128] })).code,
    128,
  );
  const gone = await assertRejects(() => runGit(["version"], { ...options, cwd: "/nowhere" }), GitError);
  assert(gone.message.includes("the directory does not exist"));
  // A git that ends before it has read its input is judged by its exit code.
  await assertRejects(
    () => runGit(["cat-file", "--nonsense"], { ...options, stdin: "x".repeat(1e6) }),
    GitError,
  );
  assertEquals(
    await gitText(["hash-object", "--stdin"], { ...options, stdin: "x".repeat(1e6) }),
    await gitText(["hash-object", "--stdin"], { ...options, stdin: new Uint8Array(1e6).fill(120) }),
  );
});

Deno.test("runGit() ends git at its deadline and when it is aborted", async () => {
  await using repository = await TestRepository.create();
  await repository.git("config", "alias.hang", "!exec sleep 600");
  const options = { cwd: repository.root, profile: "own" } as const;
  const late = await assertRejects(
    () => runGit(["hang"], { ...options, timeoutMs: 20 }),
    GitError,
    "did not end in time",
  );
  assertEquals([late.failure.ended, late.failure.exitCode], ["timed_out", null]);
  await assertRejects(
    () => runGit(["hang"], { ...options, signal: AbortSignal.abort() }),
    GitError,
    "ended by the caller",
  );
  const controller = new AbortController();
  const running = runGit(["hang"], { ...options, signal: controller.signal });
  controller.abort();
  await assertRejects(() => running, GitError, "ended by the caller");
});

Deno.test("runGit() lets neither variables nor configuration through that could change what git does", async () => {
  await using repository = await TestRepository.create();
  await repository.write({ "../config": "[user]\n\tname = Global\n" });
  const name = (profile: "own" | "local" | "user") =>
    runGit(["config", "--global", "user.name"], { cwd: repository.root, profile, okCodes: [0, 1] });
  await withEnv(
    {
      GIT_DIR: "/nowhere",
      GIT_INDEX_FILE: "/nowhere",
      GIT_WORK_TREE: "/nowhere",
      GIT_OBJECT_DIRECTORY: "/nowhere",
      GIT_CONFIG_GLOBAL: `${repository.directory}/config`,
      LC_ALL: "de_DE.UTF-8",
    },
    async () => {
      assertEquals(
        await gitText(["rev-parse", "--show-toplevel"], { cwd: repository.root, profile: "own" }),
        repository.root,
      );
      assertEquals(
        (await Promise.all((["own", "local", "user"] as const).map(name))).map(({ code }) => code),
        [1, 1, 0],
      );
    },
  );
});

Deno.test("splitNul() and joinNul() are inverse, and keep odd names", async () => {
  await using repository = await TestRepository.create({
    "\uFEFFbom": "x",
    " space ": "x",
    "line\nend": "x",
  });
  const fields = await gitFields(["ls-files", "-z"], { cwd: repository.root, profile: "own" });
  assertEquals(fields, [" space ", "line\nend", "\uFEFFbom"]);
  assertEquals(splitNul(joinNul(fields)), fields);
  assertEquals(splitNul(joinNul(["", "a", ""])), ["", "a", ""]);
  assertEquals(splitNul(""), []);
});
