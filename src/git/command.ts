/**
 * The one way in which omk runs git: a clean environment, no prompts, no hooks, no configuration that could
 * change what a command means, a deadline, and a typed error.
 */

import { reasonOf } from "../errors.ts";
import { findSetsid } from "../process/setsid.ts";
import { GitError, GitMissingError } from "./errors.ts";

/**
 * Whose configuration a call obeys:
 * - `own`: omk's repositories; neither system, nor global, nor default files are read;
 * - `local`: the user's repository, its own configuration only;
 * - `user`: all of the user's configuration, for what the user's own git would do.
 */
export type GitProfile = "own" | "local" | "user";

/** How a git call is made. */
export interface GitOptions {
  /** Absolute. */
  readonly cwd: string;
  readonly profile: GitProfile;
  /** `GIT_DIR`, `GIT_INDEX_FILE` and the like. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further `name=value` settings. */
  readonly config?: readonly string[];
  readonly stdin?: Uint8Array | string | ReadableStream<Uint8Array>;
  /** Exit codes that are answers, not failures; default: 0 alone. */
  readonly okCodes?: readonly number[];
  /** Milliseconds; default ten minutes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What a git call gave. */
export interface GitOutput {
  readonly code: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/** No plumbing call of omk takes this long; a hung file system or filter does. */
const DEFAULT_TIMEOUT_MS = 600_000;

/** Between SIGTERM, on which git removes its lock files, and SIGKILL. */
const KILL_GRACE_MS = 5_000;

/** What holds for every call, in the user's repository too. */
const SAFE_CONFIG: readonly string[] = [
  "safe.directory=*",
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.splitIndex=false",
  "core.untrackedCache=false",
  // Locks of a neighbour are waited for: the defaults are 100 ms and 1 s.
  "core.filesRefLockTimeout=10000",
  "core.packedRefsTimeout=10000",
  "gc.auto=0",
  "maintenance.auto=false",
  "commit.gpgSign=false",
  "tag.gpgSign=false",
  "log.showSignature=false",
  "submodule.recurse=false",
  "i18n.commitEncoding=UTF-8",
  "core.quotePath=true",
  "color.ui=false",
  // Evidence is on the disk before the log tells of it. Objects are synced one by one: `batch` moves them into place
  // together, does not tell of one that it could not move (in git 2.39 at least), and so loses what belongs into a
  // directory that a clean-up of the user removes at that moment.
  "core.fsync=committed,reference",
  "core.fsyncMethod=fsync",
];

/** What holds besides in omk's own repositories, where every byte of the result must be the same everywhere. */
const OWN_CONFIG: readonly string[] = [
  "core.excludesFile=/dev/null",
  "core.attributesFile=/dev/null",
  "core.autocrlf=false",
  "core.sparseCheckout=false",
  "core.trustCTime=true",
  "core.logAllRefUpdates=false",
  "checkout.workers=0",
  // Here nobody cleans up while somebody writes.
  "core.fsyncMethod=batch",
];

/**
 * Runs git and waits for its end.
 *
 * @throws {GitMissingError} where git cannot be started.
 * @throws {GitError} for an exit code that is not in `okCodes`, a passed deadline or an aborted signal.
 */
export async function runGit(args: readonly string[], options: GitOptions): Promise<GitOutput> {
  const fail = (exitCode: number | null, stderr: string, ended?: "timed_out" | "aborted") =>
    new GitError({ argv: args, cwd: options.cwd, exitCode, stderr, ...(ended && { ended }) });
  // An already aborted signal would be ignored by the platform.
  if (options.signal?.aborted) throw fail(null, "", "aborted");
  const child = spawnGit(args, options);
  let ended: "timed_out" | "aborted" | undefined;
  let killTimer: ReturnType<typeof setTimeout> | undefined;
  const end = (why: "timed_out" | "aborted") => {
    if (ended !== undefined) return;
    ended = why;
    signalGroup(child, "SIGTERM");
    killTimer = setTimeout(() => signalGroup(child, "SIGKILL"), KILL_GRACE_MS);
  };
  const onAbort = () => end("aborted");
  const timer = setTimeout(() => end("timed_out"), options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const [output, unread] = await Promise.all([child.output(), feed(child, options.stdin)]);
    const stderr = decode(output.stderr);
    // Only setsid(1) itself says this, where it finds no git to become.
    if (output.code === 127 && stderr.startsWith("setsid: ")) throw missing(stderr.trim());
    if (ended !== undefined) throw fail(null, stderr, ended);
    if (!(options.okCodes ?? [0]).includes(output.code)) throw fail(output.code, stderr);
    if (unread !== null) throw fail(output.code, `git did not read all of its input: ${unread}`);
    return { code: output.code, stdout: output.stdout, stderr };
  } finally {
    clearTimeout(timer);
    clearTimeout(killTimer);
    options.signal?.removeEventListener("abort", onAbort);
  }
}

/** Runs git and gives its output as text, without the last line end. */
export async function gitText(args: readonly string[], options: GitOptions): Promise<string> {
  return decode((await runGit(args, options)).stdout).replace(/\n$/, "");
}

/** Runs git with `-z` and gives the NUL-terminated fields of its output. */
export async function gitFields(args: readonly string[], options: GitOptions): Promise<string[]> {
  return splitNul(decode((await runGit(args, options)).stdout));
}

/** The fields of a text in which each ends with NUL. */
export function splitNul(text: string): string[] {
  if (text === "") return [];
  const fields = text.split("\0");
  if (fields.at(-1) === "") fields.pop();
  return fields;
}

/** The same texts, each ended with NUL, as git reads them with `-z`. */
export function joinNul(fields: Iterable<string>): string {
  let text = "";
  for (const field of fields) text += `${field}\0`;
  return text;
}

/** Decodes what git prints. Bytes that are not UTF-8 become U+FFFD; a leading byte order mark is part of the text. */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Starts git with its output piped; its input too where `options.stdin` is given. */
export function spawnGit(args: readonly string[], options: GitOptions): Deno.ChildProcess {
  const settings = [
    ...SAFE_CONFIG,
    ...(options.profile === "own" ? OWN_CONFIG : []),
    ...(options.config ?? []),
  ];
  try {
    const setsid = findSetsid();
    const argv = [...settings.flatMap((setting) => ["-c", setting]), ...args];
    return new Deno.Command(setsid ?? "git", {
      args: setsid === null ? argv : ["git", ...argv],
      cwd: options.cwd,
      clearEnv: true,
      env: { ...gitEnvironment(options.profile), ...options.env },
      // A group of its own: Ctrl-C in the terminal is omk's to answer and must not cut git short, and at a
      // deadline what git has started ends with it.
      detached: setsid === null,
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && !isDirectory(options.cwd)) {
      throw new GitError({
        argv: args,
        cwd: options.cwd,
        exitCode: null,
        stderr: "the directory does not exist",
      });
    }
    throw missing(reasonOf(error), error);
  }
}

function missing(why: string, cause?: unknown): GitMissingError {
  return new GitMissingError({
    what: "Cannot run git",
    why,
    fix: "install git 2.38 or later, or put it on the PATH",
    cause,
  });
}

/** The environment of a git call: the user's, without what could redirect git or make it ask. */
function gitEnvironment(profile: GitProfile): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(Deno.env.toObject())) {
    const keep = !name.startsWith("GIT_") || (profile === "user" && name.startsWith("GIT_CONFIG_"));
    if (keep) env[name] = value;
  }
  env["LC_ALL"] = "C";
  env["GIT_TERMINAL_PROMPT"] = "0";
  // Reading the user's repository must not rewrite its index.
  env["GIT_OPTIONAL_LOCKS"] = "0";
  env["GIT_NO_REPLACE_OBJECTS"] = "1";
  // No call needs the network; a partial clone would fetch what it lacks behind the user's back.
  env["GIT_NO_LAZY_FETCH"] = "1";
  env["GIT_ALLOW_PROTOCOL"] = "file";
  if (profile !== "user") {
    env["GIT_CONFIG_NOSYSTEM"] = "1";
    env["GIT_CONFIG_GLOBAL"] = "/dev/null";
    env["GIT_ATTR_NOSYSTEM"] = "1";
  }
  return env;
}

/** Writes all of `data` to git; resolves with the reason where git ended before it had read it. */
async function feed(child: Deno.ChildProcess, data: GitOptions["stdin"]): Promise<string | null> {
  if (data === undefined) return null;
  if (data instanceof ReadableStream) {
    try {
      await data.pipeTo(child.stdin);
      return null;
    } catch (error) {
      return reasonOf(error);
    }
  }
  const writer = child.stdin.getWriter();
  try {
    await writer.write(typeof data === "string" ? new TextEncoder().encode(data) : data);
    await writer.close();
    return null;
  } catch (error) {
    // A broken pipe has different names in different versions of the platform.
    return reasonOf(error);
  } finally {
    writer.releaseLock();
  }
}

function signalGroup(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    Deno.kill(-child.pid, signal);
  } catch (error) {
    // It has ended by itself; its status says how.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
