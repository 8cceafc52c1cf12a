/** What the tests of processes share: a supervisor in a directory of its own, real bodies, and looks at /proc. */

import { type Clock, systemClock } from "../../src/clock.ts";
import type { BodySpec } from "../../src/process/port.ts";
import {
  createSupervisor,
  type LocalSupervisor,
  type SupervisorOptions,
} from "../../src/process/supervisor.ts";

/** A supervisor and what is needed to start bodies with it. */
export interface Bench {
  readonly supervisor: LocalSupervisor;
  /** A directory that is removed afterwards. */
  readonly dir: string;
  /** A body with defaults: in `dir`, one minute, a grace of 100 ms, 1 MiB of output into `<id>.log`. */
  body(command: BodySpec["command"], changes?: Partial<BodySpec>): BodySpec;
  /** The content of a file in `dir`. */
  read(name: string): string;
}

/** The smallest environment in which the commands of the tests are found. */
export const PATH_ONLY: Readonly<Record<string, string>> = { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin" };

/** Runs a test with a supervisor that is closed, and a directory that is removed, whatever happens. */
export async function withBench(
  test: (bench: Bench) => Promise<void>,
  options: SupervisorOptions = {},
): Promise<void> {
  const dir = await Deno.realPath(await Deno.makeTempDir());
  try {
    await using supervisor = await createSupervisor({ environment: PATH_ONLY, ...options });
    let count = 0;
    await test({
      supervisor,
      dir,
      body: (command, changes = {}) => {
        const task_id = changes.task_id ?? `t${++count}`;
        return {
          task_id,
          attempt: 1,
          command,
          cwd: dir,
          env: PATH_ONLY,
          timeoutMs: 60_000,
          graceMs: 100,
          outputPath: `${dir}/${task_id}.log`,
          outputLimitBytes: 1024 * 1024,
          ...changes,
        };
      },
      read: (name) => Deno.readTextFileSync(`${dir}/${name}`),
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** The machine's clock, run faster: waits take a fraction of their time. */
export function hurriedClock(factor: number): Clock {
  return {
    wall: systemClock.wall,
    monotonic: () => systemClock.monotonic() * factor,
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
  };
}

/** Waits until `probe` gives a value, looking every 5 ms; fails after 20 s. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`Not within 20 s: ${what}`);
    await systemClock.sleep(5);
  }
}

/** Waits for a file with a line in it, and gives its text. */
export function fileWithLine(path: string): Promise<string> {
  return eventually(`a line in ${path}`, () => {
    try {
      const text = Deno.readTextFileSync(path);
      return text.endsWith("\n") && text;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  });
}

/** Waits for a file that holds a pid. */
export async function pidIn(path: string): Promise<number> {
  return Number(await fileWithLine(path));
}

/** Whether a process exists and is not a zombie. */
export function isRunning(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

/** Pids of the processes whose environment holds `text`. */
export function pidsWithEnvironment(text: string): number[] {
  const found: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (Deno.readTextFileSync(`/proc/${name}/environ`).includes(text) && isRunning(Number(name))) {
        found.push(Number(name));
      }
    } catch {
      // It ended, or is another user's.
    }
  }
  return found;
}

/** Runs a test with a shell that sees neither /proc nor `ps` when it looks at processes, as on a machine without them. */
export async function withBlindShell(test: (options: SupervisorOptions) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    const shell = `${dir}/sh`;
    // Only the helper that looks has this variable.
    const script = '#!/bin/sh\n[ -z "$PROC_ROOT" ] || PATH=/nonexistent\nexec /bin/sh "$@"\n';
    await Deno.writeTextFile(shell, script, { mode: 0o700 });
    await test({ shell, procRoot: "/nonexistent" });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
