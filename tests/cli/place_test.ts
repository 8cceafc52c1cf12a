import { assertEquals, assertRejects } from "@std/assert";
import { findRepository, locate } from "../../src/cli/place.ts";
import { UsageError } from "../../src/errors.ts";

async function git(cwd: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", {
    args: ["-c", "user.name=a", "-c", "user.email=b", ...args],
    cwd,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trimEnd();
}

Deno.test("findRepository() finds what git finds: checkouts, linked worktrees, submodules, bare repositories", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(`${root}/main/deep/er`, { recursive: true });
    await Deno.mkdir(`${root}/bare`);
    await git(`${root}/main`, "init", "-q");
    await git(`${root}/main`, "commit", "-q", "--allow-empty", "-m", "first");
    await git(`${root}/main`, "worktree", "add", "-q", `${root}/linked`);
    await git(
      `${root}/main`,
      "-c",
      "protocol.file.allow=always",
      "submodule",
      "add",
      "-q",
      `${root}/main`,
      "sub",
    );
    await git(`${root}/bare`, "init", "-q", "--bare");
    await Deno.symlink(`${root}/main`, `${root}/link`);
    // A .git that is no repository does not end the search.
    await Deno.mkdir(`${root}/main/deep/.git`);
    const directories = [
      "main",
      "main/deep/er",
      "main/.git",
      "main/.git/refs",
      "linked",
      "main/sub",
      "bare",
      "bare/objects",
      "link/deep",
    ];
    for (const name of directories) {
      const directory = `${root}/${name}`;
      const found = await findRepository(directory);
      const common = await git(directory, "rev-parse", "--path-format=absolute", "--git-common-dir");
      assertEquals(found?.commonDir, await Deno.realPath(common), name);
      const isInside = await git(directory, "rev-parse", "--is-inside-work-tree") === "true";
      const top = isInside ? await git(directory, "rev-parse", "--show-toplevel") : null;
      const rootFound = found?.root ?? null;
      assertEquals(rootFound === null ? null : await Deno.realPath(rootFound), top, name);
    }
    assertEquals(await findRepository(root), null);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("findRepository() says so where a .git file points nowhere", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${root}/.git`, "gitdir: /gone/for/good\n");
    await assertRejects(() => findRepository(root), UsageError, 'it points to "/gone/for/good"');
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("locate() gives a home of its own to each directory outside of repositories", async () => {
  const root = await Deno.makeTempDir();
  try {
    const one = await locate({ cwd: root, env: { HOME: "/h" } });
    assertEquals(one.commonDir, null);
    assertEquals(one.home.startsWith("/h/.local/state/omk/"), true);
    const other = await locate({ cwd: "/", env: { XDG_STATE_HOME: "/s" } });
    assertEquals(other.home.startsWith("/s/omk/"), true);
    await assertRejects(() => locate({ cwd: root, env: {} }), UsageError, "XDG_STATE_HOME");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
