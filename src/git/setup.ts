/**
 * Set-up: what makes a fresh worktree fit for work. It runs once per slot and digest of its inputs, again when a
 * kept path is missing, and at each hand-out where nothing is kept.
 */

import { canonicalJson } from "../canonical_json.ts";
import { sha256, sha256OfFile } from "../digest.ts";
import type { WorktreeSpec } from "../plan/spec.ts";
import { SetupError } from "./errors.ts";
import { exists } from "./files.ts";
import type { Hub } from "./hub.ts";
import { describeFile, filesBelow } from "./outputs.ts";
import type { ObjectId, RestoredFile, SlotRequest } from "./port.ts";
import { borrowIndex, inSlot } from "./slot_index.ts";
import type { ProvidedFile, SlotPaths } from "./slot_record.ts";
import { walkUntracked } from "./walk.ts";

/** The files in the root that fix what the usual package managers install. */
const LOCK_FILES: readonly string[] = [
  "package-lock.json",
  "npm-shrinkwrap.json",
  "yarn.lock",
  "pnpm-lock.yaml",
  "bun.lock",
  "bun.lockb",
  "deno.lock",
  "requirements.txt",
  "poetry.lock",
  "uv.lock",
  "pdm.lock",
  "Pipfile.lock",
  "Gemfile.lock",
  "composer.lock",
  "Cargo.lock",
  "go.sum",
  "mix.lock",
  "flake.lock",
];

/** How many paths an error names. */
const PATHS_NAMED = 10;

/** What a set-up needs to know of its slot. */
export interface SetupContext {
  readonly hub: Hub;
  readonly paths: SlotPaths;
  readonly request: SlotRequest;
  readonly provided: readonly ProvidedFile[];
}

/** The ignored files of the user's checkout that each slot gets. */
export async function filesToCopy(
  root: string | null,
  copy: readonly string[],
  tracked: ReadonlySet<string>,
): Promise<RestoredFile[]> {
  const files: RestoredFile[] = [];
  for (const entry of copy) {
    const name = entry.replace(/\/+$/, "");
    const fail = (why: string, fix: string) =>
      new SetupError({ what: `Cannot copy "${entry}" into a worktree`, where: root ?? undefined, why, fix }, [
        entry,
      ]);
    if (root === null) throw fail("there is no checkout to copy it from", 'take it out of "worktree.copy"');
    const { files: found, refused } = await filesBelow(root, name);
    if (refused !== undefined) throw fail(refused, "name a file or directory of the checkout");
    if (found.length === 0) {
      throw fail("the checkout has no such file", 'create it, or take it out of "worktree.copy"');
    }
    const stored = found.find((path) => tracked.has(path));
    if (stored !== undefined) {
      throw fail(
        `"${stored}" is tracked, so every worktree has it already`,
        'take it out of "worktree.copy"',
      );
    }
    for (const path of found) files.push(await describeFile(root, path));
  }
  return files;
}

/** What a set-up depends on: its command, what is kept, and the content of its inputs at `base`. */
export async function setupDigest(hub: Hub, base: ObjectId, spec: WorktreeSpec): Promise<string | null> {
  if (spec.setup === null) return null;
  const names = spec.setup_inputs.length > 0 ? spec.setup_inputs : LOCK_FILES;
  const fields = await hub.fields([
    "--literal-pathspecs",
    "ls-tree",
    "-r",
    "-z",
    "--full-tree",
    base,
    "--",
    ...names,
  ]);
  const inputs: [string, string][] = fields.map((field) => {
    const [entry = "", path = ""] = field.split("\t");
    return [path, entry];
  });
  // An input that the tree does not have may be one of the copied files.
  for (const name of names) {
    const source = `${hub.info.root}/${name}`;
    if (spec.copy.includes(name) && await exists(source)) {
      inputs.push([name, (await sha256OfFile(source)).sha256]);
    }
  }
  return sha256(canonicalJson({ setup: spec.setup, keep: spec.keep, inputs }));
}

/** Whether the set-up has to run in a slot whose kept directories come from the set-up with digest `recorded`. */
export async function needsSetup(
  paths: SlotPaths,
  spec: WorktreeSpec,
  digest: string | null,
  recorded: string | null,
): Promise<boolean> {
  if (spec.setup === null) return false;
  if (spec.keep.length === 0 || digest !== recorded) return true;
  for (const path of spec.keep) {
    if (!(await exists(`${paths.worktree}/${path}`))) return true;
  }
  return false;
}

/**
 * Runs the set-up, and makes sure that it left nothing that a pin would take for the task's work.
 *
 * @throws {SetupError} where it fails, changes a tracked file, or leaves one that is neither ignored nor kept.
 */
export async function runSetup(context: SetupContext): Promise<void> {
  const { hub, paths, request } = context;
  const { setup } = request.worktree;
  if (setup === null) return;
  const command = typeof setup === "string" ? setup : setup.join(" ");
  const fail = (why: string, fix: string, found: readonly string[] = []) =>
    new SetupError(
      { what: `Cannot set up a worktree with "${command}"`, where: paths.worktree, why, fix },
      found,
    );
  const result = await request.runSetup(setup, paths.worktree, paths.gitConfig);
  if (result.exit_code !== 0) {
    const how = result.exit_code === null
      ? "it did not end by itself"
      : `it ended with code ${result.exit_code}`;
    throw fail(
      `${how}: ${result.output_tail.trim()}`,
      "run it by hand in a fresh clone to see what it lacks",
    );
  }
  await using index = await borrowIndex(hub, paths, request.base, "check");
  const changed = await changedTracked(hub, paths, index.path);
  if (changed.length > 0) {
    const fix = "use a command that leaves tracked files alone, or commit what it makes";
    throw fail(`it changed tracked files: ${named(changed)}`, fix, changed);
  }
  const { files, unpinned } = await walkUntracked(hub, {
    paths,
    index: index.path,
    base: request.base,
    keep: request.worktree.keep,
    provided: context.provided,
  });
  const left = [...files, ...unpinned.map(({ path }) => path)];
  if (left.length > 0) {
    const fix = 'name them in "worktree.keep", or in a .gitignore that is committed';
    throw fail(`it left files that are neither ignored nor kept: ${named(left)}`, fix, left);
  }
}

/** The tracked paths whose bytes or mode differ from what an index says; stat data that fit are believed. */
export async function changedTracked(hub: Hub, paths: SlotPaths, index: string): Promise<string[]> {
  const options = inSlot(paths, index);
  // Exit code 1 says that some path needs an update; the next command says which.
  await hub.git(["update-index", "-q", "--refresh"], { ...options, okCodes: [0, 1] });
  return await hub.fields(["diff-files", "-z", "--name-only", "--ignore-submodules=dirty"], options);
}

function named(paths: readonly string[]): string {
  const first = paths.slice(0, PATHS_NAMED).map((path) => `"${path}"`).join(", ");
  return paths.length > PATHS_NAMED ? `${first} and ${paths.length - PATHS_NAMED} more` : first;
}
