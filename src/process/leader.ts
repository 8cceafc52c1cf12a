/** The leader of a body: the process that omk itself starts. */

import { reasonOf } from "../errors.ts";
import type { BodySpec } from "./port.ts";
import { signalName } from "./signals.ts";

/** What a leader needs besides its body's own. */
export interface LeaderTools {
  /** Absolute path of a POSIX shell. */
  readonly shell: string;
  /** Absolute path of setsid(1); null where the machine has none. */
  readonly setsid: string | null;
  /** OMK_MARK: what omk inherited, then its own mark. */
  readonly markChain: string;
}

/** How a leader ended. */
export interface LeaderEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  /** Name of the signal that ended it. */
  readonly signal: string | null;
}

/**
 * Starts the leader of a body: in a session and group of its own, with standard input closed.
 *
 * @throws what the system says, and a RangeError for an empty command or an id that could not be searched for.
 */
export function spawnLeader(spec: BodySpec, tools: LeaderTools): Deno.ChildProcess {
  const { program, args, detached } = programOf(spec, tools);
  if (program === undefined) throw new RangeError("The command is empty");
  if (/\p{Cc}/u.test(spec.task_id)) throw new RangeError("The task id holds a control character");
  return new Deno.Command(program, {
    args: [...args],
    cwd: spec.cwd,
    clearEnv: true,
    env: {
      ...spec.env,
      OMK_TASK_ID: spec.task_id,
      OMK_ATTEMPT: String(spec.attempt),
      OMK_MARK: tools.markChain,
    },
    detached,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** What is started. setsid(1) hides whether a program exists, so only shells, which do, go through it. */
function programOf(
  { command }: BodySpec,
  { shell, setsid }: LeaderTools,
): { readonly program: string | undefined; readonly args: readonly string[]; readonly detached: boolean } {
  if (typeof command !== "string") return { program: command[0], args: command.slice(1), detached: true };
  if (setsid === null) return { program: shell, args: ["-c", command], detached: true };
  return { program: setsid, args: [shell, "-c", command], detached: false };
}

/** How the leader ended; resolves when it has. Never rejects. */
export async function leaderEnd(child: Deno.ChildProcess): Promise<LeaderEnd> {
  try {
    const { code, signal } = await child.status;
    return signal === null ? { code, signal } : { code: null, signal };
  } catch (error) {
    // The runtime has no names for real-time signals: "Invalid signal: 35".
    const number = /Invalid signal: (\d+)/.exec(reasonOf(error))?.[1];
    return { code: null, signal: signalName(Number(number ?? 0)) ?? reasonOf(error) };
  }
}
