/** A task that does every trick with git that is known to hurt tools with worktrees, and all that must hold after it. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { Sandbox } from "../e2e/harness.ts";
import { assertUntouched, userState } from "../e2e/user_state.ts";
import { report } from "./share.ts";

const IDENTITY = "export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x@x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x@x";

/** Shell texts by name; each works in a worktree of its own, after it has written a file of its name. */
const TRICKS: Readonly<Record<string, string>> = {
  stash: "git add -A; git stash; git stash apply; echo more > more.txt; git stash -u; git stash pop",
  branches:
    `git add -A; git commit -qm mine; git branch -f main HEAD; git branch -D topic; git tag -f v1; git tag -d v1
    git update-ref refs/heads/main HEAD; git update-ref -d refs/heads/topic; git checkout -q -B main`,
  omkrefs:
    `git for-each-ref; git update-ref refs/omk/x/head HEAD; git for-each-ref --format='delete %(refname)' |
    git update-ref --stdin; git pack-refs --all --prune`,
  worktrees: `git worktree add -b mine ../inside-$$ HEAD; git worktree prune --expire=now; git worktree lock .
    git worktree list --porcelain; git worktree remove --force ../inside-$$; git worktree unlock .; rm -rf ../inside-$$`,
  commondir: `dir=$(git rev-parse --git-dir); : > "$dir/commondir"; : > "$dir/gitdir"; rm -f "$dir/HEAD"`,
  locks:
    `dir=$(git rev-parse --git-dir); common=$(git rev-parse --git-common-dir); touch "$dir/index.lock" "$dir/HEAD.lock"
    touch "$common/config.lock" "$common/packed-refs.lock" "$common/shallow.lock"`,
  config:
    `git config user.name Mallory; git config --global user.name Mallory; git config core.hooksPath "$PWD/h"
    git config core.worktree /; git config core.bare true; git config extensions.worktreeConfig true
    git config core.fsmonitor "touch $HOME/pwned"; git config gc.auto 1; git config receive.denyCurrentBranch ignore`,
  hooks: `common=$(git rev-parse --git-common-dir); mkdir -p "$common/hooks"
    for hook in pre-commit post-checkout reference-transaction post-index-change pre-auto-gc; do
      printf '#!/bin/sh\\ntouch "$HOME/pwned"\\n' > "$common/hooks/$hook"; chmod +x "$common/hooks/$hook"; done
    git add -A; git commit -qm mine`,
  excludes:
    `common=$(git rev-parse --git-common-dir); mkdir -p "$common/info"; echo '*' > "$common/info/exclude"
    echo '* -text filter=evil' > "$common/info/attributes"; git config filter.evil.clean 'tr a-z A-Z'; echo '*.txt' >> .gitignore`,
  bits:
    "git update-index --skip-worktree src/a.txt; git update-index --assume-unchanged src/b.txt; echo x > src/a.txt; echo x > src/b.txt",
  index:
    `rm -f "$(git rev-parse --git-dir)/index"; git read-tree --empty; git add -f .; git rm -rq --cached .`,
  sparse: "git sparse-checkout init --cone; git sparse-checkout set nothing; echo back > src-back.txt",
  history:
    `git add -A; git commit -qm one; git commit -q --amend -m two; git checkout -q --orphan fresh; git commit -qm orphan
    git reset -q --soft HEAD; git reflog expire --expire=now --all; git gc -q --prune=now; git gc -q --prune=now --force; git prune --expire=now`,
  replace:
    `git add -A; git commit -qm mine; git replace HEAD~1 HEAD; git notes add -m note; git rerere; git bisect start
    git cherry-pick --abort; git merge --abort; git rebase --abort`,
  remotes:
    `git remote add origin "$(git rev-parse --git-common-dir)"; git fetch origin; git push --mirror origin
    git push origin HEAD:refs/heads/main`,
  objects:
    `common=$(git rev-parse --git-common-dir); : > "$common/objects/info/alternates"; rm -rf "$common/objects/pack"
    git fsck; git gc -q; git repack -adq`,
  nogit: 'rm -rf "$(git rev-parse --git-common-dir)" .git',
  gitfile: "rm -f .git; git init -q .; git add -A; git commit -qm own",
  readonly: "mkdir -p deep/er; echo deep > deep/er/file.txt; chmod -R a-w deep src",
};

/** Tricks after which something cannot be pinned: their worktrees are set aside with all that is in them. */
const UNPINNABLE: Readonly<Record<string, string>> = {
  nested:
    "git init -q inner; echo inner > inner/inner.txt; git -C inner add -A; git -C inner commit -qm inner",
  submodule:
    'git -c protocol.file.allow=always submodule add -q "$PWD/../$(basename "$PWD")" sub; git init -q sub; echo s > sub/s.txt',
  fifo: "mkfifo pipe",
};

Deno.test("P6, P13: every trick with git leaves the user's repository as it was, and its work is kept", async () => {
  const texts = { ...TRICKS, ...UNPINNABLE };
  const names = Object.keys(texts);
  await using sandbox = await Sandbox.withPlan({
    version: 1,
    workers: 2,
    gates: [{ name: "look", command: "test -e README.md" }],
    tasks: Object.entries(texts).map(([id, script]) => ({
      id,
      // Each fails in the end, so that nothing is merged and each trick meets the same files.
      run: `${IDENTITY}; mkdir -p work; echo ${id} > work/${id}.txt\n${script}\nexit 1`,
    })),
  }, { "src/a.txt": "a\n", "src/b.txt": "b\n", ".gitignore": "*.log\n" });
  await sandbox.git("branch", "topic");
  await sandbox.git("tag", "v1");
  await sandbox.write({ "src/a.txt": "stashed\n" });
  await sandbox.git("stash");
  await sandbox.write({ "untracked.txt": "mine\n" });
  const before = await userState(sandbox);
  const { stderr } = await sandbox.omk(["run", "--base", "HEAD"]);
  assertEquals(stderr, "");
  await assertUntouched(sandbox, before);
  const refs = `refs/omk/${await sandbox.runId()}`;
  for (const name of names) {
    assertEquals(await sandbox.git("show", `${refs}/task/${name}/1/pin:work/${name}.txt`), name, name);
  }
  assertEquals(await sandbox.git("show", `${refs}/task/bits/1/pin:src/a.txt`), "x");
  assertEquals(await sandbox.git("show", `${refs}/task/readonly/1/pin:deep/er/file.txt`), "deep");
  assertEquals((await sandbox.sh("cat ~/pwned")).code, 1);
  const pins = await sandbox.payloads("attempt_pinned");
  const aside = pins.filter(({ set_aside }) => set_aside).map(({ task_id }) => task_id).sort();
  assertEquals(aside, Object.keys(UNPINNABLE).sort());
  const kept = (await sandbox.omkEnds(0, ["clean", "--slots", "--dry-run"])).stdout;
  for (const reason of ["nested_repository", "not_regular"]) assertStringIncludes(kept, reason);
  await sandbox.omkEnds(0, ["clean", "--slots", "--yes"]);
  const slots = (await sandbox.omkJson(["clean", "--discard", "--dry-run"])).slots;
  assertEquals(slots.length, aside.length, "what is set aside stays until --discard");
  // Whoever comes after gets a whole worktree.
  await sandbox.plan({
    version: 1,
    gates: [],
    tasks: [{ id: "after", run: "cat src/a.txt src/b.txt > after.txt" }],
  });
  await sandbox.omkEnds(0, ["run", "--base", "HEAD"]);
  assertEquals(await sandbox.git("show", `refs/omk/${await sandbox.runId()}/head:after.txt`), "a\nb");
  report("tricks with git", { tricks: names.length, "worktrees set aside": aside.length });
});
