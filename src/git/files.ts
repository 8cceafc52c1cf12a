/** File operations that the slots need and Deno's API lacks: durable replacement, removal that insists, containment. */

/** Whether a path exists; a dangling symbolic link does. */
export async function exists(path: string): Promise<boolean> {
  return (await lstatOrNull(path)) !== null;
}

/** What a path is, without following a symbolic link; null where it does not exist. */
export async function lstatOrNull(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** The text of a file, or null where it does not exist. */
export async function readTextOrNull(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/**
 * Whether a name as Deno and `decode` give it may stand for other bytes: what is not UTF-8 reads as U+FFFD, and
 * such a text leads to no file.
 */
export function mayBeLossy(name: string): boolean {
  return name.includes("\uFFFD");
}

/** Whether an error says that the disk, or the user's share of it, is full. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

/** Whether an error says that there is no such path. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** Removes a file that may be missing. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Replaces a file as a whole. A file that has the text already stays as it is. */
export async function replaceText(path: string, text: string): Promise<void> {
  if (await readTextOrNull(path) === text) return;
  const fresh = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  await Deno.writeTextFile(fresh, text);
  await Deno.rename(fresh, path);
}

/** Replaces a file as a whole and returns once file and directory are on the disk. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const fresh = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  await Deno.writeTextFile(fresh, text, { createNew: true, mode: 0o600 });
  await syncFile(fresh);
  await Deno.rename(fresh, path);
  await syncDirectory(path.slice(0, path.lastIndexOf("/")));
}

/** Waits until the content of a file is on the disk. */
export async function syncFile(path: string): Promise<void> {
  const file = await Deno.open(path, { read: true });
  using _file = file;
  await file.syncData();
}

/** Waits until the names in a directory are on the disk. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await Deno.open(path, { read: true });
  using _directory = directory;
  await directory.sync();
}

/** Removes a file or directory with all that is in it, even where directories are read-only. */
export async function removeTree(path: string): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return await Deno.remove(path, { recursive: true });
    } catch (error) {
      if (isMissing(error)) return;
      if (attempt > 1) throw error;
      await makeWritable(path);
    }
  }
}

/** Gives the owner all rights on a directory and on those below it; symbolic links are not followed. */
async function makeWritable(path: string): Promise<void> {
  const info = await lstatOrNull(path);
  if (!info?.isDirectory) return;
  if (((info.mode ?? 0) & 0o700) !== 0o700) await Deno.chmod(path, 0o755);
  for await (const entry of Deno.readDir(path)) {
    if (entry.isDirectory) await makeWritable(`${path}/${entry.name}`);
  }
}

/**
 * The absolute path of `relative` below `root`, or null where it would leave it: by its own text, or because a
 * directory on the way is a symbolic link.
 */
export async function containedPath(root: string, relative: string): Promise<string | null> {
  const segments = relative.replace(/\/+$/, "").split("/");
  const plain = segments.every((segment) => segment !== "" && segment !== "." && segment !== "..");
  if (!plain || segments[0] === ".git") return null;
  let parent = root;
  for (const segment of segments.slice(0, -1)) {
    parent += `/${segment}`;
    const info = await lstatOrNull(parent);
    if (info === null) break;
    if (!info.isDirectory) return null;
  }
  return `${root}/${segments.join("/")}`;
}
