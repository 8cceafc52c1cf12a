/** Real repositories in temporary directories, made quickly. */

import type {
  CommitMeta,
  RepositoryInfo,
  RestoredFile,
  SlotHolder,
  SlotRequest,
} from "../../src/git/port.ts";
import { discoverRepository } from "../../src/git/repository.ts";
import { type GitWorkspace, openWorkspace } from "../../src/git/workspace.ts";
import type { WorktreeSpec } from "../../src/plan/spec.ts";

/** How a test repository differs from the plain one. */
export interface RepositoryOptions {
  readonly objectFormat?: "sha1" | "sha256";
  /** Default: true. */
  readonly commit?: boolean;
}

/** A worktree specification that asks for nothing. */
export const PLAIN_WORKTREE: WorktreeSpec = { setup: null, setup_inputs: [], keep: [], copy: [] };

/** The date of every commit of omk in tests: 2026-01-02T03:04:05Z. */
export const DATE = 1_767_323_045_678;

/** Limits of a pin that no test reaches by accident. */
export const LIMITS = { pin_file_bytes: 1024 * 1024 };

/** What takes a commit's identity and message in tests. */
export function meta(message = "A commit"): CommitMeta {
  return { identity: { name: "Tester", email: "tester@example.com" }, date: DATE, message };
}

/** The holder of attempt `attempt` of a task. */
export function holder(task_id = "task", attempt = 1, run_id = "20260102-030405-abcd"): SlotHolder {
  return { run_id, task_id, attempt, token: 7 };
}

/** A text in which the tests' stand-in for the secret finder finds a secret. */
export const SECRET = "SECRET-0123456789";

/** A repository of a user with one commit, and what tests do with it. */
export class TestRepository implements AsyncDisposable {
  /** Temporary directory around the checkout. */
  readonly directory: string;
  /** Root of the checkout. */
  readonly root: string;
  readonly #workspaces: GitWorkspace[] = [];

  private constructor(directory: string) {
    this.directory = directory;
    this.root = `${directory}/repo`;
  }

  /** Makes a repository on the branch `main` and commits the files. */
  static async create(
    files: Readonly<Record<string, string>> = { "a.txt": "one\n" },
    options: RepositoryOptions = {},
  ): Promise<TestRepository> {
    const repository = new TestRepository(
      await Deno.realPath(await Deno.makeTempDir({ prefix: "omk-git-" })),
    );
    await Deno.mkdir(repository.root);
    const format = options.objectFormat ?? "sha1";
    await repository.git(
      "init",
      "--quiet",
      "--initial-branch=main",
      "--template=",
      `--object-format=${format}`,
    );
    await Deno.writeTextFile(
      `${repository.root}/.git/config`,
      "[user]\n\tname = User\n\temail = user@example.com\n",
      { append: true },
    );
    await repository.write(files);
    if (options.commit !== false) await repository.commit("Begin");
    return repository;
  }

  /** Runs git in the checkout, without anybody's configuration but the repository's. */
  git(...args: string[]): Promise<string> {
    return runGitIn(this.root, args);
  }

  /** Writes files below the root. */
  write(files: Readonly<Record<string, string>>): Promise<void> {
    return writeFiles(this.root, files);
  }

  /** Commits everything; resolves with the commit. */
  async commit(message = "More"): Promise<string> {
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "--allow-empty", "-m", message);
    return await this.git("rev-parse", "HEAD");
  }

  /** What omk discovers here. */
  info(): Promise<RepositoryInfo> {
    return discoverRepository(this.root);
  }

  /** Opens a workspace as from `directory`, whose slots lie beside the checkout; closed with the repository. */
  async workspace(directory = this.root): Promise<GitWorkspace> {
    const workspace = await openWorkspace(await discoverRepository(directory), {
      env: { XDG_STATE_HOME: `${this.directory}/state` },
      findSecrets: (text) => text.includes(SECRET),
    });
    this.#workspaces.push(workspace);
    return workspace;
  }

  /** Paths and contents below the root, `.git` included, but for what is omk's own. */
  async contents(): Promise<Map<string, string>> {
    const contents = new Map<string, string>();
    await collect(this.root, "", contents);
    return contents;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const workspace of this.#workspaces) await workspace.close();
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** A request for a slot; what is not given is plain. */
export function slotRequest(
  base: string,
  more: Partial<Omit<SlotRequest, "worktree">> & { readonly worktree?: Partial<WorktreeSpec> } = {},
): SlotRequest {
  const restore: readonly RestoredFile[] = [];
  return {
    kind: "task",
    holder: holder(),
    base,
    restore,
    runSetup: runSetupWithShell,
    ...more,
    worktree: { ...PLAIN_WORKTREE, ...more.worktree },
  };
}

/** Runs a set-up command for real. */
export async function runSetupWithShell(
  command: string | readonly string[],
  cwd: string,
): Promise<{ exit_code: number | null; output_tail: string }> {
  const [program = "", ...args] = typeof command === "string" ? ["sh", "-c", command] : command;
  const { code, stdout, stderr } = await new Deno.Command(program, { args, cwd }).output();
  const decoder = new TextDecoder();
  return { exit_code: code, output_tail: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** Runs git somewhere; throws with what it printed if it fails. */
export async function runGitIn(cwd: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("git", {
    args: [...args],
    cwd,
    env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" },
  }).output();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(`git ${args.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout).trimEnd();
}

/** Runs a shell text in a directory, as a task would; throws if it fails. */
export async function sh(cwd: string, script: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-euc", script],
    cwd,
    env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" },
  }).output();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(`${script}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout).trimEnd();
}

/** Writes files below a directory. */
export async function writeFiles(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const target = `${root}/${path}`;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(target, text);
  }
}

/** Runs an action with some environment variables set or, where undefined, removed. */
export async function withEnv<T>(
  variables: Readonly<Record<string, string | undefined>>,
  action: () => Promise<T>,
): Promise<T> {
  const before = Object.keys(variables).map((
    name,
  ): [string, string | undefined] => [name, Deno.env.get(name)]);
  const set = ([name, value]: [string, string | undefined]) =>
    value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  Object.entries(variables).forEach(set);
  try {
    return await action();
  } finally {
    before.forEach(set);
  }
}

async function collect(root: string, directory: string, contents: Map<string, string>): Promise<void> {
  for await (const entry of Deno.readDir(`${root}/${directory}`)) {
    const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
    if (path === ".git/omk" || path === ".git/refs/omk" || path === ".git/objects") continue;
    if (entry.isDirectory) await collect(root, path, contents);
    else if (entry.isSymlink) contents.set(path, `-> ${await Deno.readLink(`${root}/${path}`)}`);
    else {
      const { mode } = await Deno.lstat(`${root}/${path}`);
      contents.set(
        path,
        `${mode?.toString(8)} ${new TextDecoder("latin1").decode(await Deno.readFile(`${root}/${path}`))}`,
      );
    }
  }
}
