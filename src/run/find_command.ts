/** Looking a program up on the PATH, as a shell does. */

/** The absolute path of a program; undefined where the PATH has none of that name. */
export async function findCommand(
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  for (const directory of (env.PATH ?? "").split(":")) {
    if (!directory.startsWith("/")) continue;
    const path = `${directory}/${name}`;
    try {
      const info = await Deno.stat(path);
      if (info.isFile && ((info.mode ?? 0) & 0o111) !== 0) return path;
    } catch (error) {
      const isElsewhere = error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory ||
        error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.FilesystemLoop;
      if (!isElsewhere) throw error;
    }
  }
  return undefined;
}
