/** Sending signals to what may be gone already, and the names of those that ended something. */

/** What became of a signal: delivered, nobody left to get it, or not permitted (another user's process). */
export type Delivery = "sent" | "gone" | "denied";

/** Sends `signal` to every process of a group; 0 only asks whether the group has a member, dead but unreaped ones included. */
export function signalGroup(pgid: number, signal: Deno.Signal | 0): Delivery {
  return deliver(-pgid, signal);
}

/** Sends `signal` to one process; 0 only asks whether it exists, dead but unreaped included. */
export function signalProcess(pid: number, signal: Deno.Signal | 0): Delivery {
  return deliver(pid, signal);
}

function deliver(target: number, signal: Deno.Signal | 0): Delivery {
  try {
    Deno.kill(target, signal);
    return "sent";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "gone";
    if (error instanceof Deno.errors.PermissionDenied) return "denied";
    throw error;
  }
}

/** First real-time signal that a program of the GNU C library sees; the kernel's 32 and 33 are the library's own. */
const FIRST_REAL_TIME_SIGNAL = 34;

/** Signals by number where the POSIX numbers and Linux on x86, ARM and RISC-V agree with macOS or nearly so. */
const SIGNAL_NAMES: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
};

/** Signals whose numbers differ between systems: bus error, bad call, CPU and file size limits. */
const LINUX_SIGNAL_NAMES: Readonly<Record<number, string>> = {
  7: "SIGBUS",
  10: "SIGUSR1",
  12: "SIGUSR2",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  31: "SIGSYS",
};

/** The name of a signal number, `SIGRTMIN+n` for a real-time one; null for a number that no program is ended by. */
export function signalName(signal: number): string | null {
  const name = SIGNAL_NAMES[signal] ?? (Deno.build.os === "linux" ? LINUX_SIGNAL_NAMES[signal] : undefined);
  if (name !== undefined) return name;
  if (Deno.build.os !== "linux" || signal < FIRST_REAL_TIME_SIGNAL || signal > 64) return null;
  return signal === FIRST_REAL_TIME_SIGNAL ? "SIGRTMIN" : `SIGRTMIN+${signal - FIRST_REAL_TIME_SIGNAL}`;
}
