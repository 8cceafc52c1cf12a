/** The leader of a body: the process that omk itself starts. */

import { reasonOf } from "../errors.ts";
import { findProgram } from "./find_program.ts";
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

/** What a leader goes through before it is the program of its body. */
export interface Passage {
  /** Shell commands that it runs first, each with a semicolon; "" for none. */
  readonly entrance: string;
  /** A program with arguments that starts the body as its child; empty: none does. */
  readonly wrapper: readonly string[];
}

/** How a leader ended. */
export interface LeaderEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  /** Name of the signal that ended it. */
  readonly signal: string | null;
}

/**
 * Starts the leader of a body: in a session and group of its own. Its standard input is closed but where
 * somebody speaks with it.
 *
 * @throws what the system says, and a RangeError for an empty command or an id that could not be searched for.
 */
export function spawnLeader(spec: BodySpec, passage: Passage, tools: LeaderTools): Deno.ChildProcess {
  if (/\p{Cc}/u.test(spec.task_id)) throw new RangeError("The task id holds a control character");
  const { words, isShell } = wordsOf(spec, passage, tools);
  // setsid(1) hides whether a program exists, so only shells, which do, go through it.
  const leadsBySetsid = isShell && tools.setsid !== null;
  const [program, ...args] = leadsBySetsid ? [tools.setsid, ...words] : words;
  if (program === undefined) throw new RangeError("The command is empty");
  const leader = new Deno.Command(program, {
    args,
    cwd: spec.cwd,
    clearEnv: true,
    env: {
      ...spec.env,
      OMK_TASK_ID: spec.task_id,
      OMK_ATTEMPT: String(spec.attempt),
      OMK_MARK: tools.markChain,
    },
    detached: !leadsBySetsid,
    stdin: spec.converse === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  });
  try {
    return leader.spawn();
  } catch (error) {
    // What the runtime says of these names a program that nobody knows, or nothing.
    if (error instanceof Deno.errors.NotFound) requireStart(spec);
    throw error;
  }
}

/** Says which of the places that a body names is not there; nothing where that is not what keeps it from its start. */
function requireStart(spec: BodySpec): void {
  if (!isDirectory(spec.cwd)) throw new Deno.errors.NotFound(`there is no directory ${spec.cwd}`);
  if (typeof spec.command !== "string") requireProgram(spec, spec.command);
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** What is started, with every program that the body's own is reached through. */
function wordsOf(
  spec: BodySpec,
  { entrance, wrapper }: Passage,
  { shell }: LeaderTools,
): { readonly words: readonly string[]; readonly isShell: boolean } {
  const { command } = spec;
  const isText = typeof command === "string";
  if (wrapper.length === 0 && isText) return { words: [shell, "-c", `${entrance}${command}`], isShell: true };
  const own = isText ? [shell, "-c", command] : command;
  if (wrapper.length === 0 && entrance === "") return { words: own, isShell: false };
  if (!isText) requireProgram(spec, command);
  const words = [...wrapper, ...own];
  return entrance === ""
    ? { words, isShell: true }
    : { words: [shell, "-c", `${entrance}exec "$@"`, shell, ...words], isShell: true };
}

/** A program that is missing is found out here where what starts it could only end with an error of its own. */
function requireProgram({ cwd, env }: BodySpec, [program = ""]: readonly string[]): void {
  if (program === "") throw new RangeError("The command is empty");
  if (findProgram(program, env["PATH"] ?? "", cwd) !== undefined) return;
  throw new Deno.errors.NotFound(`there is no program "${program}"`);
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
