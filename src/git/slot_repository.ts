/**
 * The bare repository of one slot. It is made anew at each hand-out, so that stash, refs, configuration, hooks
 * and excludes of one task reach neither the user, nor omk, nor the next task.
 */

import { removeTree } from "./files.ts";
import { alternates, copyShallow, type Hub, RAW_ATTRIBUTES } from "./hub.ts";
import type { ObjectId } from "./port.ts";
import { copyIndex } from "./slot_index.ts";
import type { SlotPaths } from "./slot_record.ts";

/**
 * A lock of `git gc`, of a machine and process that it cannot ask: git respects it for twelve hours. A gc in the slot
 * could pack nothing that is worth it, but removes, by way of the alternates, what it takes for garbage in the user's
 * repository: the index of a pack that a gc of the user is just moving into its place, which then fails.
 */
const GC_LOCK = "1 omk";

/**
 * Makes a slot's repository, with its worktree at `base` on a detached HEAD and omk's fresh index as its own.
 * It finds the objects of the user and of the hub through alternates; it has no branch, tag or remote.
 */
export async function makeSlotRepository(hub: Hub, paths: SlotPaths, base: ObjectId): Promise<void> {
  const { repository, worktree, name } = paths;
  const admin = `${repository}/worktrees/${name}`;
  await Promise.all([removeTree(repository), removeTree(`${worktree}/.git`)]);
  for (const directory of ["objects/info", "objects/pack", "refs/heads", "refs/tags", "info"]) {
    await Deno.mkdir(`${repository}/${directory}`, { recursive: true });
  }
  await Deno.mkdir(admin, { recursive: true });
  await Promise.all([
    Deno.writeTextFile(`${repository}/HEAD`, "ref: refs/heads/omk\n"),
    Deno.writeTextFile(`${repository}/config`, configuration(hub)),
    Deno.writeTextFile(`${repository}/gc.pid`, GC_LOCK),
    Deno.writeTextFile(`${repository}/info/attributes`, RAW_ATTRIBUTES),
    Deno.writeTextFile(`${repository}/objects/info/alternates`, alternates([hub.userObjects, hub.objects])),
    copyShallow(hub.info.commonDir, repository),
    Deno.writeTextFile(`${admin}/HEAD`, `${base}\n`),
    Deno.writeTextFile(`${admin}/commondir`, "../..\n"),
    Deno.writeTextFile(`${admin}/gitdir`, `${worktree}/.git\n`),
    Deno.writeTextFile(paths.gitConfig, globalConfiguration(Deno.env.toObject())),
    copyIndex(paths.index, `${admin}/index`),
    Deno.writeTextFile(`${worktree}/.git`, `gitdir: ${admin}\n`),
  ]);
}

/** What a task's git obeys in its slot, over the user's own global configuration: no hooks, no prompts. */
function configuration(hub: Hub): string {
  const { identity, objectFormat, caseSensitive } = hub.info;
  const sha256 = objectFormat === "sha256";
  const lines = [
    "[core]",
    `repositoryformatversion = ${sha256 ? 1 : 0}`,
    "bare = true",
    `ignorecase = ${!caseSensitive}`,
    "logallrefupdates = true",
    "hooksPath = /dev/null",
    "fsmonitor = false",
    ...(sha256 ? ["[extensions]", "objectformat = sha256"] : []),
    "[user]",
    `name = ${quoted(identity.name)}`,
    `email = ${quoted(identity.email)}`,
    // A signature may wait for a PIN, and a task has nobody to type it.
    "[commit]",
    "gpgsign = false",
    "[tag]",
    "gpgsign = false",
    "[gc]",
    "auto = 0",
    "[maintenance]",
    "auto = false",
    "[advice]",
    "detachedHead = false",
  ];
  return `${lines.map((line) => line.startsWith("[") ? line : `\t${line}`).join("\n")}\n`;
}

/**
 * What stands in for the user's global configuration: it includes the files that git would read, in git's order, and
 * trusts the repository of another owner, as omk's own calls do.
 */
function globalConfiguration(env: Readonly<Record<string, string>>): string {
  const { GIT_CONFIG_GLOBAL: chosen, XDG_CONFIG_HOME: xdg, HOME: home } = env;
  const files = chosen !== undefined ? [chosen] : [
    ...(xdg ? [`${xdg}/git/config`] : home ? [`${home}/.config/git/config`] : []),
    ...(home ? [`${home}/.gitconfig`] : []),
  ];
  const includes = files.filter((file) => file !== "").map((file) => `[include]\n\tpath = ${quoted(file)}\n`);
  return `${includes.join("")}[safe]\n\tdirectory = *\n`;
}

function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, "\\$&")}"`;
}
