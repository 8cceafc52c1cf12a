import { assert, assertEquals, assertRejects } from "@std/assert";
import { GitError, RefMovedError } from "../../src/git/errors.ts";
import { GitProcess } from "../../src/git/git_process.ts";
import { commitBytes } from "../../src/git/loose_object.ts";
import { DATE, holder, LIMITS, meta, sh, slotRequest, TestRepository } from "./fixture.ts";

const RUN = holder().run_id;

Deno.test("commitTree() makes the commit that git commit-tree makes, odd names and texts included", async () => {
  for (const objectFormat of ["sha1", "sha256"] as const) {
    await using repository = await TestRepository.create({ "a.txt": "one\n" }, { objectFormat });
    const { hub } = await repository.workspace();
    const base = await repository.git("rev-parse", "HEAD");
    const tree = await repository.git("rev-parse", "HEAD^{tree}");
    const cases = [
      { name: "Ann", email: "ann@example.com", message: "One line" },
      { name: '  "Dr. <Ö>, Jr."; ', email: "<ö@example.com>", message: "With\n\nbody\n\n" },
      { name: "a\nb", email: "'x'.", message: "" },
    ];
    for (const { name, email, message } of cases) {
      const made = await hub.commitTree(tree, [base], { identity: { name, email }, date: DATE, message });
      const date = `@${Math.floor(DATE / 1000)} +0000`;
      const file = `${repository.directory}/message`;
      await Deno.writeTextFile(file, message);
      const env = {
        GIT_AUTHOR_NAME: name,
        GIT_AUTHOR_EMAIL: email,
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_NAME: name,
        GIT_COMMITTER_EMAIL: email,
        GIT_COMMITTER_DATE: date,
      };
      const { stdout } = await new Deno.Command("git", {
        args: ["commit-tree", tree, "-p", base, "-F", file],
        cwd: repository.root,
        env,
      }).output();
      assertEquals(made, new TextDecoder().decode(stdout).trim(), JSON.stringify({ name, email, message }));
      assertEquals(await hub.text(["cat-file", "-t", made]), "commit");
      assertEquals(await hub.treeOf(made), tree);
    }
    assertEquals(await hub.text(["fsck", "--full", "--no-dangling"]), "");
  }
  assert(
    new TextDecoder().decode(commitBytes({ tree: "t", parents: [], meta: meta("a\0b") })).endsWith("ab"),
  );
});

Deno.test("a process of git that failed is started anew, and its refusal is an error with what it printed", async () => {
  await using repository = await TestRepository.create();
  const { hub } = await repository.workspace();
  const base = await repository.git("rev-parse", "HEAD");
  const ref = `refs/omk/${RUN}/head`;
  await hub.updateRefs([{ ref, from: null, to: base }]);
  await assertRejects(
    () => hub.updateRefs([{ ref, from: null, to: base }]),
    RefMovedError,
    "cannot lock ref",
  );
  await hub.updateRefs([{ ref, from: base, to: base }]);
  assertEquals(await hub.ref(ref), base);
  assertEquals(await hub.ref(`${ref}s`), null);
  await using broken = new GitProcess(["cat-file", "--batch-command", "--no-such-option"], {
    cwd: repository.root,
    profile: "own",
  });
  const refusal = await assertRejects(() => broken.ask("info x\n", (answer) => answer.until(10)), GitError);
  assert(refusal.failure.stderr.includes("no-such-option"));
});

Deno.test("compare() tells of changes of every kind, one question after the other", async () => {
  await using repository = await TestRepository.create({ "a.txt": "one\n", "end": "x\n", "dir/b": "b\n" });
  const first = await repository.git("rev-parse", "HEAD");
  await repository.write({ "a.txt": "two\n", "new\nline": "n\n" });
  await Deno.remove(`${repository.root}/end`);
  const second = await repository.commit();
  const { hub } = await repository.workspace();
  const changes = async () => (await hub.compare(first, second)).map(({ path, change }) => [path, change]);
  const expected = [["a.txt", "modified"], ["end", "deleted"], ["new\nline", "added"]];
  assertEquals(await Promise.all([changes(), changes()]), [expected, expected]);
  assertEquals(await hub.compare(first, await hub.treeOf(first)), []);
  const [text] = await hub.blobs([await repository.git("rev-parse", "HEAD:a.txt")]);
  assertEquals(new TextDecoder().decode(text), "two\n");
});

Deno.test("P6: large and small pins reach the user's repository, also where the quick way fails", async () => {
  await using repository = await TestRepository.create();
  const base = await repository.git("rev-parse", "HEAD");
  const workspace = await repository.workspace();
  await workspace.openRun(RUN, base);
  const pinned = async (task: string, script: string) => {
    const slot = await workspace.acquire(slotRequest(base, { holder: holder(task) }));
    await sh(slot.path, script);
    const pin = await workspace.pin(slot, holder(task), meta(), LIMITS);
    await workspace.publish(RUN);
    await workspace.release(slot, { setAside: false });
    assertEquals(await repository.git("rev-parse", pin.ref ?? ""), pin.commit);
  };
  await pinned("small", "echo new > new.txt");
  await pinned("large", 'for i in $(seq 150); do echo "$i" > "f$i"; done');
  // A ref in the way of the quick way's first try: a directory of the same name that only git may remove.
  const blocked = `${repository.root}/.git/refs/omk/${RUN}/task/blocked/1/pin`;
  await Deno.mkdir(blocked, { recursive: true });
  await pinned("blocked", "echo other > other.txt");
  assertEquals(await repository.git("fsck", "--full", "--no-dangling"), "");
});
