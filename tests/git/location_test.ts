import { assert, assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../src/errors.ts";
import { locateWorktrees, repositoryId } from "../../src/git/location.ts";

Deno.test("locateWorktrees() takes the user's state directory, or the git directory with a warning", async () => {
  const directory = await Deno.realPath(await Deno.makeTempDir());
  try {
    const root = `${directory}/repo`;
    const commonDir = `${root}/.git`;
    await Deno.mkdir(commonDir, { recursive: true });
    await Deno.writeTextFile(`${directory}/file`, "");
    const id = repositoryId(commonDir);
    assert(/^[0-9a-f]{16}$/.test(id));
    const at = (env: Record<string, string>, chosen?: string) =>
      locateWorktrees({ commonDir, root, env, chosen });
    assertEquals(await at({ XDG_STATE_HOME: `${directory}/x`, HOME: "/nowhere" }), {
      path: `${directory}/x/omk/worktrees/${id}`,
      warnings: [],
    });
    assertEquals(await at({ HOME: directory }), {
      path: `${directory}/.local/state/omk/worktrees/${id}`,
      warnings: [],
    });
    for (const env of [{ XDG_STATE_HOME: `${directory}/file/x` }, { XDG_STATE_HOME: "relative" }, {}]) {
      const { path, warnings } = await at(env);
      assertEquals(path, `${commonDir}/omk/worktrees`);
      assert(warnings[0]?.includes("inside the git directory"), warnings[0]);
    }
    const inside = await at({ XDG_STATE_HOME: `${root}/.state` });
    assert(inside.warnings[0]?.includes("inside the checkout"));
    await Deno.symlink(directory, `${directory}/link`);
    assertEquals((await at({}, `${directory}/link/chosen`)).path, `${directory}/chosen/${id}`);
    await assertRejects(() => at({}, `${directory}/link/repo/worktrees`), UsageError, "inside the checkout");
    await assertRejects(() => Deno.lstat(`${root}/worktrees`), Deno.errors.NotFound);
    await assertRejects(() => at({}, `${directory}/file`), UsageError, "--worktree-dir");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
