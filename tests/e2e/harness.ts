/**
 * Runs omk as a user does: the program of `OMK_BIN`, or the source, as a process of its own in a directory of its
 * own, with a PATH that holds neither Deno nor Node.
 */

import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

/** What a call of a program did. */
export interface Called {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How omk is called. */
export interface CallOptions {
  readonly cwd?: string;
  /** Beside those of the sandbox. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** An event of a run's log, as far as tests look at it. */
export interface LoggedEvent {
  readonly index: number;
  readonly id: string;
  readonly kind: string;
  readonly payload: { readonly [key: string]: unknown };
}

const ROOT = fromFileUrl(new URL("../..", import.meta.url));
const SOURCE_ARGS = [
  "run",
  "--no-prompt",
  "--quiet",
  "--allow-run",
  "--allow-read",
  "--allow-write",
  "--allow-env",
];

/** No call takes longer, unless omk hangs: then it is ended, and the test fails with what it printed. */
const DEADLINE_MS = 100_000;
/** How often a wait looks again. */
const POLL_MS = 20;

/** What a machine has that can run omk, and what the tasks of these tests use. Neither Deno nor Node is in it. */
const PROGRAMS = (
  "awk basename bash cat chmod chown cmp cp cut date dd dirname env false find flock git grep head id kill ln ls mkdir " +
  "mkfifo mount mv nohup nsenter printf ps pwd readlink rm sed seq setsid sh sha256sum sleep sort stat sync tail " +
  "tee test touch tr true umount uname uniq unshare wc xargs yes"
).split(" ");

/** The program under test and the arguments that come before the user's. */
export function program(): { readonly command: string; readonly args: readonly string[] } {
  const binary = Deno.env.get("OMK_BIN");
  if (binary !== undefined && binary !== "") return { command: binary, args: [] };
  return { command: Deno.execPath(), args: [...SOURCE_ARGS, `${ROOT}main.ts`] };
}

/** A directory of its own for one test: a project, a home, and the program. */
export class Sandbox implements AsyncDisposable {
  /** The directory of everything. */
  readonly root: string;
  /** Where the project is. */
  readonly project: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #running: RunningOmk[] = [];

  private constructor(root: string) {
    this.root = root;
    this.project = `${root}/project`;
    this.env = {
      PATH: `${root}/bin`,
      HOME: `${root}/home`,
      XDG_STATE_HOME: `${root}/state`,
      DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
      DENO_NO_UPDATE_CHECK: "1",
      LANG: "C.UTF-8",
      TMPDIR: `${root}/tmp`,
    };
  }

  /** Makes an empty project directory. */
  static async create(): Promise<Sandbox> {
    const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "omk-e2e-" }));
    const sandbox = new Sandbox(root);
    for (const name of ["bin", "home", "state", "project", "tmp"]) await Deno.mkdir(`${root}/${name}`);
    linkPrograms(`${root}/bin`);
    return sandbox;
  }

  /** Makes a git repository with one commit of these files. */
  static async withRepository(
    files: Readonly<Record<string, string>> = { "README.md": "# test\n" },
  ): Promise<Sandbox> {
    const sandbox = await Sandbox.create();
    await sandbox.git("init", "--quiet", "--initial-branch=main");
    await sandbox.git("config", "user.name", "Ada");
    await sandbox.git("config", "user.email", "ada@example.com");
    await sandbox.commit("first", files);
    return sandbox;
  }

  /** Makes a git repository whose one commit holds this plan. */
  static async withPlan(plan: unknown, files: Readonly<Record<string, string>> = {}): Promise<Sandbox> {
    return await Sandbox.withRepository({ "README.md": "# test\n", ...files, "omk.jsonc": planText(plan) });
  }

  /** Writes files of the project. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      const full = `${this.project}/${path}`;
      await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(full, text);
    }
  }

  /** Writes files and commits everything. */
  async commit(message: string, files: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.write(files);
    await this.git("add", "-A");
    await this.git("commit", "--quiet", "--allow-empty", "-m", message);
  }

  /** Writes `omk.jsonc` and commits it. */
  async plan(plan: unknown): Promise<void> {
    await this.commit("plan", { "omk.jsonc": planText(plan) });
  }

  /** Writes a program that comes first on the PATH; a script for `sh`. */
  async stub(name: string, script: string): Promise<void> {
    const path = `${this.root}/bin/${name}`;
    await Deno.remove(path).catch(ignoreMissing);
    await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  /** Reads a file of the project. */
  async read(path: string): Promise<string> {
    return await Deno.readTextFile(`${this.project}/${path}`);
  }

  /** Calls git in the project, and fails with what it printed where it fails. */
  async git(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.call("git", args);
    if (code !== 0) throw new Error(`git ${args.join(" ")} ended with ${code}: ${stderr}`);
    return stdout.trimEnd();
  }

  /** Runs a shell script in the project, with the environment of a user. */
  async sh(script: string, options: CallOptions = {}): Promise<Called> {
    return await this.call("sh", ["-c", script], options);
  }

  /** Runs a program to its end. */
  async call(command: string, args: readonly string[], options: CallOptions = {}): Promise<Called> {
    return await call(command, args, {
      cwd: options.cwd ?? this.project,
      env: { ...this.env, ...options.env },
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    });
  }

  /** Calls omk and waits for its end. */
  async omk(args: readonly string[], options: CallOptions = {}): Promise<Called> {
    const { command, args: first } = program();
    return await this.call(command, [...first, ...args], options);
  }

  /** Calls omk and fails unless it ends with this exit code. */
  async omkEnds(code: number, args: readonly string[], options: CallOptions = {}): Promise<Called> {
    const called = await this.omk(args, options);
    assertEquals(called.code, code, `omk ${args.join(" ")} printed:\n${called.stdout}${called.stderr}`);
    return called;
  }

  /** Calls omk with `--json` and returns the document that it printed. */
  // deno-lint-ignore no-explicit-any -- a test reads what it expects, and fails where that is not there
  async omkJson(args: readonly string[], options: CallOptions = {}): Promise<any> {
    const called = await this.omk([...args, "--json"], options);
    try {
      return JSON.parse(called.stdout);
    } catch {
      throw new Error(`omk ${args.join(" ")} --json printed:\n${called.stdout}${called.stderr}`);
    }
  }

  /** The words of a shell command that calls omk. */
  omkCommand(...args: readonly string[]): string {
    const { command, args: first } = program();
    return [command, ...first, ...args].map(quoted).join(" ");
  }

  /** Starts omk and leaves it running. */
  start(args: readonly string[], options: CallOptions = {}): RunningOmk {
    const { command, args: first } = program();
    return this.startProgram(command, [...first, ...args], options);
  }

  /** Starts a program and leaves it running. */
  startProgram(command: string, args: readonly string[], options: CallOptions = {}): RunningOmk {
    const running = new RunningOmk(
      new Deno.Command(command, {
        args: [...args],
        cwd: options.cwd ?? this.project,
        clearEnv: true,
        env: { ...this.env, ...options.env },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn(),
    );
    this.#running.push(running);
    return running;
  }

  /** The directory of the newest run. */
  async runDirectory(): Promise<string> {
    return await runDirectoryIn(`${this.project}/.git/omk`);
  }

  /** The id of the newest run. */
  async runId(): Promise<string> {
    return (await this.runDirectory()).split("/").at(-1) ?? "";
  }

  /** The events of the newest run, as they stand in its log. */
  async events(): Promise<readonly LoggedEvent[]> {
    return await eventsIn(await this.runDirectory());
  }

  /** The payloads of the newest run's events of one kind. */
  async payloads(kind: string): Promise<readonly LoggedEvent["payload"][]> {
    return (await this.events()).filter((event) => event.kind === kind).map((event) => event.payload);
  }

  /** The commands of all living processes that were started in this sandbox, by omk, a task or a test. */
  async processes(): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const entry of Deno.readDir("/proc")) {
      if (!/^\d+$/.test(entry.name)) continue;
      const environment = await readProc(`/proc/${entry.name}/environ`);
      if (!environment.includes(`${this.root}/home`)) continue;
      found.push(
        `${entry.name} ${(await readProc(`/proc/${entry.name}/cmdline`)).replaceAll("\0", " ").trim()}`,
      );
    }
    return found;
  }

  /** Resolves once no process of this sandbox is alive; fails with those that are after a minute. */
  async becomesQuiet(): Promise<void> {
    await eventually("every process of the run to end", async () => {
      return (await this.processes()).length === 0 ? true : undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running) await running.end();
    for (const process of await this.processes()) endProcess(Number(process.split(" ")[0]));
    await Deno.remove(this.root, { recursive: true });
  }
}

/** An omk that was started and may still run. */
export class RunningOmk {
  readonly pid: number;
  /** What it did, once it has ended. */
  readonly ended: Promise<Called>;
  readonly #child: Deno.ChildProcess;
  #stdout = "";
  #stderr = "";
  #isOver = false;

  /** Takes a child whose streams are piped. */
  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.pid = child.pid;
    this.ended = this.#follow();
    this.ended.catch(() => undefined);
  }

  /** What it has printed up to now. */
  get stdout(): string {
    return this.#stdout;
  }

  /** Sends a signal, unless it has ended by itself. */
  kill(signal: Deno.Signal): void {
    if (this.#isOver) return;
    try {
      this.#child.kill(signal);
    } catch (error) {
      // It has ended, and only the news of that is still under way.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Resolves with what it has printed to stdout, once that contains `text`. */
  async printed(text: string): Promise<string> {
    return await this.#shown(text, () => this.#stdout);
  }

  /** Resolves with what it has printed to stderr, once that contains `text`. */
  async printedError(text: string): Promise<string> {
    return await this.#shown(text, () => this.#stderr);
  }

  /** Ends it at once, if it still runs. */
  async end(): Promise<void> {
    this.kill("SIGKILL");
    await this.ended;
  }

  async #shown(text: string, read: () => string): Promise<string> {
    return await eventually(`"${text}" to be printed`, () => {
      if (read().includes(text)) return read();
      if (this.#isOver) {
        throw new Error(`omk ended without printing "${text}":\n${this.#stdout}${this.#stderr}`);
      }
      return undefined;
    });
  }

  async #follow(): Promise<Called> {
    const [status] = await Promise.all([
      this.#child.status.finally(() => this.#isOver = true),
      collect(this.#child.stdout, (text) => this.#stdout += text),
      collect(this.#child.stderr, (text) => this.#stderr += text),
    ]);
    return { code: status.code, signal: status.signal, stdout: this.#stdout, stderr: this.#stderr };
  }
}

/** The directory of the newest run below omk's home. */
export async function runDirectoryIn(home: string): Promise<string> {
  const runs: string[] = [];
  for await (const entry of Deno.readDir(`${home}/runs`)) {
    if (!entry.name.startsWith(".")) runs.push(entry.name);
  }
  const newest = runs.sort().at(-1);
  if (newest === undefined) throw new Error(`There is no run in ${home}`);
  return `${home}/runs/${newest}`;
}

/** The whole lines of a run's log. */
export async function eventsIn(runDirectory: string): Promise<readonly LoggedEvent[]> {
  const text = await Deno.readTextFile(`${runDirectory}/events.jsonl`);
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

/** Resolves once `check` does so with something other than undefined; fails after a minute. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const result = await check();
    if (result !== undefined) return result;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`Waited a minute for ${what}`);
}

/** The content of a file once it exists. */
export async function appears(path: string): Promise<string> {
  return await eventually(path, async () => await Deno.readTextFile(path).catch(ignoreMissing));
}

/** A shell word that stands for exactly this text. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Runs a program to its end; one that takes longer than any may is killed, and that is an error. */
export async function call(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>>; readonly stdin?: string },
): Promise<Called> {
  const child = new Deno.Command(command, {
    args: [...args],
    cwd: options.cwd,
    clearEnv: true,
    env: { ...options.env },
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, DEADLINE_MS);
  try {
    if (options.stdin !== undefined) {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(options.stdin));
      await writer.close();
    }
    const { code, signal, stdout, stderr } = await child.output();
    const called = {
      code,
      signal,
      stdout: new TextDecoder().decode(stdout),
      stderr: new TextDecoder().decode(stderr),
    };
    if (!isLate) return called;
    throw new Error(
      `${[command, ...args].join(" ")} did not end in time:\n${called.stdout}${called.stderr}`,
    );
  } finally {
    clearTimeout(timer);
  }
}

function planText(plan: unknown): string {
  return typeof plan === "string" ? plan : JSON.stringify(plan, null, 2);
}

/** Synchronous: it is short, and done for every sandbox. */
function linkPrograms(directory: string): void {
  const missing = new Set(PROGRAMS);
  for (const source of ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]) {
    for (const { name } of Deno.readDirSync(source)) {
      if (missing.delete(name)) Deno.symlinkSync(`${source}/${name}`, `${directory}/${name}`);
    }
  }
}

async function collect(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of stream) take(decoder.decode(bytes, { stream: true }));
  take(decoder.decode());
}

/** A file of a process; empty where the process is gone, or is a zombie. */
async function readProc(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    return "";
  }
}

function endProcess(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Deno.errors.NotFound) return undefined;
  throw error;
}
