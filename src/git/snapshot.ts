/** The dirty checkout as a tree: `--base dirty`, and whether the checkout still is what the run started from. */

import { decode, gitText, joinNul, runGit, splitNul } from "./command.ts";
import { SnapshotError } from "./errors.ts";
import { exists, removeIfThere } from "./files.ts";
import type { Hub } from "./hub.ts";
import type { ObjectId } from "./port.ts";
import { copyIndex } from "./slot_index.ts";

/** A checkout of the user. */
export interface Checkout {
  /** Absolute. */
  readonly root: string;
  /** Absolute; holds its index. */
  readonly gitDir: string;
}

/**
 * Writes the files of a checkout, as `git add --all` would take them, to the hub: with the user's own filters and
 * ignore rules, but on a copy of the index. Checkout and index stay untouched.
 *
 * @throws {SnapshotError} for what such a tree cannot hold: unmerged paths, changed submodules, nested repositories.
 */
export async function writeCheckoutTree(hub: Hub, checkout: Checkout): Promise<ObjectId> {
  const untracked = await findUntracked(checkout);
  const index = `${hub.path}/snapshot-${crypto.randomUUID()}.index`;
  const options = {
    cwd: checkout.root,
    profile: "user",
    env: { GIT_INDEX_FILE: index, GIT_OBJECT_DIRECTORY: hub.objects },
    config: ["core.safecrlf=false", "advice.addEmbeddedRepo=false"],
  } as const;
  try {
    if (await exists(`${checkout.gitDir}/index`)) await copyIndex(`${checkout.gitDir}/index`, index);
    await runGit(["add", "--update", "--", "."], options);
    if (untracked.length > 0) {
      await runGit(["update-index", "-z", "--add", "--replace", "--stdin"], {
        ...options,
        stdin: joinNul(untracked),
      });
    }
    return await gitText(["write-tree"], options);
  } finally {
    await removeIfThere(index);
    await removeIfThere(`${index}.lock`);
  }
}

/** The untracked files that the user's rules do not ignore. */
async function findUntracked(checkout: Checkout): Promise<string[]> {
  const { stdout } = await runGit(
    ["status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=none"],
    { cwd: checkout.root, profile: "user" },
  );
  const untracked: string[] = [];
  for (const field of splitNul(decode(stdout))) {
    if (field.startsWith("u ")) throw refuse(field.split(" ").slice(10).join(" "), "it is not merged");
    if (field.startsWith("1 ") && field.split(" ")[2]?.startsWith("S")) {
      throw refuse(field.split(" ").slice(8).join(" "), "it is a submodule with changes");
    }
    if (!field.startsWith("? ")) continue;
    const path = field.slice(2);
    if (path.endsWith("/")) throw refuse(path, "it is a repository of its own");
    untracked.push(path);
  }
  return untracked;
}

function refuse(path: string, why: string): SnapshotError {
  return new SnapshotError({
    what: "Cannot take a snapshot of the checkout",
    where: path,
    why,
    fix: "commit or remove it, or start from the last commit with --base HEAD",
  });
}
