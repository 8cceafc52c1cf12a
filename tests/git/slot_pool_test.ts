import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { listRunRefs, listSlots, removeRunRefs, removeScratch, removeSlot } from "../../src/git/retention.ts";
import { readRecord, slotPaths } from "../../src/git/slot_record.ts";
import { holder, LIMITS, meta, sh, slotRequest, TestRepository } from "./fixture.ts";

const RUN = holder().run_id;

Deno.test("acquire() hands out eight slots at once, each to one, and reuses them", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.git("rev-parse", "HEAD");
  const workspaces = [await repository.workspace(), await repository.workspace()];
  const round = async () => {
    const slots = await Promise.all(
      Array.from({ length: 8 }, async (_, at) => {
        const workspace = workspaces[at % 2];
        assert(workspace);
        return { workspace, slot: await workspace.acquire(slotRequest(base, { holder: holder(`t${at}`) })) };
      }),
    );
    await Promise.all(slots.map(async ({ workspace, slot }) => {
      assertEquals(
        await sh(slot.path, "cat a.txt; git status --porcelain; git rev-parse HEAD"),
        `one\n${base}`,
      );
      await sh(slot.path, `echo ${slot.name} > a.txt`);
      await workspace.release(slot, { setAside: false });
    }));
    return slots.map(({ slot }) => slot.name).sort();
  };
  const names = ["w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8"];
  assertEquals(await round(), names);
  assertEquals(await round(), names);
});

Deno.test("P6: the slot of a killed process is kept for its run's controller, which pins the work", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.git("rev-parse", "HEAD");
  const script = `
    import { slotRequest, holder, TestRepository } from ${
    JSON.stringify(new URL("./fixture.ts", import.meta.url).href)
  };
    import { discoverRepository } from ${
    JSON.stringify(new URL("../../src/git/repository.ts", import.meta.url).href)
  };
    import { openWorkspace } from ${
    JSON.stringify(new URL("../../src/git/workspace.ts", import.meta.url).href)
  };
    const workspace = await openWorkspace(await discoverRepository(${JSON.stringify(repository.root)}), {
      env: { XDG_STATE_HOME: ${
    JSON.stringify(`${repository.directory}/state`)
  } }, findSecrets: () => false });
    const slot = await workspace.acquire(slotRequest(${JSON.stringify(base)}));
    await Deno.writeTextFile(slot.path + "/new.txt", "unpinned\\n");
    console.log(slot.path);
    await new Promise((resolve) => setTimeout(resolve, 600_000));`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", "--ext=ts", script],
    cwd: new URL("../..", import.meta.url).pathname,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const path = new TextDecoder().decode((await reader.read()).value).trim();
  reader.releaseLock();
  const workspace = await repository.workspace();
  try {
    assertEquals(await workspace.heldSlots(RUN), []);
    assertEquals((await listSlots(workspace.pool)).map(({ name, state }) => [name, state]), [[
      "w1",
      "in_use",
    ]]);
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await child.stdout.cancel();
  }
  assertEquals((await listSlots(workspace.pool)).map(({ state, holder }) => [state, holder]), [[
    "held",
    holder(),
  ]]);
  const other = await workspace.acquire(slotRequest(base, { holder: holder("other") }));
  assertEquals(other.name, "w2");
  assertEquals(await workspace.heldSlots("20990101-000000-zzzz"), []);
  assertEquals(await removeSlot(workspace.pool, "w1", false), { kind: "kept", state: "held", reason: null });
  const held = await workspace.heldSlots(RUN);
  assertEquals(held, [{
    slot: { name: "w1", path, repository: `${path}.git`, base, gitConfig: `${path}.git/gitconfig` },
    holder: holder(),
  }]);
  const [first] = held;
  assert(first);
  const pin = await workspace.pin(first.slot, first.holder, meta(), LIMITS);
  assertEquals(pin.changed, [{ path: "new.txt", change: "added" }]);
  await workspace.release(first.slot, { setAside: false });
  assertEquals((await workspace.acquire(slotRequest(base))).name, "w1");
  assertEquals(await workspace.heldSlots(RUN), []);
});

Deno.test("the record of a slot says who holds it, and what the pin leaves out, across a close", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.git("rev-parse", "HEAD");
  await repository.write({ "local.env": "x\n" });
  const first = await repository.workspace();
  const slot = await first.acquire(slotRequest(base, { worktree: { copy: ["local.env"], keep: ["cache"] } }));
  await sh(slot.path, "mkdir cache; echo x > cache/x; echo two > a.txt");
  await first.close();
  assertThrows(() => first.pool.leaseOf(slot), Error, "not held by this process");
  const second = await repository.workspace();
  const record = await readRecord(slotPaths(second.worktreeDir, "w1"));
  assert(record !== "unreadable");
  assertEquals([record.holder, record.base, record.keep], [holder(), base, ["cache"]]);
  const [held] = await second.heldSlots(RUN);
  assert(held);
  assertEquals((await second.pin(held.slot, held.holder, meta(), LIMITS)).changed, [{
    path: "a.txt",
    change: "modified",
  }]);
});

Deno.test("P6: a slot that is set aside stays until it is discarded; free ones can be removed", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const [aside, free, used] = [
    await workspace.acquire(slotRequest(base)),
    await workspace.acquire(slotRequest(base)),
    await workspace.acquire(slotRequest(base)),
  ];
  await sh(aside.path, "mkfifo fifo");
  await workspace.release(aside, { setAside: true, reason: "fifo is not a regular file" });
  await workspace.release(free, { setAside: false });
  await Deno.writeTextFile(`${workspace.worktreeDir}/w9.lock`, "");
  await Deno.writeTextFile(`${workspace.worktreeDir}/w9.json`, "{");
  assertEquals((await listSlots(workspace.pool)).map(({ name, state, reason }) => [name, state, reason]), [
    ["w1", "set_aside", "fifo is not a regular file"],
    ["w2", "free", null],
    ["w3", "in_use", null],
    ["w9", "set_aside", "its record cannot be read"],
  ]);
  assertEquals(await removeSlot(workspace.pool, "w1", false), {
    kind: "kept",
    state: "set_aside",
    reason: "fifo is not a regular file",
  });
  assertEquals(await removeSlot(workspace.pool, "w3", true), { kind: "kept", state: "in_use", reason: null });
  assertEquals(await removeSlot(workspace.pool, "w2", false), { kind: "removed" });
  assertEquals(await removeSlot(workspace.pool, "w1", true), { kind: "removed" });
  assertEquals(await removeSlot(workspace.pool, "w9", true), { kind: "removed" });
  await Deno.mkdir(`${workspace.worktreeDir}/.merge-old/sub`, { recursive: true });
  await removeScratch(workspace.pool, Date.now());
  assert((await Deno.lstat(`${workspace.worktreeDir}/.merge-old`)).isDirectory);
  await removeScratch(workspace.pool, Date.now() + 48 * 3600 * 1000);
  assertEquals((await Array.fromAsync(Deno.readDir(workspace.worktreeDir))).map(({ name }) => name).sort(), [
    "pool.lock",
    "w3",
    "w3.git",
    "w3.index",
    "w3.json",
    "w3.lock",
  ]);
  assertEquals(await sh(used.path, "git status --porcelain"), "");
  assertEquals((await workspace.acquire(slotRequest(base))).name, "w1");
});

Deno.test("P6: refs of a run go when the user's branches have their commits, the others only when discarded", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  await workspace.openRun(RUN, base);
  const slot = await workspace.acquire(slotRequest(base));
  await sh(slot.path, "echo two > a.txt");
  const pin = await workspace.pin(slot, holder(), meta(), LIMITS);
  await workspace.publish(RUN);
  assertEquals(await listRunRefs(workspace.hub), [{ run_id: RUN, refs: 3 }]);
  const other = await repository.workspace();
  assertEquals(await workspace.hub.compact(), false, "another process has it open");
  await other.close();
  const garbage = `${repository.root}/.git/objects/pack/.tmp-1-pack-of-the-users-gc.idx`;
  await Deno.writeTextFile(garbage, "");
  assertEquals(await workspace.hub.compact(), true);
  await sh(slot.path, "! git gc -q --prune=now; git gc --auto; git maintenance run --auto");
  await Deno.lstat(garbage);
  assertEquals(await workspace.hub.text(["cat-file", "blob", `${pin.ref}:a.txt`]), "two");
  assertEquals(await sh(slot.path, "git log --format=%s"), "Begin");
  assertEquals(await removeRunRefs(workspace.hub, RUN, false), {
    removed: [`refs/omk/${RUN}/base`, `refs/omk/${RUN}/head`],
    kept: [pin.ref ?? ""],
  });
  assertEquals(await repository.git("for-each-ref", "--format=%(refname)", "refs/omk"), pin.ref);
  assertEquals(await removeRunRefs(workspace.hub, RUN, true), { removed: [pin.ref ?? ""], kept: [] });
  assertEquals(await listRunRefs(workspace.hub), []);
  assertEquals((await workspace.hub.refs("refs/omk/")).size, 0);
  await assertRejects(() => workspace.release({ ...slot, name: "w7" }, { setAside: false }));
});
