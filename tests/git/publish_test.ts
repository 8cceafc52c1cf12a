import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { RefMovedError } from "../../src/git/errors.ts";
import { openGitAccess } from "../../src/git/git_access.ts";
import { holder, LIMITS, meta, runGitIn, sh, slotRequest, TestRepository } from "./fixture.ts";

const RUN = holder().run_id;

Deno.test("P13: a whole run leaves the user's refs, config, index, stash, hooks and files byte for byte as they were", async () => {
  await using repository = await TestRepository.create({
    "a.txt": "one\n",
    "b.txt": "one\n",
    ".gitignore": "*.log\n",
  });
  const base = await repository.git("rev-parse", "HEAD");
  await repository.git("branch", "other");
  await repository.git("tag", "v1");
  await repository.write({ "b.txt": "stashed\n" });
  await repository.git("stash");
  await repository.write({ "a.txt": "staged\n", "new.txt": "untracked\n", "x.log": "ignored\n" });
  await repository.git("add", "a.txt");
  await repository.write({ "a.txt": "dirty\n" });
  for (const hook of ["reference-transaction", "post-checkout", "post-merge", "pre-auto-gc"]) {
    await repository.write({ [`.git/hooks/${hook}`]: `#!/bin/sh\ntouch ${repository.directory}/hook-ran\n` });
    await Deno.chmod(`${repository.root}/.git/hooks/${hook}`, 0o755);
  }
  for (
    const [key, value] of Object.entries({
      "fetch.prune": "true",
      "fetch.pruneTags": "true",
      "remote.origin.url": "/nowhere",
      "remote.origin.fetch": "+refs/*:refs/*",
      "core.logAllRefUpdates": "always",
      "commit.gpgsign": "true",
      "core.fsmonitor": `touch ${repository.directory}/hook-ran; false`,
      "gc.auto": "1",
    })
  ) await repository.git("config", key, value);
  const before = await repository.contents();

  const workspace = await repository.workspace();
  await workspace.snapshotDirty("20260102-030405-dddd", meta("Snapshot"));
  await workspace.openRun(RUN, base);
  const slot = await workspace.acquire(slotRequest(base));
  await sh(
    slot.path,
    "echo two > a.txt; git tag v2; git commit -qam x; git stash list; git branch main; git tag -d v1 2>/dev/null || true",
  );
  const pin = await workspace.pin(slot, holder(), meta(), LIMITS);
  await workspace.publish(RUN);
  await workspace.release(slot, { setAside: false });
  const merged = await workspace.merge(base, pin.commit ?? "", base, meta());
  assert(merged.kind === "merged");
  await workspace.advanceHead(RUN, base, merged.commit);
  await workspace.publish(RUN);
  const gate = await workspace.acquire(slotRequest(merged.commit, { kind: "gate" }));
  await workspace.inspectGateSlot(gate, []);
  await workspace.release(gate, { setAside: false });

  assertEquals(await repository.contents(), before);
  assertEquals(
    (await repository.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/omk")).split("\n"),
    [
      `refs/omk/${RUN}/base ${base}`,
      `refs/omk/${RUN}/head ${merged.commit}`,
      `refs/omk/${RUN}/task/task/1/pin ${pin.commit}`,
    ],
  );
  await assertRejects(() => Deno.lstat(`${repository.directory}/hook-ran`), Deno.errors.NotFound);
  await Deno.remove(`${workspace.hub.path}`, { recursive: true });
  assertEquals(await repository.git("fsck", "--connectivity-only", "--no-dangling"), "");
});

Deno.test("P6: what was published survives the user's gc, and the slots and hub go on after it", async () => {
  await using repository = await TestRepository.create({ "a.txt": "one\n" });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  await workspace.openRun(RUN, base);
  // The blob dangles in the user's repository, so git does not store it in the hub again.
  await repository.write({ "a.txt": "two\n" });
  await repository.git("add", "a.txt");
  await repository.git("reset", "--quiet", "--hard");
  const slot = await workspace.acquire(slotRequest(base));
  await sh(slot.path, "echo two > a.txt");
  const pin = await workspace.pin(slot, holder(), meta(), LIMITS);
  await workspace.publish(RUN);
  await repository.git("gc", "--quiet", "--prune=now");
  assertEquals(await repository.git("show", `${pin.ref}:a.txt`), "two");
  assertEquals(await repository.git("fsck", "--connectivity-only"), "");
  assertEquals(
    await sh(slot.path, "git diff"),
    "diff --git a/a.txt b/a.txt\nindex 5626abf..f719efd 100644\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+two",
  );
});

Deno.test("P6: no ref is published whose objects did not all find their place in the user's repository", async () => {
  await using repository = await TestRepository.create({ "a.txt": "one\n" });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  await workspace.openRun(RUN, base);
  await workspace.publish(RUN);
  const slot = await workspace.acquire(slotRequest(base));
  await sh(slot.path, "echo two > a.txt");
  const { commit, tree } = await workspace.pin(slot, holder(), meta(), LIMITS);
  assert(commit !== null);
  // What a clean-up does that removes an empty directory right when an object is on its way into it.
  const directory = `${repository.root}/.git/objects/${tree.slice(0, 2)}`;
  await Deno.writeTextFile(directory, "", { createNew: true });
  await assertRejects(() => workspace.publish(RUN));
  assertEquals(await repository.git("for-each-ref", "--format=%(refname)", `refs/omk/${RUN}/task`), "");
  await Deno.remove(directory);
  await workspace.publish(RUN);
  assertEquals(await repository.git("show", `${commit}:a.txt`), "two");
  assertEquals(await repository.git("fsck", "--connectivity-only", "--no-dangling"), "");
  await workspace.release(slot, { setAside: false });
});

Deno.test("P6: publish() waits for a worktree that somebody is just making, whose HEAD names no commit yet", async () => {
  await using repository = await TestRepository.create({ "a.txt": "one\n" });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const made = `${repository.root}/.git/worktrees/made`;
  await repository.write({
    ".git/worktrees/made/HEAD": `${"0".repeat(base.length)}\n`,
    ".git/worktrees/made/commondir": "../..\n",
    ".git/worktrees/made/gitdir": `${repository.directory}/made/.git\n`,
  });
  // Each try makes sure first that this file is there.
  const config = `${workspace.hub.path}/child.gitconfig`;
  const published = workspace.openRun(RUN, base).then(() => "published");
  for (let tries = 0; tries < 2;) {
    const tick = new Promise<void>((resolve) => setTimeout(resolve, 2));
    await Promise.race([published, tick]);
    tries += await Deno.remove(config).then(() => 1, () => 0);
  }
  await Deno.writeTextFile(`${made}/HEAD`, `${base}\n`);
  assertEquals(await published, "published");
  assertEquals(await repository.git("rev-parse", `refs/omk/${RUN}/base`), base);
  await workspace.close();
});

Deno.test("publish() joins callers into batches, and none is left out", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  await workspace.openRun(RUN, base);
  await Promise.all(Array.from({ length: 20 }, async (_, at) => {
    const ref = `refs/omk/${RUN}/task/t${at}/1/pin`;
    const commit = await workspace.hub.commitTree(await workspace.treeOf(base), [base], meta(`Task ${at}`));
    await workspace.hub.updateRefs([{ ref, from: null, to: commit }]);
    await workspace.publish(RUN);
    assertEquals(await repository.git("rev-parse", ref), commit);
  }));
});

Deno.test("close() packs the refs that a run leaves in the user's repository, now or the next time, and they stay what they were", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.git("rev-parse", "HEAD");
  const openAndClose = async () => {
    const workspace = await repository.workspace();
    await workspace.openRun(RUN, base);
    await workspace.close();
  };
  for (let at = 0; at < 10; at++) {
    const directory = `${repository.root}/.git/refs/omk/${RUN}/task/t${at}/1`;
    await Deno.mkdir(directory, { recursive: true });
    await Deno.writeTextFile(`${directory}/pin`, `${base}\n`);
  }
  const loose = `${repository.root}/.git/refs/omk/${RUN}/task/t7/1/pin`;
  // In the way of what git writes.
  const obstacle = `${repository.root}/.git/packed-refs.new`;
  await Deno.mkdir(obstacle);
  await openAndClose();
  assertEquals(await Deno.readTextFile(loose), `${base}\n`);
  await Deno.remove(obstacle);
  const before = await repository.git("for-each-ref");
  await openAndClose();
  assertEquals(await repository.git("for-each-ref"), before);
  await assertRejects(() => Deno.lstat(loose), Deno.errors.NotFound);
});

Deno.test("openRun() can be repeated, keeps the head, and restores the refs of a hub that was removed", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.git("rev-parse", "HEAD");
  const other = await repository.commit();
  {
    const workspace = await repository.workspace();
    await workspace.openRun(RUN, base);
    await workspace.advanceHead(RUN, base, other);
    await workspace.advanceHead(RUN, base, other);
    await assertRejects(() => workspace.advanceHead(RUN, base, "0".repeat(39) + "1"), RefMovedError);
    await workspace.openRun(RUN, base);
    await assertRejects(() => workspace.openRun(RUN, other), RefMovedError);
    await workspace.publish(RUN);
    await workspace.close();
    await Deno.remove(workspace.hub.path, { recursive: true });
  }
  const workspace = await repository.workspace();
  await workspace.openRun(RUN, base);
  assertEquals(await workspace.hub.ref(`refs/omk/${RUN}/head`), other);
});

Deno.test("openRun() moves the head to where the log has it, in the user's repository too", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.git("rev-parse", "HEAD");
  const other = await repository.commit();
  const workspace = await repository.workspace();
  await workspace.openRun(RUN, base);
  for (const head of [other, base]) {
    await workspace.openRun(RUN, base, head);
    assertEquals(await workspace.hub.ref(`refs/omk/${RUN}/head`), head);
    assertEquals(await repository.git("rev-parse", `refs/omk/${RUN}/head`), head);
  }
});

Deno.test("the patch between two commits does not depend on anybody's configuration", async () => {
  await using repository = await TestRepository.create({
    "a.txt": "one\n",
    "b.bin": "\0one\n",
    ".gitattributes": "*.txt diff=x\n",
  });
  const base = await repository.git("rev-parse", "HEAD");
  await repository.git("mv", "a.txt", "ü.txt");
  await repository.write({ "b.bin": "\0two\n" });
  const head = await repository.commit();
  const workspace = await repository.workspace();
  const patch = await workspace.patch(base, head);
  for (
    const [key, value] of Object.entries({
      "diff.noprefix": "true",
      "diff.renames": "true",
      "diff.algorithm": "histogram",
      "diff.context": "9",
      "diff.x.textconv": "cat -v",
      "core.quotePath": "false",
      "diff.external": "false",
    })
  ) await repository.git("config", key, value);
  const again = await repository.workspace();
  assertEquals(await again.patch(base, head), patch);
  const text = new TextDecoder().decode(patch);
  assert(text.includes("GIT binary patch") && text.includes('"b/\\303\\274.txt"'), text);
  const clone = `${repository.directory}/clone`;
  await runGitIn(repository.directory, ["clone", "--quiet", repository.root, clone]);
  await runGitIn(clone, ["checkout", "--quiet", base]);
  await Deno.writeFile(`${repository.directory}/patch`, patch);
  await runGitIn(clone, ["apply", "--index", `${repository.directory}/patch`]);
  assertEquals(await runGitIn(clone, ["write-tree"]), await workspace.treeOf(head));
  assertEquals(await workspace.changedPaths(base, head), [
    { path: "a.txt", change: "deleted" },
    { path: "b.bin", change: "modified" },
    { path: "ü.txt", change: "added" },
  ]);
  assertNotEquals(base, head);
});

Deno.test("P6: where the user's repository has a thousand refs of omk, pins are gathered under one, and found from it", async () => {
  await using repository = await TestRepository.create({ "a.txt": "one\n" });
  const base = await repository.git("rev-parse", "HEAD");
  const others = Array.from({ length: 1_000 }, (_, at) => `refs/omk/20260101-030405-abcd/task/t${at}/1/pin`);
  const packed = `# pack-refs with: sorted \n${others.toSorted().map((ref) => `${base} ${ref}\n`).join("")}`;
  await Deno.writeTextFile(`${repository.root}/.git/packed-refs`, packed);
  const pins = new Map<string, string | null>();
  const work = async (names: readonly string[], text: string) => {
    const workspace = await repository.workspace();
    await workspace.openRun(RUN, base);
    for (const name of names) {
      const whose = holder(name);
      const slot = await workspace.acquire(slotRequest(base, { holder: whose }));
      await sh(slot.path, `echo ${text} ${name} > a.txt`);
      const { ref, commit } = await workspace.pin(slot, whose, meta(), LIMITS);
      await workspace.publish(RUN);
      await workspace.release(slot, { setAside: false });
      pins.set(ref ?? "", commit);
    }
    await workspace.close();
    return workspace.hub;
  };
  await work(["a", "b"], "first");
  // Done again by a process that does not know of it, and one more.
  const hub = await work(["b", "c"], "second");
  const names = ["base", "head", "pins"].map((name) => `refs/omk/${RUN}/${name}`).join("\n");
  assertEquals(await repository.git("for-each-ref", "--format=%(refname)", `refs/omk/${RUN}`), names);
  assertEquals(await hub.text(["for-each-ref", "--format=%(refname)"]), names);
  const found = await openGitAccess(hub.info).refs(`refs/omk/${RUN}/`);
  for (const [ref, commit] of pins) assertEquals(found.get(ref), commit, ref);
  await repository.git("gc", "--quiet", "--prune=now");
  assertEquals(await repository.git("show", `${pins.get([...pins.keys()][0] ?? "")}:a.txt`), "first a");
  await Deno.remove(hub.path, { recursive: true });
  assertEquals(await repository.git("fsck", "--full", "--strict", "--no-dangling"), "");
});
