/** Looking a program up, as a shell does. */

/**
 * The absolute path of a program by its name, in the directories of `path` (a PATH), or by a path, relative to `cwd`;
 * undefined where there is none. Directories of `path` that are not absolute are left out.
 */
export function findProgram(name: string, path: string, cwd: string): string | undefined {
  if (name.includes("/")) return existing(name.startsWith("/") ? name : `${cwd}/${name}`);
  for (const directory of path.split(":")) {
    const found = directory.startsWith("/") ? existing(`${directory}/${name}`) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function existing(path: string): string | undefined {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & 0o111) !== 0 ? path : undefined;
  } catch (error) {
    const { NotFound, NotADirectory, PermissionDenied, FilesystemLoop } = Deno.errors;
    const isElsewhere = [NotFound, NotADirectory, PermissionDenied, FilesystemLoop];
    if (isElsewhere.some((each) => error instanceof each)) return undefined;
    throw error;
  }
}
