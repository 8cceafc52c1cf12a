/** What omk asks of the user's own repository beyond discovery, and the branches that it moves there when asked to. */

import { decode, gitFields, gitText, runGit } from "./command.ts";
import { GitError } from "./errors.ts";
import { exists, isMissing, readTextOrNull } from "./files.ts";
import type { Hub } from "./hub.ts";
import type { ObjectId } from "./port.ts";
import type { Checkout } from "./snapshot.ts";

/** The name of a branch as users write it. */
export function shortName(branch: string): string {
  return branch.replace(/^refs\/heads\//, "");
}

/** The commit of a branch of the user, or null. */
export async function branchCommit(hub: Hub, branch: string): Promise<ObjectId | null> {
  const output = await runGit(["rev-parse", "--verify", "--quiet", `${branch}^{commit}`], {
    cwd: hub.info.gitDir,
    profile: "user",
    env: { GIT_DIR: hub.info.gitDir },
    okCodes: [0, 1, 128],
  });
  return output.code === 0 ? decode(output.stdout).trim() : null;
}

/** Moves a branch if it still is at `from`. */
export async function updateBranch(
  hub: Hub,
  branch: string,
  to: ObjectId,
  from: ObjectId,
  runId: string,
): Promise<boolean> {
  const { code } = await runGit(["update-ref", "-m", `omk merge ${runId}`, branch, to, from], {
    cwd: hub.info.gitDir,
    profile: "user",
    env: { GIT_DIR: hub.info.gitDir },
    okCodes: [0, 1, 128],
  });
  return code === 0;
}

/** The refs of the user's repository below a prefix that ends with `/`, with their values. */
export async function userRefs(hub: Hub, prefix: string): Promise<Map<string, ObjectId>> {
  const { stdout } = await runGit(["for-each-ref", "--format=%(refname) %(objectname)", prefix], {
    cwd: hub.info.commonDir,
    profile: "local",
    env: { GIT_DIR: hub.info.commonDir },
  });
  const lines = decode(stdout).split("\n").filter((line) => line !== "");
  return new Map(lines.map((line): [string, ObjectId] => {
    const [ref = "", commit = ""] = line.split(" ");
    return [ref, commit];
  }));
}

/**
 * The checkout that has a branch; "missing" where its directory is gone but its worktree is still registered, "unnamed"
 * where git cannot tell its directory: that of a separate git directory is known only to whoever stands in it.
 */
export async function checkoutOf(hub: Hub, branch: string): Promise<Checkout | "missing" | "unnamed" | null> {
  const { info } = hub;
  // The first that git lists is the main one, under the name of its git directory where that lies elsewhere.
  let mainRoot = info.gitDir === info.commonDir ? info.root : null;
  const fields = await gitFields(["worktree", "list", "--porcelain", "-z"], {
    cwd: hub.info.gitDir,
    profile: "user",
    env: { GIT_DIR: hub.info.gitDir },
  });
  let root = "";
  for (const field of fields) {
    if (field.startsWith("worktree ")) {
      root = mainRoot ?? field.slice("worktree ".length);
      mainRoot = null;
    }
    if (field === `branch ${branch}`) return await checkoutAt(root);
  }
  return null;
}

async function checkoutAt(directory: string): Promise<Checkout | "missing" | "unnamed"> {
  if (!(await exists(directory))) return "missing";
  const at = { cwd: directory, profile: "user" } as const;
  let fails: "missing" | "unnamed" = "missing";
  try {
    const gitDir = await gitText(["rev-parse", "--absolute-git-dir"], at);
    fails = "unnamed";
    return { root: await gitText(["rev-parse", "--show-toplevel"], at), gitDir };
  } catch (error) {
    if (error instanceof GitError) return fails;
    throw error;
  }
}

/** The operation that detached a checkout from a branch to which it will come back. */
export async function operationInProgress(hub: Hub, branch: string): Promise<"rebase" | "bisect" | null> {
  const gitDirs = [hub.info.commonDir];
  try {
    for await (const entry of Deno.readDir(`${hub.info.commonDir}/worktrees`)) {
      gitDirs.push(`${hub.info.commonDir}/worktrees/${entry.name}`);
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  for (const gitDir of gitDirs) {
    for (const file of ["rebase-merge/head-name", "rebase-apply/head-name"]) {
      if ((await readTextOrNull(`${gitDir}/${file}`))?.trim() === branch) return "rebase";
    }
    if ((await readTextOrNull(`${gitDir}/BISECT_START`))?.trim() === shortName(branch)) return "bisect";
  }
  return null;
}
