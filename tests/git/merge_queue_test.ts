import { assert, assertEquals, assertRejects } from "@std/assert";
import { holder, LIMITS, meta, sh, slotRequest, TestRepository } from "./fixture.ts";
import type { GitWorkspace } from "../../src/git/workspace.ts";
import type { MergeResult } from "../../src/git/port.ts";

const RUN = holder().run_id;

/** Pins what `script` does on `base`. */
async function pinOf(workspace: GitWorkspace, base: string, task: string, script: string): Promise<string> {
  const slot = await workspace.acquire(slotRequest(base));
  await sh(slot.path, script);
  const pin = await workspace.pin(slot, holder(task), meta(task), LIMITS);
  await workspace.release(slot, { setAside: false });
  return pin.commit ?? "";
}

async function show(workspace: GitWorkspace, result: MergeResult, path: string): Promise<string> {
  assert(result.kind === "merged", JSON.stringify(result));
  return await workspace.hub.text(["cat-file", "blob", `${result.tree}:${path}`]);
}

Deno.test("merge() makes one commit on the head, the same one whenever it is made", async () => {
  await using repository = await TestRepository.create({
    "a.txt": "1\n2\n3\n4\n5\n",
    "b.txt": "one\n",
    "dir/c.txt": "c\nc\nc\n",
  });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  await workspace.openRun(RUN, base);
  const top = await pinOf(workspace, base, "top", "sed -i 's/^1/one/' a.txt");
  const bottom = await pinOf(
    workspace,
    base,
    "bottom",
    "sed -i 's/^5/five/' a.txt; echo new > new.txt; chmod +x b.txt",
  );
  const moved = await pinOf(workspace, base, "moved", "mv dir/c.txt dir/d.txt");
  const edited = await pinOf(workspace, base, "edited", "echo d >> dir/c.txt");

  const first = await workspace.merge(base, top, base, meta("Top"));
  assert(first.kind === "merged");
  assertEquals(first.tree, await workspace.treeOf(top));
  const message = "Bottom\n\nOmk-Run: r\nOmk-Task: bottom\nOmk-Attempt: 1\n";
  const second = await workspace.merge(first.commit, bottom, base, meta(message));
  assertEquals(await show(workspace, second, "a.txt"), "one\n2\n3\n4\nfive");
  assertEquals(await workspace.merge(first.commit, bottom, base, meta(message)), second);
  assert(second.kind === "merged");
  assertEquals(
    await workspace.hub.text([
      "log",
      "-1",
      "--format=%P|%an|%cn|%(trailers:key=Omk-Task,valueonly)",
      second.commit,
    ]),
    `${first.commit}|Tester|Tester|bottom\n`,
  );
  assert((await workspace.hub.text(["ls-tree", second.tree, "b.txt"])).startsWith("100755"));

  const renamed = await workspace.merge(second.commit, moved, base, meta());
  assert(renamed.kind === "merged");
  assertEquals(
    await show(workspace, await workspace.merge(renamed.commit, edited, base, meta()), "dir/d.txt"),
    "c\nc\nc\nd",
  );
  // A head that does not descend from the base: the base is still what counts.
  await repository.git("checkout", "--quiet", "--orphan", "unrelated");
  const unrelated = await repository.commit("Unrelated");
  assertEquals(
    await show(workspace, await workspace.merge(unrelated, top, base, meta()), "a.txt"),
    "one\n2\n3\n4\n5",
  );
  assertEquals(
    (await Array.fromAsync(Deno.readDir(workspace.worktreeDir))).filter(({ name }) => name.startsWith(".")),
    [],
  );
});

Deno.test("merge() names the paths of a conflict and says what kind it is", async () => {
  await using repository = await TestRepository.create({
    "a.txt": "one\n",
    "b\n.txt": "one\n",
    "c.txt": "one\n",
    "d": "d\n",
  });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const ours = await pinOf(
    workspace,
    base,
    "ours",
    'for f in a.txt b*; do echo two > "$f"; done; rm c.txt; rm d; mkdir d; echo x > d/x',
  );
  const theirs = await pinOf(
    workspace,
    base,
    "theirs",
    'for f in a.txt b*; do echo three > "$f"; done; echo x >> c.txt; echo x >> d',
  );
  const result = await workspace.merge(ours, theirs, base, meta());
  assert(result.kind === "conflict");
  assertEquals(result.paths.slice(0, 3), ["a.txt", "b\n.txt", "c.txt"]);
  assert(result.detail.includes("CONFLICT (content): Merge conflict in a.txt"), result.detail);
  assert(result.detail.includes("CONFLICT (modify/delete): c.txt deleted in"), result.detail);
  assert(!result.detail.includes("Auto-merging"));
});

Deno.test("merge() obeys the head's attributes, not those of the checkout, and runs nobody's merge driver", async () => {
  await using repository = await TestRepository.create({
    ".gitattributes": "*.log merge=union\n*.po merge=custom\n",
    "sub/.gitattributes": "*.bin binary\n",
    "a.log": "one\n",
    "a.po": "1\n2\n3\n",
    "sub/a.bin": "1\n2\n3\n4\n5\n",
    "plain.txt": "one\n",
  });
  const base = await repository.git("rev-parse", "HEAD");
  // What a user's git would obey in this checkout.
  await repository.write({
    ".gitattributes": "* merge=ours-wins\n",
    ".git/info/attributes": "* merge=ours-wins\n",
  });
  await repository.git("config", "merge.ours-wins.driver", `touch ${repository.directory}/driver-ran`);
  await repository.git("config", "merge.custom.driver", `touch ${repository.directory}/driver-ran`);
  await repository.git("config", "merge.renames", "false");
  const info = await repository.info();
  assert(
    info.knownGaps.includes('Merge driver "custom": it is not run, git\'s own merge is used'),
    info.knownGaps.join(),
  );
  const workspace = await repository.workspace();
  const edit = (at: number) => `echo ${at} >> a.log; sed -i 's/^${at}$/x/' a.po`;
  const ours = await pinOf(workspace, base, "ours", edit(1));
  const theirs = await pinOf(workspace, base, "theirs", edit(3));
  const merged = await workspace.merge(ours, theirs, base, meta());
  assertEquals(await show(workspace, merged, "a.log"), "one\n1\n3");
  assertEquals(await show(workspace, merged, "a.po"), "x\n2\nx");
  const binary = await Promise.all(
    [1, 5].map((at) => pinOf(workspace, base, `bin${at}`, `sed -i 's/^${at}$/x/' sub/a.bin`)),
  );
  const conflict = await workspace.merge(binary[0] ?? "", binary[1] ?? "", base, meta());
  assert(conflict.kind === "conflict");
  assertEquals(conflict.paths, ["sub/a.bin"]);
  await assertRejects(() => Deno.lstat(`${repository.directory}/driver-ran`), Deno.errors.NotFound);
});

Deno.test("mergePin() obeys the attributes of the head that it merges on, also when they change between merges", async () => {
  await using repository = await TestRepository.create({ "list.txt": "a\n", ".gitattributes": "" });
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  const add = (line: string) => pinOf(workspace, base, line, `echo ${line} >> list.txt`);
  const [one, two, three] = [await add("one"), await add("two"), await add("three")];
  const union = await pinOf(workspace, base, "union", "echo 'list.txt merge=union' > .gitattributes");
  const merged = async (head: string, pin: string) => {
    const result = await workspace.merge(head, pin, base, meta());
    assert(result.kind === "merged", JSON.stringify(result));
    return result.commit;
  };
  let head = await merged(base, one);
  assertEquals((await workspace.merge(head, two, base, meta())).kind, "conflict");
  head = await merged(head, union);
  head = await merged(await merged(head, two), three);
  assertEquals(await workspace.hub.text(["cat-file", "blob", `${head}:list.txt`]), "a\none\ntwo\nthree");
});
