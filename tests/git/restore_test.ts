import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Slot } from "../../src/git/port.ts";
import type { GitWorkspace } from "../../src/git/workspace.ts";
import { holder, LIMITS, meta, runGitIn, sh, slotRequest, TestRepository } from "./fixture.ts";

const FILES = {
  "a.txt": "one\n",
  "src/b.txt": "one\n",
  "src/deep/c.txt": "one\n",
  "tool.sh": "#!/bin/sh\n",
  ".gitignore": "out/\nnode_modules/\n",
};

/** Every path of a slot with mode and content. */
async function look(slot: Slot): Promise<string> {
  return await sh(
    slot.path,
    `find . -path ./.git -prune -o -printf '%p %y %m ' \\( -type f -exec cat {} \\; -o -printf '\\n' \\) | sort`,
  );
}

async function use(workspace: GitWorkspace, base: string, script: string, pin = true): Promise<Slot> {
  const slot = await workspace.acquire(slotRequest(base));
  await sh(slot.path, script);
  if (pin) await workspace.pin(slot, holder(), meta(), LIMITS);
  await workspace.release(slot, { setAside: false });
  return slot;
}

Deno.test("P6: acquire() restores a slot whatever the task before did to it", async () => {
  await using repository = await TestRepository.create(FILES);
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const fresh = await workspace.acquire(slotRequest(base));
  const expected = await look(fresh);
  await workspace.release(fresh, { setAside: false });
  const outside = `${repository.directory}/outside`;
  await Deno.mkdir(`${outside}/deep`, { recursive: true });
  await Deno.writeTextFile(`${outside}/b.txt`, "not omk's\n");
  const deeds = [
    "git update-index --skip-worktree a.txt; echo x > a.txt",
    "echo x > a.txt; rm tool.sh; chmod 600 src/b.txt; echo x >> src/b.txt; mkdir out; echo x > out/x; echo x > new",
    "rm -rf src; echo file > src; rm a.txt; mkdir a.txt; echo x > a.txt/x",
    `rm -rf src; ln -s ${outside} src; rm a.txt; ln -s ${outside}/b.txt a.txt`,
    "git init -q nested; echo x > nested/x; git init -q src; git init -q out; git rm -q --cached a.txt",
    "rm -rf * .git .gitignore",
    "chmod 555 src/deep src; chmod +x a.txt",
    "mkdir ro; echo x > ro/x; chmod 555 ro; mkdir -p src/new; echo x > src/new/x; chmod 000 src/new",
    "mkfifo fifo; rm a.txt; mkfifo a.txt; ln a.txt hard; ln tool.sh hard2",
    "git checkout -q --orphan x; git rm -rfq .; git commit -q --allow-empty -m x; git stash list",
    "rm .git; git init -q .; git add -A; git -c user.name=x -c user.email=x commit -qm x",
  ];
  for (const pin of [false, true]) {
    for (const deed of deeds) {
      const slot = await use(workspace, base, deed, pin);
      const again = await workspace.acquire(slotRequest(base));
      assertEquals(again.path, slot.path);
      assertEquals(await look(again), expected, deed);
      assertEquals(
        await sh(again.path, "git status --porcelain --ignored; git stash list; git log --format=%H"),
        base,
        deed,
      );
      await workspace.release(again, { setAside: false });
    }
  }
  const lost = await workspace.acquire(slotRequest(base));
  await Deno.remove(lost.path, { recursive: true });
  await Deno.symlink(outside, lost.path);
  await workspace.release(lost, { setAside: false });
  assertEquals(await look(await workspace.acquire(slotRequest(base))), expected);
  assertEquals(await Deno.readTextFile(`${outside}/b.txt`), "not omk's\n");
});

Deno.test("acquire() moves a slot between bases, and survives a damaged index", async () => {
  await using repository = await TestRepository.create(FILES);
  const first = await repository.git("rev-parse", "HEAD");
  await repository.write({ "src/deep/c.txt": "two\n", "src/d/e/f.txt": "new\n" });
  await Deno.remove(`${repository.root}/src/b.txt`);
  const second = await repository.commit();
  const workspace = await repository.workspace();
  const slot = await workspace.acquire(slotRequest(first));
  const atFirst = await look(slot);
  await workspace.release(slot, { setAside: false });
  const atSecond = await look(await acquireAndRelease(workspace, second));
  assertNotEquals(atSecond, atFirst);
  for (const damage of ["rm", "echo nonsense >", "truncate -s 40", "touch x; touch"]) {
    await sh(workspace.worktreeDir, `${damage} w1.index; touch w1.index.lock w1.pin w1.pin.lock`);
    assertEquals(await look(await acquireAndRelease(workspace, first)), atFirst);
  }
  assertEquals(await look(await acquireAndRelease(workspace, second)), atSecond);
  assertEquals(await sh(workspace.worktreeDir, "ls *.lock"), "pool.lock\nw1.lock\nw1.pin.lock");
});

async function acquireAndRelease(workspace: GitWorkspace, base: string): Promise<Slot> {
  const slot = await workspace.acquire(slotRequest(base));
  await workspace.release(slot, { setAside: false });
  return slot;
}

Deno.test("acquire() keeps what is to be kept and nothing else", async () => {
  await using repository = await TestRepository.create(FILES);
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const keep = ["node_modules", "packages/[a]/cache/", "src/kept"];
  const request = slotRequest(base, { worktree: { keep } });
  const slot = await workspace.acquire(request);
  await sh(
    slot.path,
    `mkdir -p node_modules/x/.git 'packages/[a]/cache' packages/a/cache src/kept out
    for d in node_modules/x 'packages/[a]/cache' 'packages/[a]' packages/a/cache src/kept src out; do echo x > "$d/file"; done`,
  );
  const pin = await workspace.pin(slot, holder(), meta(), LIMITS);
  assertEquals(pin.changed.map(({ path }) => path), [
    "packages/[a]/file",
    "packages/a/cache/file",
    "src/file",
  ]);
  assertEquals(pin.by_products, [{ top: "out", files: 1, bytes: 2 }]);
  assertEquals(pin.unpinned, []);
  await workspace.release(slot, { setAside: false });
  const again = await workspace.acquire(request);
  const untracked = await sh(again.path, "git ls-files -o; ls -d out packages/a || true");
  assertEquals(
    untracked.split("\n").sort(),
    ["node_modules/x/file", "packages/[a]/cache/file", "src/kept/file"].sort(),
  );
  await workspace.release(again, { setAside: false });
  const plain = await workspace.acquire(slotRequest(base));
  assertEquals(await sh(plain.path, "git ls-files -o"), "");
});

Deno.test("a slot is a repository of its own: detached, with nobody else's refs, stash, hooks or config", async () => {
  await using repository = await TestRepository.create(FILES);
  await repository.git("tag", "v1");
  await repository.git("config", "user.name", 'Quo"ted \\ Name');
  await repository.git("config", "commit.gpgsign", "true");
  await repository.write({ ".git/hooks/pre-commit": "#!/bin/sh\nexit 1\n" });
  await Deno.chmod(`${repository.root}/.git/hooks/pre-commit`, 0o755);
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const before = await repository.contents();
  const slot = await workspace.acquire(slotRequest(base));
  assertEquals(await sh(slot.path, "git symbolic-ref -q HEAD || git rev-parse HEAD"), base);
  assertEquals(
    await sh(slot.path, "git for-each-ref; git remote; git stash list; git tag; git status --porcelain"),
    "",
  );
  await sh(
    slot.path,
    `echo two > a.txt; git commit -qam 'A commit'; echo three > a.txt; git stash -q; git branch main; git tag v1 -f
     git config --local x.y z; mkdir -p .hooks; git config core.hooksPath .hooks; ! git gc -q --prune=now; git worktree prune`,
  );
  assertEquals(
    await sh(slot.path, "git log -1 --format='%an|%s'; git rev-parse HEAD^"),
    `Quo"ted \\ Name|A commit\n${base}`,
  );
  await workspace.release(slot, { setAside: false });
  const again = await workspace.acquire(slotRequest(base));
  assertEquals(again.path, slot.path);
  assertEquals(
    await sh(again.path, "git for-each-ref; git stash list; git config x.y || git config core.hooksPath"),
    "/dev/null",
  );
  assertEquals(await repository.contents(), before);
});

Deno.test("a slot's files are the stored bytes, whatever attributes and configuration say", async () => {
  await using repository = await TestRepository.create({
    ".gitattributes": "*.crlf eol=crlf\n*.utf16 working-tree-encoding=UTF-16\n*.id ident\n*.lfs filter=lfs\n",
    "b.id": "$Id$\n",
    "c.lfs": "pointer\n",
  });
  await repository.write({ "a.crlf": "one\r\n" });
  await repository.git("-c", "core.autocrlf=false", "add", "-A");
  const base = await repository.commit();
  await repository.git("config", "core.autocrlf", "true");
  await repository.git("config", "filter.lfs.smudge", "echo smudged");
  const workspace = await repository.workspace();
  const slot = await workspace.acquire(slotRequest(base));
  assertEquals(await sh(slot.path, "cat a.crlf b.id c.lfs; git status --porcelain"), "one\n$Id$\npointer");
  await sh(slot.path, "printf 'x\\r\\n' > a.crlf; printf 'x\\r\\n' > new.crlf");
  const pin = await workspace.pin(slot, holder(), meta(), LIMITS);
  const stored = await workspace.hub.git(["cat-file", "blob", `${pin.tree}:new.crlf`]);
  assertEquals(new TextDecoder().decode(stored.stdout), "x\r\n");
});

Deno.test("a slot of a shallow clone works, and its pins can be published", async () => {
  await using repository = await TestRepository.create(FILES);
  await repository.commit("Two");
  await repository.commit("Three");
  const clone = `${repository.directory}/clone`;
  await runGitIn(repository.directory, ["clone", "--quiet", "--depth=1", `file://${repository.root}`, clone]);
  const { discoverRepository } = await import("../../src/git/repository.ts");
  const { openWorkspace } = await import("../../src/git/workspace.ts");
  const info = await discoverRepository(clone);
  assert(info.knownGaps.some((gap) => gap.startsWith("Shallow clone")));
  const workspace = await openWorkspace(info, {
    env: { XDG_STATE_HOME: `${repository.directory}/state` },
    findSecrets: () => false,
  });
  const base = info.head ?? "";
  await workspace.openRun(holder().run_id, base);
  const slot = await workspace.acquire(slotRequest(base));
  assertEquals(await sh(slot.path, "git log --format=%s"), "Three");
  await sh(slot.path, "echo two > a.txt");
  const pin = await workspace.pin(slot, holder(), meta(), LIMITS);
  await workspace.publish(holder().run_id);
  assertEquals(await runGitIn(clone, ["rev-parse", pin.ref ?? ""]), pin.commit);
  assertEquals(await runGitIn(clone, ["fsck", "--connectivity-only"]), "");
  await workspace.close();
});
