/**
 * Runs omk as a user does: the program of `OMK_BIN`, or the source, in a directory of its own, with a PATH that holds
 * neither Deno nor Node.
 */

import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { call, type Called, DEADLINE_MS, eventually, ignoreMissing, quoted } from "./call.ts";
import { RunningOmk } from "./running_omk.ts";
import { StandingOmk } from "./standing_omk.ts";

/** How omk is called. */
export interface CallOptions {
  readonly cwd?: string;
  /** Beside those of the sandbox. */
  readonly env?: Readonly<Record<string, string>>;
  /** Variables of the sandbox that the call has not. */
  readonly unset?: readonly string[];
  readonly stdin?: string;
  /** Whether the call must be a process of its own, because the test is about that. */
  readonly ownProcess?: boolean;
}

/** An event of a run's log, as far as tests look at it. */
export interface LoggedEvent {
  readonly index: number;
  readonly id: string;
  readonly kind: string;
  readonly payload: { readonly [key: string]: unknown };
}

/** Who commits in a repository of a test. */
const IDENTITY = "[user]\n\tname = Ada\n\temail = ada@example.com\n";

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

/** What a machine has that can run omk, and what the tasks of these tests use. Neither Deno nor Node is in it. */
const PROGRAMS = (
  "awk basename bash bwrap cat chmod chown cmp cp cut date dd dirname du env false find flock git grep head id kill ln ls mkdir " +
  "mkfifo mount mv nohup nsenter printf ps pwd readlink rm rmdir sed seq setsid sh sha256sum sleep sort stat sync tail " +
  "tee test touch tr true umount uname uniq unshare wc xargs yes"
).split(" ");

/** Whether an executable is under test, and not the source. */
export function testsExecutable(): boolean {
  return (Deno.env.get("OMK_BIN") ?? "") !== "";
}

/** The program under test and the arguments that come before the user's. */
export function program(): { readonly command: string; readonly args: readonly string[] } {
  const binary = Deno.env.get("OMK_BIN") ?? "";
  if (binary !== "") return { command: binary, args: [] };
  return { command: Deno.execPath(), args: sourceArgs("main") };
}

/** The runtime's arguments for a module of the source, or of the bundle that the test command has made of it. */
function sourceArgs(module: string): readonly string[] {
  const bundle = Deno.env.get("OMK_BUNDLE");
  if (bundle === undefined) return [...SOURCE_ARGS, `${ROOT}${module}.ts`];
  return [...SOURCE_ARGS, "--no-config", "--no-check", `${bundle}/${module}.js`];
}

/** Where the runtime has its cache. */
const DENO_DIR = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;

/** Answers calls of omk from source; started with the test file. */
const standing = testsExecutable() ? undefined : new StandingOmk(
  sourceArgs("tests/e2e/standing_main"),
  { DENO_DIR, DENO_NO_UPDATE_CHECK: "1" },
);

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
      DENO_DIR,
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
    await Deno.writeTextFile(`${sandbox.project}/.git/config`, IDENTITY, { append: true });
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
    // Git would start a process to look for what there is to pack, after each commit.
    await this.git("-c", "maintenance.auto=false", "commit", "--quiet", "--allow-empty", "-m", message);
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
      env: this.#environment(options),
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    });
  }

  /** Calls omk and waits for its end; from source in a process that answers other calls too, where it can. */
  async omk(args: readonly string[], options: CallOptions = {}): Promise<Called> {
    const { cwd = this.project, stdin, ownProcess = false } = options;
    if (standing?.takes(args) && stdin === undefined && !ownProcess) {
      return await standing.call({ words: args, cwd, env: this.#environment(options) }, DEADLINE_MS);
    }
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
  processes(): readonly string[] {
    const found: string[] = [];
    for (const entry of Deno.readDirSync("/proc")) {
      if (!/^\d+$/.test(entry.name)) continue;
      if (!readProc(`/proc/${entry.name}/environ`).includes(`${this.root}/home`)) continue;
      found.push(`${entry.name} ${readProc(`/proc/${entry.name}/cmdline`).replaceAll("\0", " ").trim()}`);
    }
    return found;
  }

  /** Resolves once no process of this sandbox is alive; fails with those that are after a minute. */
  async becomesQuiet(): Promise<void> {
    await eventually("every process of the run to end", () => {
      return this.processes().length === 0 ? true : undefined;
    });
  }

  #environment({ env = {}, unset = [] }: CallOptions): Readonly<Record<string, string>> {
    const all = Object.entries({ ...this.env, ...env });
    return Object.fromEntries(all.filter(([name]) => !unset.includes(name)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running) await running.end();
    for (const process of this.processes()) endProcess(Number(process.split(" ")[0]));
    await Deno.remove(this.root, { recursive: true });
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

function planText(plan: unknown): string {
  return typeof plan === "string" ? plan : JSON.stringify(plan, null, 2);
}

/** Where the programs are on this machine, by name; looked up once. */
let programPaths: ReadonlyMap<string, string> | undefined;

/** Synchronous: it is short, and done for every sandbox. */
function linkPrograms(directory: string): void {
  programPaths ??= findPrograms();
  for (const [name, path] of programPaths) Deno.symlinkSync(path, `${directory}/${name}`);
}

function findPrograms(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const missing = new Set(PROGRAMS);
  for (const source of ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]) {
    for (const { name } of Deno.readDirSync(source)) {
      if (missing.delete(name)) found.set(name, `${source}/${name}`);
    }
  }
  return found;
}

/**
 * A file of a process; empty where the process is gone, or is a zombie. Synchronous: there are hundreds, which are read
 * again and again by who waits for processes to end.
 */
function readProc(path: string): string {
  try {
    return Deno.readTextFileSync(path);
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
