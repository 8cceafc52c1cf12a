import { assert, assertEquals, assertRejects } from "@std/assert";
import { SlotLostError } from "../../src/git/errors.ts";
import type { Pin, Slot } from "../../src/git/port.ts";
import type { GitWorkspace } from "../../src/git/workspace.ts";
import { holder, LIMITS, meta, runGitIn, SECRET, sh, slotRequest, TestRepository } from "./fixture.ts";

const RUN = holder().run_id;

/** Lets `script` work in a fresh slot and pins what it leaves. */
async function attempt(
  workspace: GitWorkspace,
  base: string,
  script: string,
  limits = LIMITS,
): Promise<{ slot: Slot; pin: Pin }> {
  const slot = await workspace.acquire(slotRequest(base));
  await sh(slot.path, script);
  return { slot, pin: await workspace.pin(slot, holder(), meta(), limits) };
}

/** The files of a pin with mode and content. */
async function filesOf(workspace: GitWorkspace, pin: Pin): Promise<Record<string, string>> {
  const listing = await workspace.hub.fields(["ls-tree", "-r", "-z", pin.tree]);
  const files: Record<string, string> = {};
  for (const line of listing) {
    const [entry = "", path = ""] = line.split("\t");
    const [mode = "", type, id = ""] = entry.split(" ");
    files[path] = `${mode} ${type === "blob" ? await workspace.hub.text(["cat-file", "blob", id]) : id}`;
  }
  return files;
}

const changes = (pin: Pin) => pin.changed.map(({ change, path }) => `${change} ${path}`);

Deno.test("P6: pin() takes changed, added and deleted files, links, modes and odd names", async () => {
  await using repository = await TestRepository.create({
    "a.txt": "one\n",
    "gone.txt": "gone\n",
    "tool.sh": "#!/bin/sh\n",
    "becomes/dir": "file\n",
    "was/dir": "file\n",
    ".gitattributes": "* text=auto eol=crlf\n",
  });
  const workspace = await repository.workspace();
  const base = await repository.git("rev-parse", "HEAD");
  const { pin, slot } = await attempt(
    workspace,
    base,
    `printf 'two\\r\\n' > a.txt
     rm gone.txt
     chmod +x tool.sh
     rm becomes/dir && mkdir becomes/dir && echo x > becomes/dir/x
     rm -r was && echo file > was
     ln -s nowhere link
     mkdir -p new/deep
     echo deep > new/deep/file
     echo s > 'with space'
     echo n > "$(printf 'line\\nend')"
     echo u > 'ü✓.txt'
     echo c > ':(top)colon'
     echo q > '"quoted"'
     echo d > -dash`,
  );
  assertEquals(changes(pin), [
    'added "quoted"',
    "added -dash",
    "added :(top)colon",
    "modified a.txt",
    "deleted becomes/dir",
    "added becomes/dir/x",
    "deleted gone.txt",
    "added line\nend",
    "added link",
    "added new/deep/file",
    "modified tool.sh",
    "added was",
    "deleted was/dir",
    "added with space",
    "added ü✓.txt",
  ]);
  const files = await filesOf(workspace, pin);
  assertEquals(files["a.txt"], "100644 two\r");
  assertEquals(files["tool.sh"], "100755 #!/bin/sh");
  assertEquals(files["link"], "120000 nowhere");
  assertEquals(pin.unpinned, []);
  assertEquals(pin.set_aside, false);
  assertEquals(pin.ref, `refs/omk/${RUN}/task/task/1/pin`);
  assertEquals(await workspace.hub.ref(pin.ref ?? ""), pin.commit);
  assertEquals(
    await workspace.hub.text(["log", "-1", "--format=%P|%an|%ae|%ad|%s", pin.commit ?? ""]),
    `${base}|Tester|tester@example.com|Fri Jan 2 03:04:05 2026 +0000|A commit`,
  );
  assertEquals(await workspace.pin(slot, holder(), meta(), LIMITS), pin);
});

Deno.test("P6: pin() believes the base's ignore rules alone", async () => {
  await using repository = await TestRepository.create({
    ".gitignore": "build/\n*.log\n!important.log\n",
    "sub/.gitignore": "/local\n",
    "sub/file": "x\n",
    "kept.log": "tracked although ignored\n",
  });
  await repository.git("add", "-f", "kept.log");
  const base = await repository.commit();
  await Deno.mkdir(`${repository.root}/.git/info`, { recursive: true });
  await repository.write({ ".git/info/exclude": "excluded\n" });
  const workspace = await repository.workspace();
  const { pin } = await attempt(
    workspace,
    base,
    `mkdir -p build/x sub/local other
     echo 12345 > build/x/out
     echo 123 > build/out
     echo log > debug.log
     echo log > other/debug.log
     echo keep > important.log
     echo local > sub/local/file
     echo build > other/build
     echo hidden > hidden; echo hidden >> .gitignore
     mkdir cache; echo '*' > cache/.gitignore; echo c > cache/c
     echo excluded > excluded
     echo changed > kept.log`,
  );
  assertEquals(changes(pin), [
    "modified .gitignore",
    "added cache/.gitignore",
    "added cache/c",
    "added excluded",
    "added hidden",
    "added important.log",
    "modified kept.log",
    "added other/build",
  ]);
  assertEquals(pin.by_products, [
    { top: "build", files: 2, bytes: 10 },
    { top: "debug.log", files: 1, bytes: 4 },
    { top: "other", files: 1, bytes: 4 },
    { top: "sub", files: 1, bytes: 6 },
  ]);
  assertEquals(pin.by_products_capped, false);
  assertEquals(pin.set_aside, false);
});

Deno.test("P6: pin() names what it cannot take, and takes the rest", async () => {
  await using repository = await TestRepository.create({ "a.txt": "one\n", "pipe": "file\n" });
  await repository.git("update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},module`);
  await repository.git("commit", "--quiet", "-m", "Submodule");
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const slot = await workspace.acquire(slotRequest(base));
  await sh(
    slot.path,
    `mkfifo fifo; rm pipe; mkfifo pipe
     head -c 2000 /dev/zero > large
     git init -q nested; echo n > nested/file
     git init -q empty-nested
     mkdir deep; git init -q deep/nested; echo n > deep/nested/file
     echo m > module/file
     mkdir .GIT; echo x > .GIT/x
     echo ok > a.txt; echo new > new; echo secret > locked; chmod 000 locked`,
  );
  // Nothing is unreadable to root.
  const root = Deno.uid() === 0;
  await Deno.writeTextFile(`${slot.path}/plain`, "plain\n");
  const pin = await workspace.pin(slot, holder(), meta(), { pin_file_bytes: 1000 });
  assertEquals(changes(pin), [
    "modified a.txt",
    "added deep/nested/file",
    ...(root ? ["added locked"] : []),
    "added nested/file",
    "added new",
    "added plain",
  ]);
  assertEquals([...pin.unpinned].sort((a, b) => a.path < b.path ? -1 : 1), [
    { path: ".GIT", reason: "nested_repository" },
    { path: "deep/nested", reason: "nested_repository" },
    { path: "empty-nested", reason: "nested_repository" },
    { path: "fifo", reason: "not_regular" },
    { path: "large", reason: "too_large" },
    ...(root ? [] : [{ path: "locked", reason: "unreadable" }]),
    { path: "module", reason: "submodule" },
    { path: "nested", reason: "nested_repository" },
    { path: "pipe", reason: "not_regular" },
  ]);
  assert(pin.set_aside);
  assertEquals((await filesOf(workspace, pin))["module"], `160000 ${"1".repeat(40)}`);
  await workspace.release(slot, { setAside: true, reason: "not everything could be pinned" });
  const next = await workspace.acquire(slotRequest(base));
  assertEquals(next.name, "w2");
  assertEquals(await Deno.readTextFile(`${slot.path}/nested/file`), "n\n");
});

Deno.test("P6: pin() sees a repository made inside a tracked directory, and names that are not UTF-8", async () => {
  await using repository = await TestRepository.create({ "src/a.txt": "one\n", ".gitignore": "*.tmp\n" });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const slot = await workspace.acquire(slotRequest(base));
  await sh(
    slot.path,
    `git init -q src; echo two > src/a.txt; : > "$(printf 'bad\\377name')"; : > "$(printf 'bad\\377.tmp')"`,
  );
  const pin = await workspace.pin(slot, holder(), meta(), LIMITS);
  assertEquals(changes(pin), ["modified src/a.txt"]);
  assertEquals([...pin.unpinned].sort((a, b) => a.path < b.path ? -1 : 1), [
    { path: "bad\uFFFDname", reason: "unreadable" },
    { path: "src", reason: "nested_repository" },
  ]);
});

Deno.test("P6: pin() is not deceived by git commands of the task", async () => {
  await using repository = await TestRepository.create({
    "a.txt": "one\n",
    "b.txt": "one\n",
    "c.txt": "one\n",
  });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const { pin } = await attempt(
    workspace,
    base,
    `echo stashed > c.txt; git stash -q; git stash apply -q
     echo new > new; git add new; git commit -qm 'A commit of the task'
     git update-index --skip-worktree a.txt; echo hidden > a.txt
     git update-index --assume-unchanged b.txt; echo hidden > b.txt
     git config core.fsmonitor false; git config filter.x.clean 'echo x'
     echo '* filter=x' > "$(git rev-parse --git-common-dir)/info/attributes"
     git checkout -q --orphan other; git commit -qm orphan; git rm -rq --cached .; git config core.bare false
     rm .git`,
  );
  assertEquals(changes(pin), ["modified a.txt", "modified b.txt", "modified c.txt", "added new"]);
  assertEquals(
    await workspace.hub.text(["rev-list", "--parents", "-1", pin.commit ?? ""]),
    `${pin.commit} ${base}`,
  );
});

Deno.test("P6: an attempt that changed nothing gets no commit and no ref", async () => {
  await using repository = await TestRepository.create({ "a.txt": "one\n", ".gitignore": "out\n" });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  await workspace.openRun(RUN, base);
  const { pin, slot } = await attempt(
    workspace,
    base,
    "touch a.txt; echo x > out; mkdir empty; git commit -q --allow-empty -m x",
  );
  assertEquals([pin.commit, pin.ref, pin.changed], [null, null, []]);
  assertEquals(pin.tree, await workspace.treeOf(base));
  assertEquals(pin.by_products, [{ top: "out", files: 1, bytes: 2 }]);
  await workspace.release(slot, { setAside: false });
  assertEquals([...(await workspace.hub.refs("refs/omk/")).keys()], [
    `refs/omk/${RUN}/base`,
    `refs/omk/${RUN}/head`,
  ]);
});

Deno.test("P6: pin() of a slot whose directory is gone is a SlotLostError; emptied, it is a pin", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const slot = await workspace.acquire(slotRequest(base));
  await sh(slot.path, "rm -rf * .git");
  assertEquals(changes(await workspace.pin(slot, holder(), meta(), LIMITS)), ["deleted a.txt"]);
  await Deno.remove(slot.path, { recursive: true });
  await assertRejects(
    () => workspace.pin(slot, holder(), meta(), LIMITS),
    SlotLostError,
    "its worktree is gone",
  );
  await Deno.symlink(repository.root, slot.path);
  await assertRejects(() => workspace.pin(slot, holder(), meta(), LIMITS), SlotLostError);
  await workspace.release(slot, { setAside: false });
  const again = await workspace.acquire(slotRequest(base));
  assertEquals(again.path, slot.path);
  assert((await Deno.lstat(again.path)).isDirectory);
  assertEquals(await Deno.readTextFile(`${again.path}/a.txt`), "one\n");
  assertEquals(await repository.git("status", "--porcelain"), "");
});

Deno.test("P6: a change of the same size within one tick of the clock is not missed", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  for (const text of ["two\n", "six\n", "ten\n"]) {
    const slot = await workspace.acquire(slotRequest(base));
    // As if the file had been written in the very tick in which omk wrote its index.
    const index = `${slot.path}.index`;
    await Deno.writeTextFile(`${slot.path}/a.txt`, text);
    const { mtime } = await Deno.stat(`${slot.path}/a.txt`);
    await sh(
      slot.path,
      `GIT_DIR=${workspace.hub.path} GIT_INDEX_FILE=${index} GIT_WORK_TREE=. git update-index --cacheinfo 100644,$(git rev-parse ${base}:a.txt),a.txt`,
    );
    await Deno.utime(index, mtime ?? 0, mtime ?? 0);
    const pin = await workspace.pin(slot, holder(`t${text.trim()}`), meta(), LIMITS);
    assertEquals(changes(pin), ["modified a.txt"]);
    await workspace.release(slot, { setAside: false });
  }
});

Deno.test("P6: pinning again with other content keeps the earlier pin", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const { slot, pin } = await attempt(workspace, base, "echo two > a.txt");
  await sh(slot.path, "echo three > a.txt");
  const again = await workspace.pin(slot, holder(), meta(), LIMITS);
  assert(again.commit !== pin.commit);
  const refs = await workspace.hub.refs(`refs/omk/${RUN}/task/`);
  assertEquals(refs.get(`refs/omk/${RUN}/task/task/1/pin`), again.commit ?? "");
  assertEquals(
    refs.get(`refs/omk/${RUN}/task/task/1/superseded-${pin.commit?.slice(0, 12)}`),
    pin.commit ?? "",
  );
});

Deno.test("P12: pin() reports secrets in added and modified text files by path", async () => {
  await using repository = await TestRepository.create({ "a.txt": "one\n", "old.txt": `${SECRET}\n` });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const { pin } = await attempt(
    workspace,
    base,
    `echo ${SECRET} > a.txt; echo ${SECRET} > new.txt; echo harmless > other.txt
     printf '\\0${SECRET}' > binary; ln -s ${SECRET} link
     head -c 2000000 /dev/zero | tr '\\0' x > big.txt; echo ${SECRET} >> big.txt`,
    { pin_file_bytes: 10_000_000 },
  );
  assertEquals(pin.secrets, ["a.txt", "new.txt"]);
});

Deno.test("P6: a slot works with sha256 objects", async () => {
  await using repository = await TestRepository.create({ "a.txt": "one\n" }, { objectFormat: "sha256" });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  await workspace.openRun(RUN, base);
  const { pin } = await attempt(workspace, base, "echo two > a.txt; rm -f none; git commit -qam x");
  assertEquals(pin.commit?.length, 64);
  await workspace.publish(RUN);
  assertEquals(await runGitIn(repository.root, ["rev-parse", pin.ref ?? ""]), pin.commit);
});
