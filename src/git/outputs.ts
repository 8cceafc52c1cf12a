/** Files that tasks make for others beside the tree: stored by digest, put into the slots of those that need them. */

import { sha256OfFile } from "../digest.ts";
import { OutputError, SetupError } from "./errors.ts";
import {
  containedPath,
  exists,
  isMissing,
  lstatOrNull,
  mayBeLossy,
  removeIfThere,
  syncFile,
} from "./files.ts";
import type { RestoredFile } from "./port.ts";
import type { ProvidedFile } from "./slot_record.ts";

/** A file of a task, stored by digest; what a dependent's slot gets. */
export interface StoredFile extends RestoredFile {
  readonly bytes: number;
}

/** What became of the declared outputs of a task. */
export interface StoredOutputs {
  /** Sorted by path. A declared directory stands here with every file in it. */
  readonly files: readonly StoredFile[];
  /** Declared outputs that the task did not make. */
  readonly missing: readonly string[];
}

/**
 * Copies the outputs of a task out of its slot into `directory`, each under its SHA-256.
 *
 * @throws {OutputError} where an output leads out of the slot, or is neither file nor directory.
 */
export async function storeOutputs(
  worktree: string,
  outputs: readonly string[],
  directory: string,
): Promise<StoredOutputs> {
  const paths: string[] = [];
  const missing: string[] = [];
  for (const output of outputs) {
    const { files, refused } = await filesBelow(worktree, output.replace(/\/+$/, ""));
    if (refused !== undefined) {
      throw new OutputError({
        what: `Cannot store the output "${output}"`,
        where: worktree,
        why: refused,
        fix: "make it a regular file, or a directory of regular files",
      });
    }
    if (files.length === 0) missing.push(output);
    paths.push(...files);
  }
  await Deno.mkdir(directory, { recursive: true });
  const files: StoredFile[] = [];
  for (const path of [...new Set(paths)].sort()) files.push(await store(worktree, path, directory));
  return { files, missing };
}

/**
 * Puts files into a slot and says what it put there. A path that the tree has is left alone: the tree decides.
 *
 * @throws {SetupError} where a path leads out of the slot or a stored file is damaged.
 */
export async function provideFiles(
  worktree: string,
  files: readonly RestoredFile[],
  tracked: ReadonlySet<string>,
): Promise<ProvidedFile[]> {
  const provided: ProvidedFile[] = [];
  for (const { path, source, sha256, executable } of files) {
    if (tracked.has(path)) continue;
    const target = await containedPath(worktree, path);
    const fail = (why: string) =>
      new SetupError({ what: `Cannot put "${path}" into a worktree`, where: source, why }, [path]);
    if (target === null) throw fail("the path leads out of the worktree");
    if ((await lstatOrNull(target))?.isDirectory) throw fail("a directory of that name is there");
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    // A link that is in the way is replaced, not followed.
    await removeIfThere(target);
    try {
      await Deno.copyFile(source, target);
    } catch (error) {
      if (isMissing(error)) throw fail("the stored file is gone");
      throw error;
    }
    await Deno.chmod(target, executable ? 0o755 : 0o644);
    if ((await sha256OfFile(target)).sha256 !== sha256) throw fail("its content is not what was stored");
    provided.push({ path, sha256 });
  }
  return provided;
}

/** The regular files at or below a path, or why they cannot be taken. */
export interface FilesBelow {
  /** Relative to the root, sorted; empty where there is nothing. */
  readonly files: readonly string[];
  readonly refused?: string;
}

/** Lists the regular files at or below a path of a directory, without following links. */
export async function filesBelow(root: string, relative: string): Promise<FilesBelow> {
  const path = await containedPath(root, relative);
  if (path === null) return { files: [], refused: `"${relative}" leads out of the directory` };
  const info = await lstatOrNull(path);
  if (info === null) {
    return mayBeLossy(relative) ? { files: [], refused: `"${relative}" is not UTF-8` } : { files: [] };
  }
  if (info.isFile) return { files: [relative] };
  if (!info.isDirectory) return { files: [], refused: `"${relative}" is neither a file nor a directory` };
  const files: string[] = [];
  for await (const entry of Deno.readDir(path)) {
    const below = await filesBelow(root, `${relative}/${entry.name}`);
    if (below.refused !== undefined) return below;
    files.push(...below.files);
  }
  return { files: files.sort() };
}

/** Describes a file so that it can be put into a slot. */
export async function describeFile(root: string, path: string): Promise<StoredFile> {
  const source = `${root}/${path}`;
  const { sha256, bytes } = await sha256OfFile(source);
  return { path, source, sha256, bytes, executable: isExecutable(await Deno.lstat(source)) };
}

async function store(worktree: string, path: string, directory: string): Promise<StoredFile> {
  const fresh = `${directory}/.new-${crypto.randomUUID()}`;
  await Deno.copyFile(`${worktree}/${path}`, fresh);
  // The digest is of the copy, which nothing can change any more.
  const { sha256, bytes } = await sha256OfFile(fresh);
  const executable = isExecutable(await Deno.lstat(`${worktree}/${path}`));
  const source = `${directory}/${sha256}`;
  if (await exists(source)) {
    await Deno.remove(fresh);
  } else {
    await syncFile(fresh);
    await Deno.rename(fresh, source);
  }
  return { path, source, sha256, bytes, executable };
}

function isExecutable(info: Deno.FileInfo): boolean {
  return ((info.mode ?? 0) & 0o100) !== 0;
}
