import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  GitMissingError,
  GitTooOldError,
  MissingBlobsError,
  NoCheckoutError,
  NoCommitError,
  NoRepositoryError,
} from "../../src/git/errors.ts";
import { discoverRepository, gitVersion, requireObjects, requireRunnable } from "../../src/git/repository.ts";
import { openWorkspace } from "../../src/git/workspace.ts";
import { holder, LIMITS, meta, runGitIn, sh, slotRequest, TestRepository, withEnv } from "./fixture.ts";

Deno.test("discoverRepository() describes a plain repository from any directory in it", async () => {
  await using repository = await TestRepository.create({
    "a.txt": "one\n",
    "sub/dir/b.txt": "b\n",
    ".gitignore": "*.log\n",
  });
  await repository.write({ "a.txt": "two\n", "new/one file": "x\n", "new/ü\n": "x\n", "x.log": "x\n" });
  await Deno.remove(`${repository.root}/sub/dir/b.txt`);
  await repository.write({ "sub/dir/c.txt": "staged\n" });
  await repository.git("add", "sub/dir/c.txt");
  const before = await repository.contents();
  const info = await discoverRepository(`${repository.root}/sub/dir`);
  assertEquals({ ...info, gitVersion: "" }, {
    commonDir: `${repository.root}/.git`,
    gitDir: `${repository.root}/.git`,
    root: repository.root,
    bare: false,
    objectFormat: "sha1",
    head: await repository.git("rev-parse", "HEAD"),
    branch: "refs/heads/main",
    dirty: ["a.txt", "new/one file", "new/ü\n", "sub/dir/b.txt", "sub/dir/c.txt"],
    gitVersion: "",
    caseSensitive: true,
    knownGaps: [],
    identity: { name: "User", email: "user@example.com" },
  });
  assert(/^\d+\.\d+/.test(info.gitVersion));
  assertEquals(await repository.contents(), before);
  const linked = `${repository.directory}/linked\nworktree`;
  await repository.git("worktree", "add", "--quiet", "--detach", linked);
  const second = await discoverRepository(linked);
  assertEquals([second.commonDir, second.root, second.branch], [info.commonDir, linked, null]);
  assertEquals(
    second.gitDir,
    `${repository.root}/.git/worktrees/${
      (await Array.fromAsync(Deno.readDir(`${repository.root}/.git/worktrees`)))[0]?.name
    }`,
  );
});

Deno.test("discoverRepository() refuses where there is no repository; requireRunnable() where nothing can run", async () => {
  await using repository = await TestRepository.create({}, { commit: false });
  const { directory, root } = repository;
  const missing = await assertRejects(() => discoverRepository(directory), NoRepositoryError);
  assertEquals(missing.exitCode, 2);
  const rejects = async (path: string, error: new (...args: never[]) => Error, text: string) => {
    const info = await discoverRepository(path);
    await assertRejects(() => Promise.try(() => requireRunnable(info)), error, text);
    return info;
  };
  const unborn = await rejects(root, NoCommitError, "no commit yet");
  assertEquals([unborn.head, unborn.branch, unborn.dirty], [null, "refs/heads/main", []]);
  await rejects(`${root}/.git`, NoCheckoutError, "inside a git directory");
  await repository.commit();
  await runGitIn(directory, ["clone", "--quiet", "--bare", root, `${directory}/bare`]);
  await rejects(`${directory}/bare`, NoCheckoutError, "the repository is bare");
  await repository.git("checkout", "--quiet", "--detach");
  const detached = await repository.info();
  requireRunnable(detached);
  assertEquals(detached.branch, null);
});

Deno.test("gitVersion() refuses a git that is missing, too old, or something else", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const stub = async (text: string) => {
      await Deno.writeTextFile(`${directory}/git`, `#!/bin/sh\necho '${text}'\n`);
      await Deno.chmod(`${directory}/git`, 0o755);
    };
    await withEnv({ PATH: directory }, async () => {
      const missing = await assertRejects(() => gitVersion(), GitMissingError);
      assert(missing.message.includes("install git 2.38"), missing.message);
      for (
        const [text, version] of [["git version 2.38.0", "2.38.0"], [
          "git version 2.50.1 (Apple Git-155)",
          "2.50.1",
        ], ["git version 3.0.rc1", "3.0"]]
      ) {
        await stub(text ?? "");
        assertEquals(await gitVersion(), version);
      }
      for (const text of ["git version 2.37.9", "git version 1.9.1", "hub version 2.99"]) {
        await stub(text);
        await assertRejects(() => gitVersion(), GitTooOldError, "install git 2.38 or later");
      }
      await assertRejects(() => discoverRepository("/"), GitTooOldError);
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("without a usable identity omk's own is taken, and everything works with gpgsign and odd settings", async () => {
  await using repository = await TestRepository.create();
  const identity = async (env: Record<string, string | undefined> = {}) =>
    await withEnv(
      {
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_AUTHOR_NAME: undefined,
        GIT_AUTHOR_EMAIL: undefined,
        ...env,
      },
      async () => (await repository.info()).identity,
    );
  assertEquals(await identity(), { name: "User", email: "user@example.com" });
  assertEquals(await identity({ GIT_AUTHOR_NAME: "A <b>", GIT_AUTHOR_EMAIL: "a@b" }), {
    name: "A b",
    email: "a@b",
  });
  await repository.git("config", "user.name", " <> ");
  assertEquals(await identity(), { name: "omk", email: "omk@localhost" });
  await repository.git("config", "--unset", "user.name");
  await repository.git("config", "--unset", "user.email");
  assertEquals(await identity(), { name: "omk", email: "omk@localhost" });
  for (
    const [key, value] of Object.entries({
      "commit.gpgSign": "true",
      "gpg.program": "false",
      "user.useConfigOnly": "true",
      "core.autocrlf": "true",
      "core.hooksPath": `${repository.directory}/hooks`,
      "diff.external": "false",
      "diff.noprefix": "true",
      "status.showUntrackedFiles": "no",
      "status.relativePaths": "true",
      "core.quotePath": "false",
      "i18n.commitEncoding": "ISO-8859-1",
    })
  ) await repository.git("config", key, value);
  await repository.write({ "untracked.txt": "x\n" });
  const workspace = await repository.workspace();
  const base = workspace.info.head ?? "";
  assertEquals(workspace.info.dirty, ["untracked.txt"]);
  await workspace.openRun(holder().run_id, base);
  const slot = await workspace.acquire(slotRequest(base));
  await sh(slot.path, "echo two > a.txt; git commit -qam 'By the task'; git stash list");
  const pin = await workspace.pin(
    slot,
    holder(),
    { ...meta("Größe"), identity: workspace.info.identity },
    LIMITS,
  );
  await workspace.publish(holder().run_id);
  assertEquals(
    await workspace.hub.text(["cat-file", "-p", pin.commit ?? ""]).then((text) => text.includes("encoding")),
    false,
  );
});

Deno.test("known gaps name LFS, filters, converted paths, merge drivers, submodules, sparse checkouts", async () => {
  await using repository = await TestRepository.create({
    ".gitattributes":
      "*.psd filter=lfs diff=lfs merge=lfs -text\n*.bat eol=crlf\n# *.x eol=crlf\n*.po merge=union\n",
    "sub/.gitattributes": "*.secret filter=crypt\n*.md text\n",
    ".gitmodules": "",
  });
  await repository.git("config", "core.sparseCheckout", "true");
  await repository.write({ ".git/info/attributes": "*.u16 working-tree-encoding=UTF-16\n" });
  assertEquals((await repository.info()).knownGaps, [
    "Sparse checkout: worktrees of tasks hold the whole tree",
    "Submodules: they stay at their commits and are not checked out for tasks",
    "Git LFS (*.psd): tasks see pointer files, and new files are stored as they are",
    'Filter "crypt" (*.secret): it is not run, tasks see the stored bytes',
    "Converted paths (*.bat, *.u16): tasks see the stored bytes, without conversion",
    'Merge driver "lfs": it is not run, git\'s own merge is used',
  ]);
  await repository.git("config", "core.autocrlf", "true");
  assert(
    (await repository.info()).knownGaps.some((gap) => gap.includes("(*.bat, *.md, *.u16, core.autocrlf)")),
  );
});

Deno.test("a partial clone that lacks files of the base is refused, with the command that fetches them", async () => {
  await using repository = await TestRepository.create({ "a.txt": "one\n", "sub/b.txt": "b\n" });
  await repository.git("config", "uploadpack.allowFilter", "true");
  const clone = `${repository.directory}/clone`;
  await runGitIn(repository.directory, [
    "clone",
    "--quiet",
    "--no-checkout",
    "--filter=blob:none",
    `file://${repository.root}`,
    clone,
  ]);
  const info = await discoverRepository(clone);
  requireRunnable(info);
  const error = await assertRejects(() => requireObjects(info, info.head), MissingBlobsError);
  const command = /git fetch .*$/.exec(error.message)?.[0] ?? "";
  assertEquals(command, "git fetch --refetch --no-filter origin");
  const workspace = await openWorkspace(info, {
    env: { HOME: repository.directory },
    findSecrets: () => false,
  });
  await assertRejects(() => workspace.openRun(holder().run_id, info.head), MissingBlobsError);
  await sh(clone, command);
  await workspace.openRun(holder().run_id, info.head);
  const slot = await workspace.acquire(slotRequest(info.head));
  assertEquals(await sh(slot.path, "cat a.txt sub/b.txt"), "one\nb");
  await workspace.close();
});

Deno.test({
  name: "a repository of another uid works, without the user's consent being asked for",
  // Only root can give files away.
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  async fn() {
    await using repository = await TestRepository.create();
    await sh(repository.root, "chown -R 12345:12345 .");
    await withEnv({ GIT_CONFIG_GLOBAL: "/dev/null", SUDO_UID: undefined }, async () => {
      const workspace = await repository.workspace();
      const base = workspace.info.head ?? "";
      await workspace.openRun(holder().run_id, base);
      const slot = await workspace.acquire(slotRequest(base));
      await sh(slot.path, "echo two > a.txt; git commit -qam x");
      const pin = await workspace.pin(slot, holder(), meta(), LIMITS);
      await workspace.publish(holder().run_id);
      const merged = await workspace.merge(base, pin.commit ?? "", base, meta());
      assert(merged.kind === "merged");
      await workspace.advanceHead(holder().run_id, base, merged.commit);
      await workspace.publish(holder().run_id);
      const result = await workspace.deliver({
        runId: holder().run_id,
        branch: "refs/heads/main",
        head: merged.commit,
        snapshot: null,
      });
      assertEquals(result.kind, "fast_forwarded", JSON.stringify(result));
    });
  },
});
