/** The heartbeats of a run's workers: one file for each worker process, replaced as a whole. */

import { systemClock } from "../clock.ts";
import { reasonOf } from "../errors.ts";
import type { LocalSupervisor } from "../process/supervisor.ts";
import { type Heartbeat, type HeartbeatReading, parseHeartbeat } from "../watchdog/heartbeat.ts";
import type { Heartbeats } from "../watchdog/port.ts";
import type { RunDirectory } from "./directory.ts";

/** Only omk's user reads what tasks print. */
const FILE_MODE = 0o600;
/** Larger files are no heartbeats. */
const LARGEST_FILE_BYTES = 4 * 1024 * 1024;

/** The file of a worker's heartbeat below the directory of its run. */
export function heartbeatPath(runDirectory: string, worker: string): string {
  return `${runDirectory}/workers/${worker}/heartbeat.json`;
}

/** Replaces the heartbeat: readers see the old one or the new one. Rejects where the disk refuses. */
export async function writeHeartbeat(path: string, heartbeat: Heartbeat): Promise<void> {
  const text = `${JSON.stringify(heartbeat)}\n`;
  const temporary = `${path}.new`;
  try {
    await Deno.writeTextFile(temporary, text, { mode: FILE_MODE });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(temporary, text, { mode: FILE_MODE });
  }
  await Deno.rename(temporary, path);
}

/** Reads a heartbeat. Never rejects: whatever stands there is a value. */
export async function readHeartbeat(path: string): Promise<HeartbeatReading> {
  try {
    const info = await Deno.lstat(path);
    if (!info.isFile) return { kind: "unreadable", reason: "it is not a regular file" };
    if (info.size > LARGEST_FILE_BYTES) return { kind: "unreadable", reason: "it is too large" };
    return parseHeartbeat(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { kind: "absent" };
    return { kind: "unreadable", reason: reasonOf(error) };
  }
}

/**
 * The signs of life of a run on this machine. What cannot be written, measured or asked is told as unknown, as the port
 * says: a full disk or a lost helper is no reason to end a task.
 */
export function heartbeatsOf(
  { path }: Pick<RunDirectory, "path">,
  supervisor: Pick<LocalSupervisor, "self" | "cpuTimes" | "isAlive">,
): Heartbeats {
  return {
    process: supervisor.self,
    wall: () => systemClock.wall(),
    cpuTimes: () => supervisor.cpuTimes().catch(() => null),
    write: (worker, heartbeat) =>
      writeHeartbeat(heartbeatPath(path, worker), heartbeat).catch(() => undefined),
    read: (worker) => readHeartbeat(heartbeatPath(path, worker)),
    isAlive: (process) => supervisor.isAlive(process).catch(() => true),
  };
}
