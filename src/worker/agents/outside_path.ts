/** Whether a path that an agent has written to lies outside of where it works. */

import { resolve } from "@std/path";
import type { PermissionPlace } from "../approval/port.ts";

/**
 * The absolute path where it lies outside of the worktree and of the directories for temporary files; else null. Links
 * are followed as far as the path exists: a link in the worktree that leads out of it is a way out.
 */
export function outsidePath(
  path: string,
  { root, cwd }: PermissionPlace,
  env: Readonly<Record<string, string>>,
): string | null {
  const text = path.startsWith("file://") ? decodeURIComponent(path.slice("file://".length)) : path;
  const full = followed(resolve(cwd, text));
  const realRoot = followed(root);
  if (isBelow(full, realRoot)) return null;
  const temporary = ["/tmp", "/var/tmp", env["TMPDIR"] ?? ""].filter((each) => each.startsWith("/")).map(
    followed,
  );
  // A project may itself lie below a directory for temporary files, and then nothing there is taken for one.
  const isTemporary = temporary.some((each) => isBelow(full, each) && !isBelow(realRoot, each));
  return isTemporary ? null : full;
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith("/") ? directory : `${directory}/`);
}

/** The path with its links followed, as far as it exists. */
function followed(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    const cut = path.lastIndexOf("/");
    return cut <= 0 ? path : `${followed(path.slice(0, cut))}${path.slice(cut)}`.replace(/^\/\//, "/");
  }
}
