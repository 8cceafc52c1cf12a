/**
 * Starting a program in a session and group of its own without a fork of omk.
 *
 * The runtime's `detached` forks, which copies the page tables of all of omk: several milliseconds in which nothing
 * else happens, more with every megabyte. setsid(1) does the same to itself, and keeps the pid: what omk starts
 * leads no group, so it need not fork.
 */

/** Where setsid(1) of util-linux or busybox lies. */
const PLACES: readonly string[] = ["/usr/bin/setsid", "/bin/setsid"];

let found: string | null | undefined;

/** The absolute path of setsid(1); null on machines without it, such as macOS. */
export function findSetsid(): string | null {
  found ??= PLACES.find(isFile) ?? null;
  return found;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
