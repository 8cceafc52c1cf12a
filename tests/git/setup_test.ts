import { assert, assertEquals, assertRejects } from "@std/assert";
import { SetupError } from "../../src/git/errors.ts";
import { storeOutputs } from "../../src/git/outputs.ts";
import type { SlotRequest } from "../../src/git/port.ts";
import type { GitWorkspace } from "../../src/git/workspace.ts";
import {
  holder,
  LIMITS,
  meta,
  runSetupWithShell,
  sh,
  slotRequest,
  TestRepository,
  writeFiles,
} from "./fixture.ts";

/** A request whose set-ups are counted. */
function counted(request: SlotRequest): { readonly request: SlotRequest; count: () => number } {
  let runs = 0;
  return {
    request: {
      ...request,
      runSetup: (command, cwd) => {
        runs++;
        return runSetupWithShell(command, cwd);
      },
    },
    count: () => runs,
  };
}

async function visit(workspace: GitWorkspace, request: SlotRequest, script = ":"): Promise<string> {
  const slot = await workspace.acquire(request);
  const output = await sh(slot.path, script);
  await workspace.release(slot, { setAside: false });
  return output;
}

Deno.test("acquire() runs the set-up once per slot and digest, and again when a kept path is missing", async () => {
  await using repository = await TestRepository.create({
    "package-lock.json": "1\n",
    "a.txt": "one\n",
    ".gitignore": "node_modules/\n",
  });
  const first = await repository.git("rev-parse", "HEAD");
  await repository.write({ "a.txt": "two\n" });
  const second = await repository.commit();
  await repository.write({ "package-lock.json": "2\n" });
  const third = await repository.commit();
  const workspace = await repository.workspace();
  const worktree = {
    setup: "mkdir -p node_modules; cat package-lock.json >> node_modules/log",
    keep: ["node_modules"],
  };
  const at = (base: string) => slotRequest(base, { worktree });
  const { request, count } = counted(at(first));
  const visitAt = (base: string, script?: string) => visit(workspace, { ...request, base }, script);
  assertEquals(await visitAt(first, "cat node_modules/log"), "1");
  assertEquals(await visitAt(second, "cat node_modules/log"), "1");
  assertEquals(count(), 1);
  assertEquals(await visitAt(third, "cat node_modules/log"), "1\n2");
  assertEquals(count(), 2);
  await visitAt(third, "rm -r node_modules");
  assertEquals(await visitAt(third, "cat node_modules/log"), "2");
  assertEquals(count(), 3);
  // Two slots at once: the second one has its own set-up; later the one whose digest fits is chosen.
  const w1 = await workspace.acquire({ ...request, base: third });
  await visitAt(first);
  assertEquals(count(), 4);
  await workspace.release(w1, { setAside: false });
  assertEquals(await visitAt(first, "basename $PWD"), "w2");
  assertEquals(await visitAt(third, "basename $PWD"), "w1");
  assertEquals(count(), 4);
});

Deno.test("acquire() runs the set-up at each hand-out where nothing is kept, and gates have their own slots", async () => {
  await using repository = await TestRepository.create({ "a.txt": "one\n", ".gitignore": "made\n" });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const { request, count } = counted(slotRequest(base, { worktree: { setup: ["sh", "-c", "touch made"] } }));
  await visit(workspace, request, "test -f made");
  await visit(workspace, request, "test -f made");
  assertEquals(count(), 2);
  assertEquals(await visit(workspace, { ...request, kind: "gate" }, "basename $PWD; ls"), "g1\na.txt\nmade");
});

Deno.test("a set-up that fails, changes a tracked file or leaves a stray one is an error that says so", async () => {
  await using repository = await TestRepository.create({
    "a.txt": "one\n",
    "b.txt": "one\n",
    ".gitignore": "made\n",
  });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const failing = async (setup: string) =>
    await assertRejects(() => workspace.acquire(slotRequest(base, { worktree: { setup } })), SetupError);
  const failed = await failing("echo no network; exit 3");
  assert(failed.message.includes("it ended with code 3: no network"), failed.message);
  const changed = await failing("echo x >> a.txt; rm b.txt; touch .gitignore");
  assert(changed.message.includes('it changed tracked files: "a.txt", "b.txt"'), changed.message);
  assertEquals(changed.paths, ["a.txt", "b.txt"]);
  const stray = await failing("touch made stray; mkdir dir; touch dir/stray; git config core.hooksPath x");
  assert(stray.message.includes('neither ignored nor kept: "stray", "dir/stray"'), stray.message);
  const slot = await workspace.acquire(
    slotRequest(base, { worktree: { setup: "git config core.hooksPath x" } }),
  );
  assertEquals(slot.name, "w1");
  assertEquals(
    await sh(slot.path, "git status --porcelain --ignored; git config core.hooksPath"),
    "/dev/null",
  );
});

Deno.test("copied files reach every slot and no pin, unless the task changes them", async () => {
  await using repository = await TestRepository.create({ "a.txt": "one\n", ".gitignore": "config/\n" });
  const base = await repository.git("rev-parse", "HEAD");
  await repository.write({
    ".env.test": "KEY=1\n",
    "config/deep/x": "x\n",
    ".git/info/exclude": ".env.test\n",
  });
  await Deno.chmod(`${repository.root}/config/deep/x`, 0o755);
  const workspace = await repository.workspace();
  const request = slotRequest(base, { worktree: { copy: [".env.test", "config/"] } });
  const slot = await workspace.acquire(request);
  assertEquals(await sh(slot.path, "cat .env.test; test -x config/deep/x"), "KEY=1");
  const pin = await workspace.pin(slot, holder(), meta(), LIMITS);
  assertEquals([pin.commit, pin.changed, pin.by_products], [null, [], [{
    top: "config",
    files: 1,
    bytes: 2,
  }]]);
  await sh(slot.path, "echo KEY=2 > .env.test");
  assertEquals((await workspace.pin(slot, holder(), meta(), LIMITS)).changed, [{
    path: ".env.test",
    change: "added",
  }]);
  await workspace.release(slot, { setAside: false });
  const refused = async (copy: string[]) =>
    (await assertRejects(() => workspace.acquire(slotRequest(base, { worktree: { copy } })), SetupError))
      .message;
  assert((await refused(["missing"])).includes("the checkout has no such file"));
  assert((await refused(["a.txt"])).includes('"a.txt" is tracked'));
  assert((await refused(["../x"])).includes("leads out of"));
  assertEquals((await workspace.acquire(request)).name, "w1");
});

Deno.test("storeOutputs() keeps files by digest, and acquire() restores them without pinning them", async () => {
  await using repository = await TestRepository.create({ "a.txt": "one\n" });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const slot = await workspace.acquire(slotRequest(base));
  await sh(
    slot.path,
    "mkdir -p dist/bin; echo '{}' > dist/schema.json; echo 'echo ran' > dist/bin/tool; chmod +x dist/bin/tool; echo x > out",
  );
  const store = `${repository.directory}/outputs`;
  const { files, missing } = await storeOutputs(
    slot.path,
    ["dist/", "dist/schema.json", "out", "absent"],
    store,
  );
  assertEquals(files.map(({ path, bytes, executable }) => [path, bytes, executable]), [
    ["dist/bin/tool", 9, true],
    ["dist/schema.json", 3, false],
    ["out", 2, false],
  ]);
  assertEquals(missing, ["absent"]);
  assertEquals(await sh(store, "ls -A | wc -l"), "3");
  await sh(
    slot.path,
    `ln -s ${repository.root} away; ln -s /etc/passwd link; rm -rf dist; ln -s ${repository.root} dist`,
  );
  for (const output of ["link", "away/a.txt", "dist/x", "../x", "/etc/passwd", ".git"]) {
    await assertRejects(() => storeOutputs(slot.path, [output], store), Error, "Cannot store the output");
  }
  await workspace.release(slot, { setAside: false });

  const dependent = await workspace.acquire(slotRequest(base, { restore: files }));
  assertEquals(
    await sh(dependent.path, "cat dist/schema.json; ./dist/bin/tool"),
    "{}\nran",
  );
  assertEquals((await workspace.pin(dependent, holder(), meta(), LIMITS)).commit, null);
  await sh(dependent.path, "echo changed > out");
  const pin = await workspace.pin(dependent, holder(), meta(), LIMITS);
  assertEquals(pin.changed, [{ path: "out", change: "added" }]);
  await workspace.release(dependent, { setAside: false });

  const [first] = files;
  assert(first);
  await writeFiles(store, { [first.sha256]: "damaged\n" });
  await assertRejects(
    () => workspace.acquire(slotRequest(base, { restore: files })),
    SetupError,
    "its content is not",
  );
  const tracked = await workspace.acquire(slotRequest(base, { restore: [{ ...first, path: "a.txt" }] }));
  assertEquals(await sh(tracked.path, "cat a.txt"), "one");
});

Deno.test("P7: a gate's slot is compared with its base by bytes, and what the gate left is removed", async () => {
  await using repository = await TestRepository.create({
    "a.txt": "one\n",
    "tool.sh": "x\n",
    "b.txt": "b\n",
    ".gitignore": "out/\nnode_modules/\nmade\n",
  });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const worktree = { setup: "mkdir -p node_modules; touch node_modules/x made", keep: ["node_modules"] };
  const slot = await workspace.acquire(slotRequest(base, { kind: "gate", worktree }));
  assertEquals(await workspace.inspectGateSlot(slot, worktree.keep), { changed: [], untracked: [] });
  await sh(
    slot.path,
    `touch -r a.txt stamp; printf 'two\\n' > a.txt; touch -r stamp a.txt; rm stamp; chmod +x tool.sh; rm b.txt
     git update-index --skip-worktree a.txt; mkdir -p out new/deep node_modules/y; touch out/x new/deep/y node_modules/y/z; git init -q repo`,
  );
  assertEquals(await workspace.inspectGateSlot(slot, worktree.keep), {
    changed: ["a.txt", "b.txt", "tool.sh"],
    untracked: ["new/deep/y", "out/x", "repo/"],
  });
  assertEquals(
    await sh(slot.path, "ls -d made node_modules/y/z; ls out new/deep repo 2>/dev/null || true"),
    "made\nnode_modules/y/z\nnew/deep:\n\nout:",
  );
  await workspace.release(slot, { setAside: false });
});
