/** Bubblewrap, bwrap(1): a process namespace for a body, and a sandbox around it. */

import { findProgram } from "./find_program.ts";
import type { BodySandbox } from "./port.ts";

/** What a body needs of bubblewrap. */
export interface Enclosing {
  /** Absolute. */
  readonly cwd: string;
  /** Absent: only a process namespace, in which network and files are as outside. */
  readonly sandbox?: BodySandbox | undefined;
}

/** Whether bubblewrap can be used. */
export type BubblewrapProbe =
  | { readonly kind: "works"; readonly program: string }
  | { readonly kind: "refused"; readonly reason: string };

/** A probe that takes longer hangs. */
const PROBE_TIMEOUT_MS = 10_000;

/**
 * The processes of a body cannot outlive bwrap: the kernel ends all of a namespace with its first process, and that
 * one asks to die with bwrap, as bwrap does with omk.
 */
const NAMESPACE = ["--die-with-parent", "--unshare-pid"] as const;

/** The programs of a private directory for temporary files: omk's own are elsewhere. */
const TEMPORARY = ["/tmp", "/var/tmp"] as const;

/** The arguments of bwrap up to the command. */
export function bubblewrapArguments({ cwd, sandbox }: Enclosing): readonly string[] {
  const inside = sandbox === undefined
    ? ["--dev-bind", "/", "/", "--proc", "/proc"]
    : sandboxArguments(sandbox);
  return [...NAMESPACE, ...inside, "--chdir", cwd, "--"];
}

function sandboxArguments({ network, readable, writable }: BodySandbox): readonly string[] {
  return [
    "--unshare-ipc",
    ...(network ? [] : ["--unshare-net"]),
    // Root could make everything writable again.
    ...["--cap-drop", "ALL"],
    ...["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"],
    ...TEMPORARY.flatMap((directory) => ["--tmpfs", directory]),
    // What lies in a directory that is private now is seen again.
    ...readable.filter(isTemporary).flatMap((path) => ["--ro-bind-try", path, path]),
    ...writable.flatMap((path) => ["--bind", path, path]),
    ...["--setenv", "TMPDIR", "/tmp"],
  ];
}

function isTemporary(path: string): boolean {
  return TEMPORARY.some((directory) => path.startsWith(`${directory}/`));
}

/**
 * Looks for bwrap on the PATH and really tries it, in the form that bodies need: an unprivileged user may not be
 * allowed to make namespaces, and a container to mount /proc.
 */
export async function probeBubblewrap(
  environment: Readonly<Record<string, string>>,
  sandboxed: boolean,
): Promise<BubblewrapProbe> {
  const program = findProgram("bwrap", environment["PATH"] ?? "", "/");
  if (program === undefined) return { kind: "refused", reason: "bubblewrap (bwrap) is not installed" };
  const sandbox = sandboxed ? { sandbox: { network: false, readable: [], writable: [] } } : {};
  const stop = AbortSignal.timeout(PROBE_TIMEOUT_MS);
  const { code, stderr } = await new Deno.Command(program, {
    args: [...bubblewrapArguments({ cwd: "/", ...sandbox }), "/bin/sh", "-c", "exit 0"],
    cwd: "/",
    clearEnv: true,
    env: { ...environment },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    signal: stop,
  }).output();
  if (code === 0) return { kind: "works", program };
  const [line = ""] = new TextDecoder().decode(stderr).split("\n");
  return {
    kind: "refused",
    reason: stop.aborted
      ? `bubblewrap does not answer within ${PROBE_TIMEOUT_MS / 1000} s`
      : `bubblewrap is installed but may not make namespaces here (${line.replace(/^bwrap: /, "")})`,
  };
}
