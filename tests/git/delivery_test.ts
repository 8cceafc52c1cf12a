import { assert, assertEquals } from "@std/assert";
import type { DeliveryResult } from "../../src/git/port.ts";
import type { GitWorkspace } from "../../src/git/workspace.ts";
import { holder, LIMITS, meta, runGitIn, sh, slotRequest, TestRepository } from "./fixture.ts";

const RUN = holder().run_id;
const MAIN = "refs/heads/main";

/** Does a run's work: one task on `base`, merged and published. */
async function deliverable(workspace: GitWorkspace, base: string, script: string): Promise<string> {
  await workspace.openRun(RUN, base);
  const slot = await workspace.acquire(slotRequest(base));
  await sh(slot.path, script);
  const pin = await workspace.pin(slot, holder(), meta(), LIMITS);
  await workspace.release(slot, { setAside: false });
  const merged = await workspace.merge(base, pin.commit ?? "", base, meta("Task"));
  assert(merged.kind === "merged");
  await workspace.advanceHead(RUN, base, merged.commit);
  await workspace.publish(RUN);
  return merged.commit;
}

function deliver(
  workspace: GitWorkspace,
  head: string,
  branch = MAIN,
  snapshot: string | null = null,
): Promise<DeliveryResult> {
  return workspace.deliver({ runId: RUN, branch, head, snapshot });
}

Deno.test("deliver() fast-forwards the checkout that has the branch, and leaves other dirty files alone", async () => {
  await using repository = await TestRepository.create({
    "a.txt": "one\n",
    "b.txt": "one\n",
    "c.txt": "one\n",
  });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const head = await deliverable(workspace, base, "echo two > a.txt; echo new > new.txt");
  await repository.git("config", "merge.autoStash", "true");
  await repository.git("config", "merge.ff", "false");
  await repository.git("config", "merge.verifySignatures", "true");
  await repository.write({
    ".git/hooks/post-merge": `#!/bin/sh\ntouch ${repository.directory}/hook-ran\n`,
    "b.txt": "dirty\n",
  });
  await Deno.chmod(`${repository.root}/.git/hooks/post-merge`, 0o755);

  await repository.write({ "a.txt": "mine\n", "new.txt": "mine\n" });
  const before = await repository.contents();
  const tracked = await deliver(workspace, head);
  assert(tracked.kind === "refused");
  assertEquals(tracked.paths, ["a.txt", "new.txt"]);
  assert(tracked.why.includes("would be overwritten"), tracked.why);
  const after = await repository.contents();
  after.delete(".git/ORIG_HEAD");
  assertEquals(after, before);

  await repository.git("checkout", "--quiet", "a.txt");
  const untracked = await deliver(workspace, head);
  assert(untracked.kind === "refused");
  assertEquals(untracked.paths, ["new.txt"]);

  await Deno.remove(`${repository.root}/new.txt`);
  assertEquals(await deliver(workspace, head), {
    kind: "fast_forwarded",
    from: base,
    to: head,
    checkout: repository.root,
  });
  assertEquals(await repository.git("diff", "--name-only", "HEAD"), "b.txt");
  assertEquals(await repository.git("rev-parse", "main"), head);
  assertEquals(await deliver(workspace, head), {
    kind: "fast_forwarded",
    from: head,
    to: head,
    checkout: null,
  });
  assertEquals((await Array.fromAsync(Deno.readDir(repository.directory))).map(({ name }) => name).sort(), [
    "repo",
    "state",
  ]);
});

Deno.test("deliver() to a branch that nobody has checked out moves it, with a reflog entry", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.git("rev-parse", "HEAD");
  await repository.git("branch", "release");
  const workspace = await repository.workspace();
  const head = await deliverable(workspace, base, "echo two > a.txt");
  const before = await repository.git("status", "--porcelain", "--branch");
  assertEquals(await deliver(workspace, head, "refs/heads/release"), {
    kind: "fast_forwarded",
    from: base,
    to: head,
    checkout: null,
  });
  assertEquals(await repository.git("rev-parse", "release", "main"), `${head}\n${base}`);
  assertEquals(await repository.git("reflog", "-1", "--format=%gs", "release"), `omk merge ${RUN}`);
  assertEquals(await repository.git("status", "--porcelain", "--branch"), before);
  const missing = await deliver(workspace, head, "refs/heads/nowhere");
  assert(missing.kind === "refused" && missing.why === 'there is no branch "nowhere"');
});

Deno.test("deliver() updates the linked worktree that has the branch, and refuses where it is away or busy", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.git("rev-parse", "HEAD");
  const linked = `${repository.directory}/linked`;
  await repository.git("worktree", "add", "--quiet", "-b", "topic", linked);
  const workspace = await repository.workspace();
  const head = await deliverable(workspace, base, "echo two > a.txt");
  await Deno.rename(linked, `${linked}-away`);
  const away = await deliver(workspace, head, "refs/heads/topic");
  assert(away.kind === "refused" && away.why.includes("not there now"));
  await Deno.rename(`${linked}-away`, linked);
  await runGitIn(linked, ["commit", "--quiet", "--allow-empty", "-m", "x"]);
  await sh(linked, "GIT_SEQUENCE_EDITOR='sed -i s/^pick/edit/' git rebase -q -i HEAD~1");
  const busy = await deliver(workspace, head, "refs/heads/topic");
  assert(busy.kind === "moved");
  await sh(linked, "git rebase --abort; git reset -q --hard HEAD~1");
  await sh(
    linked,
    "git checkout -q --detach; mkdir -p $(git rev-parse --git-dir)/rebase-merge; echo refs/heads/topic > $(git rev-parse --git-dir)/rebase-merge/head-name",
  );
  const rebasing = await deliver(workspace, head, "refs/heads/topic");
  assert(rebasing.kind === "refused" && rebasing.why === "a rebase of the branch is in progress");
  await sh(linked, "rm -r $(git rev-parse --git-dir)/rebase-merge; git checkout -q topic");
  const result = await deliver(workspace, head, "refs/heads/topic");
  assertEquals(result, { kind: "fast_forwarded", from: base, to: head, checkout: linked });
  assertEquals(await Deno.readTextFile(`${linked}/a.txt`), "two\n");
});

Deno.test("deliver() updates a checkout whose git directory lies elsewhere, and says where git cannot tell it", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.git("rev-parse", "HEAD");
  await repository.git("init", "--quiet", `--separate-git-dir=${repository.directory}/away`);
  const linked = `${repository.directory}/linked`;
  await repository.git("worktree", "add", "--quiet", "-b", "topic", linked);
  const workspace = await repository.workspace();
  const head = await deliverable(workspace, base, "echo two > a.txt");
  const unnamed = await deliver(await repository.workspace(linked), head);
  assert(unnamed.kind === "refused" && unnamed.why.includes("git cannot tell"), JSON.stringify(unnamed));
  const delivered = await deliver(workspace, head);
  assert(delivered.kind === "fast_forwarded", JSON.stringify(delivered));
  assertEquals(delivered.checkout, repository.root);
  assertEquals(await repository.git("status", "--porcelain"), "");
  // As that of a submodule, which is told where its checkout is.
  await repository.git("reset", "--quiet", "--hard", base);
  await repository.git("config", "core.worktree", repository.root);
  const told = await deliver(await repository.workspace(linked), head);
  assert(told.kind === "fast_forwarded", JSON.stringify(told));
  assertEquals([told.checkout, await Deno.readTextFile(`${repository.root}/a.txt`)], [
    repository.root,
    "two\n",
  ]);
});

Deno.test("deliver() says when the branch has moved; mergeBranch() makes what can be delivered then", async () => {
  await using repository = await TestRepository.create({ "a.txt": "one\n", "b.txt": "one\n" });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const head = await deliverable(workspace, base, "echo two > a.txt");
  await repository.write({ "b.txt": "two\n" });
  const moved = await repository.commit("The user's");
  assertEquals(await deliver(workspace, head), { kind: "moved", branchCommit: moved });
  const merged = await workspace.mergeBranch(moved, head, meta("Merge"));
  assert(merged.kind === "merged");
  assertEquals(await workspace.hub.text(["log", "-1", "--format=%P", merged.commit]), `${moved} ${head}`);
  await workspace.advanceHead(RUN, head, merged.commit);
  await workspace.publish(RUN);
  const result = await deliver(workspace, merged.commit);
  assertEquals(result, { kind: "fast_forwarded", from: moved, to: merged.commit, checkout: repository.root });
  assertEquals(await sh(repository.root, "cat a.txt b.txt; git status --porcelain"), "two\ntwo");
});

Deno.test("a dirty checkout becomes the base as it is, and the delivery goes from there to the head", async () => {
  await using repository = await TestRepository.create({
    "a.txt": "one\n",
    "b.txt": "one\n",
    "gone.txt": "x\n",
    "crlf.txt": "one\n",
    ".gitattributes": "crlf.txt eol=crlf\n",
    ".gitignore": "*.log\n",
  });
  const base = await repository.git("rev-parse", "HEAD");
  await repository.git("checkout", "--quiet", "--", ".");
  await repository.write({
    "a.txt": "staged\n",
    "new/file.txt": "new\n",
    "x.log": "ignored\n",
    ".git/info/exclude": "local\n",
    local: "x\n",
    "crlf.txt": "two\r\n",
  });
  await repository.git("add", "a.txt");
  await repository.write({ "a.txt": "dirty\n" });
  await Deno.remove(`${repository.root}/gone.txt`);
  assertEquals((await repository.info()).dirty, ["a.txt", "crlf.txt", "gone.txt", "new/file.txt"]);
  const before = await repository.contents();
  const workspace = await repository.workspace();
  const snapshot = await workspace.snapshotDirty(RUN, meta("Snapshot"));
  assertEquals(await workspace.snapshotDirty(RUN, meta("Snapshot")), snapshot);
  assertEquals(await repository.contents(), before);
  assertEquals(await workspace.changedPaths(base, snapshot.commit), [
    { path: "a.txt", change: "modified" },
    { path: "crlf.txt", change: "modified" },
    { path: "gone.txt", change: "deleted" },
    { path: "new/file.txt", change: "added" },
  ]);
  assertEquals(await workspace.hub.text(["cat-file", "blob", `${snapshot.tree}:crlf.txt`]), "two");
  assertEquals(await workspace.hub.text(["rev-parse", `${snapshot.commit}^`]), base);
  const head = await deliverable(
    workspace,
    snapshot.commit,
    "echo task >> a.txt; echo task > b.txt; rm new/file.txt; echo made > made.txt",
  );

  await repository.write({ "b.txt": "changed since\n", "made.txt": "in the way\n" });
  const differs = await deliver(workspace, head, MAIN, snapshot.commit);
  assert(differs.kind === "refused");
  assertEquals(differs.paths, ["b.txt", "made.txt"]);
  assert(differs.fix.endsWith(`git merge ${head}`));
  await repository.write({ "b.txt": "one\n" });
  await Deno.remove(`${repository.root}/made.txt`);
  assertEquals(await repository.contents(), before);

  await repository.write({ ".git/index.lock": "" });
  const locked = await deliver(workspace, head, MAIN, snapshot.commit);
  assert(locked.kind === "refused" && locked.why.includes("another git command"));
  await Deno.remove(`${repository.root}/.git/index.lock`);

  const result = await deliver(workspace, head, MAIN, snapshot.commit);
  assertEquals(result, { kind: "fast_forwarded", from: base, to: head, checkout: repository.root });
  assertEquals(
    await sh(
      repository.root,
      "git status --porcelain; cat a.txt b.txt made.txt crlf.txt; ls; git rev-parse HEAD^^",
    ),
    `dirty\ntask\ntask\nmade\ntwo\r\na.txt\nb.txt\ncrlf.txt\nlocal\nmade.txt\nx.log\n${base}`,
  );
  assertEquals(
    (await Array.fromAsync(Deno.readDir(`${repository.root}/.git`))).filter(({ name }) =>
      name.startsWith("index")
    ).length,
    1,
  );
});

Deno.test("deliver() of a snapshot refuses untracked files in the way, a moved branch and a branch that is not checked out", async () => {
  await using repository = await TestRepository.create({ "a.txt": "one\n" });
  const base = await repository.git("rev-parse", "HEAD");
  await repository.write({ "a.txt": "dirty\n" });
  const workspace = await repository.workspace();
  const { commit: snapshot } = await workspace.snapshotDirty(RUN, meta("Snapshot"));
  const head = await deliverable(workspace, snapshot, "echo made > made.txt; mkdir dir; echo x > dir/x");
  await repository.write({ ".git/info/exclude": "made.txt\ndir\n", "made.txt": "mine\n", dir: "mine\n" });
  const before = await repository.contents();
  const inTheWay = await deliver(workspace, head, MAIN, snapshot);
  assert(inTheWay.kind === "refused", JSON.stringify(inTheWay));
  assertEquals(inTheWay.paths, ["dir", "made.txt"]);
  assertEquals(await repository.contents(), before);
  await repository.git("checkout", "--quiet", "-b", "elsewhere");
  const elsewhere = await deliver(workspace, head, MAIN, snapshot);
  assert(elsewhere.kind === "refused" && elsewhere.why.includes('no checkout has "main"'));
  await repository.git("checkout", "--quiet", "main");
  await repository.git("commit", "--quiet", "-am", "Moved");
  const moved = await deliver(workspace, head, MAIN, snapshot);
  assertEquals(moved.kind, "moved");
  assertEquals(await repository.git("rev-parse", "HEAD^"), base);
});

Deno.test("snapshotDirty() refuses what a tree cannot hold", async () => {
  await using repository = await TestRepository.create({ "a.txt": "one\n" });
  await repository.git("branch", "other");
  await repository.write({ "a.txt": "two\n" });
  await repository.commit();
  const workspace = await repository.workspace();
  await repository.git("init", "--quiet", "nested");
  const why = async () => {
    try {
      await workspace.snapshotDirty(RUN, meta());
      return "";
    } catch (error) {
      assert(error instanceof Error && error.name === "SnapshotError");
      return error.message;
    }
  };
  assert((await why()).includes("(nested/): it is a repository of its own"), await why());
  await Deno.remove(`${repository.root}/nested`, { recursive: true });
  await repository.git("checkout", "--quiet", "other");
  await repository.write({ "a.txt": "three\n" });
  await repository.commit();
  await repository.git("merge", "main").catch(() => {});
  assert((await why()).includes("(a.txt): it is not merged"), await why());
});
