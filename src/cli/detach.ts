/**
 * Starting a run in the background: the same program once more, in a session of its own, with its output in a file. It
 * says its run id in a small file beside the runs as soon as the run exists, and only then does the caller return.
 */

import { ExitCode, InfraError, OmkError } from "../errors.ts";
import type { RunDirectory } from "../run/directory.ts";
import type { CommandContext } from "./command.ts";
import { listenForEnd } from "./end_signals.ts";

/** Names the start that a background process belongs to. */
export const DETACHED_VARIABLE = "OMK_DETACHED";
/** Begins the names of the files by which the two processes of such a start know each other, beside the runs. */
export const DETACHED_PREFIX = ".detached-";
/** How often the caller looks whether the run exists. */
const LOOK_MS = 20;
/** Making a run takes moments; a snapshot of a large checkout takes longer. */
const START_LIMIT_MS = 600_000;

/** A run that goes on in the background. */
export interface DetachedRun {
  readonly runId: string;
  readonly pid: number;
  /** The file with what it prints. */
  readonly output: string;
}

/** The background process ended before there was a run; the exit code is its own. */
class DetachedStartError extends OmkError {
  override readonly name = "DetachedStartError";
  override readonly exitCode: ExitCode;

  constructor(why: string, exitCode: ExitCode) {
    super({ what: "The run did not start", why });
    this.exitCode = exitCode;
  }
}

interface Files {
  readonly output: string;
  readonly started: string;
}

function filesOf(home: string, id: string): Files {
  const stem = `${home}/runs/${DETACHED_PREFIX}${id}`;
  return { output: `${stem}.log`, started: `${stem}.run` };
}

/**
 * Starts omk with these words in the background and waits until its run exists.
 *
 * @throws {DetachedStartError} with what it printed, where it ended before that.
 */
export async function startDetached(
  { env, cwd }: Pick<CommandContext, "env" | "cwd">,
  home: string,
  words: readonly string[],
): Promise<DetachedRun> {
  const id = crypto.randomUUID();
  const files = filesOf(home, id);
  await Deno.mkdir(`${home}/runs`, { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(files.output, "", { mode: 0o600 });
  const child = new Deno.Command("/bin/sh", {
    args: [
      "-c",
      'output=$1; shift; exec "$@" >>"$output" 2>&1',
      "sh",
      files.output,
      ...ownProgram(),
      ...words,
    ],
    cwd,
    env: { ...env, [DETACHED_VARIABLE]: id },
    detached: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let ended: Deno.CommandStatus | undefined;
  void child.status.then((status) => ended = status);
  const kill = () => child.kill("SIGTERM");
  using _signals = listenForEnd({ first: kill, again: kill });
  const deadline = performance.now() + START_LIMIT_MS;
  for (;;) {
    const told = readIfThere(files.started);
    if (told !== null) {
      Deno.removeSync(files.started);
      child.unref();
      const [runId = "", output = ""] = told.trimEnd().split("\n");
      return { runId, pid: child.pid, output };
    }
    if (ended !== undefined) throw startError(files, ended);
    if (performance.now() > deadline) {
      kill();
      throw new InfraError({ what: "The run did not start in time", where: files.output });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** In the background process, once its run exists: moves its output there, and tells who waits for it. */
export function tellStarted(
  env: Readonly<Record<string, string>>,
  home: string,
  { path, runId }: RunDirectory,
  incarnation: number,
): void {
  const id = env[DETACHED_VARIABLE];
  if (id === undefined || !/^[0-9a-f-]{36}$/.test(id)) return;
  const files = filesOf(home, id);
  const name = incarnation === 1 ? "console.log" : `console-${incarnation}.log`;
  const output = `${path}/${name}`;
  Deno.renameSync(files.output, output);
  const temporary = `${files.started}.new`;
  Deno.writeTextFileSync(temporary, `${runId}\n${output}\n`, { mode: 0o600 });
  Deno.renameSync(temporary, files.started);
}

/** The program and arguments that come before the user's words: the executable, or the runtime with the source. */
function ownProgram(): readonly string[] {
  if (Deno.build.standalone) return [Deno.execPath()];
  const allow = ["--no-prompt", "--quiet", "--allow-run", "--allow-read", "--allow-write", "--allow-env"];
  return [Deno.execPath(), "run", ...allow, Deno.mainModule];
}

function startError({ output }: Files, { code }: Deno.CommandStatus): DetachedStartError {
  const printed = Deno.readTextFileSync(output).trim();
  Deno.removeSync(output);
  const why = printed.replace(/^error: /, "");
  const known = Object.values(ExitCode).find((each) => each === code && each !== ExitCode.OK);
  return new DetachedStartError(why === "" ? `omk ended with ${code}` : why, known ?? ExitCode.FAILED_INFRA);
}

function readIfThere(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
