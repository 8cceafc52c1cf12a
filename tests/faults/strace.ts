/** Faults that the system really has: strace lets the n-th call of one kind fail, or kills the process at it. */

/** Whether strace can trace a child here. */
export function canTrace(): boolean {
  try {
    return new Deno.Command("strace", { args: ["-o", "/dev/null", "true"], stdout: "null", stderr: "null" })
      .outputSync()
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The calls that give a file another name, whatever the architecture has. */
export const RENAME = "?rename,?renameat,?renameat2";

/** What a traced process does to its files. */
export interface Injection {
  /** Only calls that concern one of these are counted. */
  readonly paths: readonly string[];
  /** Comma-separated names of system calls. */
  readonly calls: string;
  /** `error=EIO`, `signal=KILL`, `retval=100`. */
  readonly fault: string;
  /** The number of the call that it happens at, from 1, in each thread. */
  readonly n: number;
  /** Where the trace is written. */
  readonly trace: string;
}

/** The words that, put before a command, run it with the fault. */
export function injecting({ paths, calls, fault, n, trace }: Injection): string[] {
  const traced = paths.flatMap((path) => ["-P", path]);
  const inject = ["-e", `trace=${calls}`, "-e", `inject=${calls}:${fault}:when=${n}`];
  return ["strace", "-f", "-o", trace, ...traced, ...inject];
}

/** Whether the fault came to pass, by the trace; a signal leaves none in it. */
export function wasInjected(trace: string): boolean {
  return Deno.readTextFileSync(trace).includes("(INJECTED)");
}
