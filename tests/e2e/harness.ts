/**
 * Runs omk as a user does: the program of `OMK_BIN`, or the source, as a process of its own in a directory of its
 * own, with a PATH that holds neither Deno nor Node.
 */

import { fromFileUrl } from "@std/path";

/** What a call of omk did. */
export interface Called {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How omk is called. */
export interface CallOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Only these variables, beside PATH and HOME. */
  readonly stdin?: string;
}

const ROOT = fromFileUrl(new URL("../..", import.meta.url));
const SOURCE_ARGS = ["run", "--no-prompt", "--quiet", "--allow-run", "--allow-read", "--allow-write", "--allow-env"];
/** Programs that the machine of a user need not have. */
const ABSENT = /^(deno|deno-dev|node|nodejs|npm|npx|corepack)$/;

/** The program under test and the arguments that come before the user's. */
export function program(): { readonly command: string; readonly args: readonly string[] } {
  const binary = Deno.env.get("OMK_BIN");
  if (binary !== undefined && binary !== "") return { command: binary, args: [] };
  return { command: Deno.execPath(), args: [...SOURCE_ARGS, `${ROOT}/main.ts`] };
}

/** A directory of its own for one test: a project, a home, and the program. */
export class Sandbox implements AsyncDisposable {
  /** The directory of everything. */
  readonly root: string;
  /** Where the project is. */
  readonly project: string;
  readonly env: Readonly<Record<string, string>>;

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
    await linkPrograms(`${root}/bin`);
    return sandbox;
  }

  /** Makes a git repository with one commit of these files. */
  static async withRepository(files: Readonly<Record<string, string>> = { "README.md": "# test\n" }): Promise<Sandbox> {
    const sandbox = await Sandbox.create();
    await sandbox.git("init", "--quiet", "--initial-branch=main");
    await sandbox.git("config", "user.name", "Ada");
    await sandbox.git("config", "user.email", "ada@example.com");
    await sandbox.write(files);
    await sandbox.git("add", "-A");
    await sandbox.git("commit", "--quiet", "-m", "first");
    return sandbox;
  }

  /** Writes files of the project. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      const full = `${this.project}/${path}`;
      await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(full, text);
    }
  }

  /** Writes `omk.jsonc` and commits it. */
  async plan(plan: unknown): Promise<void> {
    await this.write({ "omk.jsonc": typeof plan === "string" ? plan : JSON.stringify(plan, null, 2) });
    await this.git("add", "-A");
    await this.git("commit", "--quiet", "-m", "plan");
  }

  /** Reads a file of the project. */
  async read(path: string): Promise<string> {
    return await Deno.readTextFile(`${this.project}/${path}`);
  }

  /** Calls git in the project, and fails with what it printed where it fails. */
  async git(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await call("git", args, { cwd: this.project, env: this.env });
    if (code !== 0) throw new Error(`git ${args.join(" ")} ended with ${code}: ${stderr}`);
    return stdout.trimEnd();
  }

  /** Calls omk and waits for its end. */
  async omk(args: readonly string[], options: CallOptions = {}): Promise<Called> {
    const { command, args: first } = program();
    return await call(command, [...first, ...args], {
      cwd: options.cwd ?? this.project,
      env: { ...this.env, ...options.env },
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    });
  }

  /** Starts omk and leaves it running; its output goes to files that `outputOf` reads. */
  start(args: readonly string[], options: CallOptions = {}): Deno.ChildProcess {
    const { command, args: first } = program();
    return new Deno.Command(command, {
      args: [...first, ...args],
      cwd: options.cwd ?? this.project,
      clearEnv: true,
      env: { ...this.env, ...options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root, { recursive: true });
  }
}

/** Resolves once `check` does so with something other than undefined; fails after a minute. */
export async function eventually<T>(what: string, check: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const result = await check();
    if (result !== undefined) return result;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Waited a minute for this: ${what}`);
}

/** The content of a file once it exists. */
export async function appears(path: string): Promise<string> {
  return await eventually(path, async () => {
    try {
      return await Deno.readTextFile(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  });
}

/** Runs a program to its end. */
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
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.stdin));
    await writer.close();
  }
  const { code, signal, stdout, stderr } = await child.output();
  return { code, signal, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

async function linkPrograms(directory: string): Promise<void> {
  const linked = new Set<string>();
  for (const source of ["/usr/local/bin", "/usr/bin", "/bin"]) {
    for await (const entry of Deno.readDir(source)) {
      if (linked.has(entry.name) || ABSENT.test(entry.name) || entry.isDirectory) continue;
      linked.add(entry.name);
      await Deno.symlink(`${source}/${entry.name}`, `${directory}/${entry.name}`);
    }
  }
}
