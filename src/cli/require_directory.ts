/** Places for files that a command is to write, looked at before it does anything. */

import { dirname } from "@std/path";
import { UsageError } from "../errors.ts";

/**
 * Makes sure that a file can have this path: its directory is there, and it is none itself.
 *
 * @param what what cannot be done otherwise: `Cannot write the report`.
 * @throws {UsageError}
 */
export async function requireDirectory(what: string, path: string): Promise<void> {
  const directory = dirname(path);
  if (!await isDirectory(directory)) {
    const fix = "make it first, or name another file";
    throw new UsageError({ what, where: path, why: `there is no directory ${directory}`, fix });
  }
  if (await isDirectory(path)) {
    throw new UsageError({ what, where: path, why: "it is a directory", fix: "name a file" });
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
