/** Who holds a lock file, for the message of a lock that was not granted. */

/** What follows the id of `FLOCK  ADVISORY  WRITE` in a line of `/proc/locks`: pid, device, inode. */
const HELD = /^\d+: FLOCK\s+ADVISORY\s+WRITE\s+(\d+)\s+([0-9a-f]+):([0-9a-f]+):(\d+)/;

/**
 * `process 4711 (omk)` for the process that holds `path`, or `undefined` where the system does not tell. A helper
 * reads /proc, which omk itself may not; it is asked only when a lock has timed out, so that holding one costs
 * nothing.
 */
export async function describeHolder(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await Deno.stat(path);
    const pid = ino === null ? undefined : holderOf(await sh("cat /proc/locks"), dev, ino);
    if (pid === undefined) return undefined;
    const name = (await sh(`cat /proc/${pid}/comm`)).trim();
    return name === "" ? `process ${pid}` : `process ${pid} (${name})`;
  } catch {
    // The lock's own error says what matters; this is only its explanation.
    return undefined;
  }
}

/** The pid behind an exclusive lock on the file, from the text of `/proc/locks`. */
export function holderOf(locks: string, device: number, inode: number): number | undefined {
  const found: { pid: number; sameDevice: boolean }[] = [];
  for (const line of locks.split("\n")) {
    const [, pid, major, minor, number] = HELD.exec(line) ?? [];
    if (pid === undefined || major === undefined || minor === undefined || Number(number) !== inode) continue;
    const sameDevice = Number.parseInt(major, 16) === majorOf(device) &&
      Number.parseInt(minor, 16) === minorOf(device);
    found.push({ pid: Number(pid), sameDevice });
  }
  // Layered file systems report another device than stat does; then the inode alone decides, if it is the only one.
  const exact = found.find((lock) => lock.sameDevice);
  return (exact ?? (found.length === 1 ? found[0] : undefined))?.pid;
}

/** The major number in a Linux `st_dev`. */
function majorOf(device: number): number {
  return (device >>> 8) & 0xfff;
}

/** The minor number in a Linux `st_dev`. */
function minorOf(device: number): number {
  return (device & 0xff) | ((device >>> 12) & 0xfff00);
}

async function sh(script: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", script],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}
