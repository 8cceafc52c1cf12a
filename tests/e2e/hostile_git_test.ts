/** Tasks that do with git what they should not: nothing of it reaches the user, and their work is kept all the same. */

import { assertEquals, assertMatch } from "@std/assert";
import { Sandbox } from "./harness.ts";
import { assertUntouched, userState } from "./user_state.ts";

/** A user with two branches, a tag, a stash, hooks and settings of their own. */
async function richRepository(task: string): Promise<Sandbox> {
  const sandbox = await Sandbox.withPlan({
    version: 1,
    gates: [{ name: "look", command: "test -e README.md" }],
    tasks: [{ id: "hostile", run: task }],
  }, { "src/a.txt": "a\n", "src/b.txt": "b\n", ".gitignore": "*.log\n" });
  await sandbox.git("branch", "topic");
  await sandbox.git("tag", "v1");
  await sandbox.git("config", "core.abbrev", "9");
  await sandbox.sh("git config --global init.defaultBranch trunk");
  await sandbox.write({ "src/a.txt": "stashed\n", ".git/hooks/pre-commit": "#!/bin/sh\nexit 1\n" });
  await Deno.chmod(`${sandbox.project}/.git/hooks/pre-commit`, 0o755);
  await sandbox.git("stash");
  return sandbox;
}

/** Runs the task in such a repository to this end; nothing of the user's may change. */
async function runs(task: string, code = 0): Promise<Sandbox> {
  const sandbox = await richRepository(task);
  const before = await userState(sandbox);
  await sandbox.omkEnds(code, ["run"]);
  await assertUntouched(sandbox, before);
  return sandbox;
}

/** The files of the run's head. */
async function headFiles(sandbox: Sandbox): Promise<string> {
  return await sandbox.git("ls-tree", "-r", "--name-only", `refs/omk/${await sandbox.runId()}/head`);
}

async function headFile(sandbox: Sandbox, path: string): Promise<string> {
  return await sandbox.git("show", `refs/omk/${await sandbox.runId()}/head:${path}`);
}

Deno.test("P13: a task that stashes, pops and drops stashes reaches only its own", async () => {
  await using sandbox = await runs(
    "echo new > new.txt; git add -A; git stash; git stash list; git stash pop; git stash clear",
  );
  assertEquals(await headFile(sandbox, "new.txt"), "new");
});

Deno.test("P13: a task that moves, deletes and makes branches and tags moves none of the user's", async () => {
  await using sandbox = await runs(`
    echo new > new.txt && git add -A && git -c user.name=x -c user.email=x@x commit -qm mine
    git update-ref refs/heads/main HEAD; git branch -f topic HEAD; git branch -D topic
    git tag -f v1 HEAD; git tag -d v1; git checkout -B main; git update-ref -d refs/heads/main
    git symbolic-ref HEAD refs/heads/elsewhere; true`);
  assertEquals(await headFile(sandbox, "new.txt"), "new");
});

Deno.test("P13: settings and hooks that a task makes reach neither the user nor omk", async () => {
  await using sandbox = await runs(`
    printf '#!/bin/sh\\ntouch %s/pwned\\n' "$HOME" > "$PWD/evil.sh"; chmod +x evil.sh; mkdir hooks
    for name in pre-commit reference-transaction post-checkout post-index-change; do cp evil.sh hooks/$name; done
    git config user.name Mallory; git config core.fsmonitor "$PWD/evil.sh"; git config core.hooksPath "$PWD/hooks"
    git config core.bare true; git config filter.x.clean "$PWD/evil.sh"; git config core.attributesFile "$PWD/attributes"
    echo '* filter=x' > attributes; echo '* filter=x' > .gitattributes; git config merge.default.driver ./evil.sh
    git config core.worktree /; git config core.excludesFile "$PWD/everything"; echo '*' > everything
    git config --worktree core.sparseCheckout true; true`);
  assertMatch(await headFiles(sandbox), /^evil\.sh$/m);
  assertEquals(
    await sandbox.git("log", "-1", "--format=%an", `refs/omk/${await sandbox.runId()}/head`),
    "Ada",
  );
  await sandbox.omkEnds(0, ["merge"]);
  assertEquals((await sandbox.sh("cat ~/pwned")).code, 1);
});

Deno.test("P13: a task's git config --global does not change the user's", async () => {
  await using sandbox = await runs(
    "git config --global user.name Mallory; git config init.defaultBranch > seen.txt",
  );
  assertEquals(await headFile(sandbox, "seen.txt"), "trunk");
});

Deno.test("P6: a change hidden by skip-worktree and assume-unchanged bits is found", async () => {
  await using sandbox = await runs(`
    git update-index --skip-worktree src/a.txt; git update-index --assume-unchanged src/b.txt
    echo hidden > src/a.txt; echo hidden > src/b.txt; git status --short`);
  assertEquals([await headFile(sandbox, "src/a.txt"), await headFile(sandbox, "src/b.txt")], [
    "hidden",
    "hidden",
  ]);
});

Deno.test("P6: a file hidden by the task's own excludes is kept, and one that the base ignores is a by-product", async () => {
  await using sandbox = await runs(`
    echo mine > secret-work.txt; git_dir=$(git rev-parse --git-common-dir)
    mkdir -p "$git_dir/info"; echo secret-work.txt >> "$git_dir/info/exclude"
    echo also.txt >> .gitignore; echo also > also.txt; mkdir -p out; echo noise > out/build.log`);
  assertEquals(
    await headFiles(sandbox),
    ".gitignore\nREADME.md\nalso.txt\nomk.jsonc\nsecret-work.txt\nsrc/a.txt\nsrc/b.txt",
  );
  const [pinned] = await sandbox.payloads("attempt_pinned");
  assertEquals(pinned?.by_products, [{ top: "out", files: 1, bytes: 6 }]);
});

Deno.test("a task that commits, amends and rewrites history delivers its files as one commit on the base", async () => {
  await using sandbox = await runs(`
    export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x@x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x@x
    echo one > one.txt; git add -A; git commit -qm one; echo two > two.txt; git add -A; git commit -q --amend -m two
    git checkout -q --orphan fresh; git commit -qm orphan; git reset -q --soft HEAD; git rm -q --cached src/b.txt
    git reflog expire --expire=now --all; git gc -q --prune=now; mkdir -p .github/workflows; echo 'on: push' > .github/workflows/ci.yml`);
  const head = `refs/omk/${await sandbox.runId()}/head`;
  assertEquals(await sandbox.git("rev-list", "--count", `main..${head}`), "1");
  assertEquals(await sandbox.git("rev-parse", `${head}^`), await sandbox.git("rev-parse", "main"));
  assertEquals(
    await sandbox.git("diff", "--name-status", "main", head),
    "A\t.github/workflows/ci.yml\nA\tone.txt\nA\ttwo.txt",
  );
  await sandbox.omkEnds(0, ["merge"]);
  assertEquals(await sandbox.git("status", "--porcelain"), "");
});

Deno.test("a task that deletes its worktree fails, and the next task gets a whole one", async () => {
  const sandbox = await Sandbox.withPlan({
    version: 1,
    workers: 1,
    gates: [],
    tasks: [
      { id: "delete", run: 'rm -rf "$PWD"', retry_policy: { max_attempts: 0 } },
      { id: "write", run: "cat README.md > new.txt", dependencies: ["delete"], trigger_rule: "all_done" },
    ],
  });
  await using _ = sandbox;
  const before = await userState(sandbox);
  const { stdout } = await sandbox.omkEnds(1, ["run"]);
  assertMatch(stdout, /^failed delete: .*its worktree is gone/m);
  assertEquals(await headFile(sandbox, "new.txt"), "# test");
  await assertUntouched(sandbox, before);
});

Deno.test("P13: a task that deletes the git directory of its worktree loses nothing of what it wrote", async () => {
  await using sandbox = await runs("echo new > new.txt; rm -rf $(git rev-parse --git-common-dir) .git");
  assertEquals(await headFile(sandbox, "new.txt"), "new");
  await sandbox.omkEnds(0, ["run"]);
});

Deno.test("P13: a task that pushes reaches no branch of the user", async () => {
  await using sandbox = await runs(`
    echo new > new.txt; git add -A; git -c user.name=x -c user.email=x@x commit -qm mine
    git push origin HEAD:main; git push --all; git push --mirror; git remote -v > remotes.txt; true`);
  assertEquals(await headFile(sandbox, "remotes.txt"), "");
});
