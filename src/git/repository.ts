/** Discovery: what omk finds out about the user's repository before it does anything. It only reads. */

import { decode, gitFields, gitText, runGit, splitNul } from "./command.ts";
import {
  GitError,
  GitTooOldError,
  MissingBlobsError,
  NoCheckoutError,
  NoCommitError,
  NoRepositoryError,
} from "./errors.ts";
import { exists } from "./files.ts";
import { findKnownGaps } from "./known_gaps.ts";
import type { Identity, ObjectId, RepositoryInfo } from "./port.ts";

/** `git merge-tree --write-tree` came with this version. */
const OLDEST_GIT: readonly [major: number, minor: number] = [2, 38];

/** Who signs omk's commits where the user has told git no name. */
const OWN_IDENTITY: Identity = { name: "omk", email: "omk@localhost" };

/** Where a repository lies; cheap to find out. */
export interface RepositoryLocation {
  /** Absolute real path of the git common directory. */
  readonly commonDir: string;
  /** Absolute path of the git directory of this checkout; differs from `commonDir` in a linked worktree. */
  readonly gitDir: string;
  /** Absolute path of the checkout's root; null in a bare repository and inside a git directory. */
  readonly root: string | null;
  readonly objectFormat: "sha1" | "sha256";
  readonly bare: boolean;
}

/**
 * The version of git on the PATH, such as `2.39.5`.
 *
 * @throws {GitMissingError} where there is none.
 * @throws {GitTooOldError} where it is older than 2.38.
 */
export async function gitVersion(): Promise<string> {
  const text = await gitText(["version"], { cwd: "/", profile: "own" });
  const match = /^git version ((\d+)\.(\d+)(?:\.\d+)*)/.exec(text);
  const [, version, major, minor] = match ?? [];
  if (version === undefined) throw tooOld(`it calls itself "${text}"`);
  const [oldestMajor, oldestMinor] = OLDEST_GIT;
  const oldEnough = Number(major) < oldestMajor ||
    (Number(major) === oldestMajor && Number(minor) < oldestMinor);
  if (oldEnough) throw tooOld(`it is version ${version}`);
  return version;
}

function tooOld(why: string): GitTooOldError {
  return new GitTooOldError({
    what: "Cannot use the git on the PATH",
    why,
    fix: `install git ${OLDEST_GIT.join(".")} or later`,
  });
}

/**
 * The repository that a directory is in.
 *
 * @throws {NoRepositoryError} where it is in none.
 */
export async function locateRepository(directory: string): Promise<RepositoryLocation> {
  const options = { cwd: directory, profile: "user" } as const;
  let facts: string;
  try {
    facts = await gitText(
      [
        "rev-parse",
        "--is-bare-repository",
        "--is-inside-work-tree",
        "--show-object-format",
        "--absolute-git-dir",
      ],
      options,
    );
  } catch (error) {
    if (!(error instanceof GitError) || !error.failure.stderr.includes("not a git repository")) throw error;
    throw new NoRepositoryError({
      what: "Cannot find a git repository",
      where: directory,
      why: "neither this directory nor one above it is in one",
      fix: 'run omk inside a repository, make one with "git init", or use isolation "none"',
      cause: error,
    });
  }
  // The path comes last, so that a line end in it does no harm.
  const [bare, inside, format, ...gitDir] = facts.split("\n");
  const [commonDir, root] = await Promise.all([
    gitText(["rev-parse", "--path-format=absolute", "--git-common-dir"], options),
    inside === "true" ? gitText(["rev-parse", "--show-toplevel"], options) : null,
  ]);
  return {
    commonDir: await Deno.realPath(commonDir),
    gitDir: gitDir.join("\n"),
    root,
    objectFormat: format === "sha256" ? "sha256" : "sha1",
    bare: bare === "true",
  };
}

/**
 * All that the port says about the repository that `directory` is in.
 *
 * @throws {GitMissingError} {GitTooOldError} {NoRepositoryError}
 */
export async function discoverRepository(directory: string): Promise<RepositoryInfo> {
  const version = await gitVersion();
  const location = await locateRepository(directory);
  const options = { cwd: location.root ?? location.gitDir, profile: "user" } as const;
  const [head, branch, dirty, identity, ignoresCase] = await Promise.all([
    optionalText(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], options),
    optionalText(["symbolic-ref", "--quiet", "HEAD"], options),
    location.root === null ? [] : dirtyPaths(location.root),
    findIdentity(options.cwd),
    // Every git directory has a HEAD; where this finds it, the file system ignores case.
    exists(`${location.commonDir}/hEaD`),
  ]);
  return {
    commonDir: location.commonDir,
    gitDir: location.gitDir,
    root: location.root,
    bare: location.bare,
    objectFormat: location.objectFormat,
    head,
    branch,
    dirty,
    gitVersion: version,
    caseSensitive: !ignoresCase,
    knownGaps: await findKnownGaps(location, head),
    identity,
  };
}

/** Information about a repository in which tasks can run. */
export type RunnableRepository = RepositoryInfo & { readonly root: string; readonly head: ObjectId };

/**
 * Makes sure that tasks can run on a repository: it has a checkout and a commit. A detached HEAD is fine.
 *
 * @throws {NoCheckoutError} {NoCommitError}
 */
export function requireRunnable(info: RepositoryInfo): asserts info is RunnableRepository {
  if (info.root === null) {
    throw new NoCheckoutError({
      what: "Cannot run tasks without a checkout",
      where: info.gitDir,
      why: info.bare ? "the repository is bare" : "the directory is inside a git directory",
      fix: info.bare ? "clone it and run omk in the clone" : "run omk in the checkout",
    });
  }
  if (info.head === null) {
    throw new NoCommitError({
      what: "Cannot run tasks without a commit to start from",
      where: info.root,
      why: "the repository has no commit yet",
      fix: 'commit something first, for example: git commit --allow-empty -m "Begin"',
    });
  }
}

/**
 * Makes sure that every object of `commit` is there: tasks cannot fetch what a partial clone lacks.
 * `objects` is a further object directory, such as the hub's.
 *
 * @throws {MissingBlobsError}
 */
export async function requireObjects(
  info: RepositoryInfo,
  commit: ObjectId,
  objects?: string,
): Promise<void> {
  const options = { cwd: info.root ?? info.gitDir, profile: "user" } as const;
  const promisors = await runGit(["config", "--get-regexp", "^remote\\..*\\.promisor$", "true"], {
    ...options,
    okCodes: [0, 1],
  });
  if (promisors.code === 1) return;
  const listing = await gitText(["rev-list", "--objects", "--missing=print", "--max-count=1", commit], {
    ...options,
    ...(objects !== undefined && { env: { GIT_ALTERNATE_OBJECT_DIRECTORIES: objects } }),
  });
  const missing = listing.split("\n").filter((line) => line.startsWith("?")).length;
  if (missing === 0) return;
  const remote = /^remote\.(.*)\.promisor /.exec(decode(promisors.stdout))?.[1] ?? "origin";
  throw new MissingBlobsError({
    what: "Cannot start from a commit whose files are not all here",
    where: commit,
    why: `the repository is a partial clone and lacks ${missing} objects of it`,
    fix: `fetch them with: git fetch --refetch --no-filter ${remote}`,
  });
}

/**
 * The changed and untracked paths of a checkout, sorted. Untracked directories are listed file by file; an
 * untracked repository inside the checkout is one path that ends with `/`.
 */
async function dirtyPaths(root: string): Promise<string[]> {
  const fields = await gitFields(
    ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=none"],
    { cwd: root, profile: "user" },
  );
  return fields.map((field) => field.slice(3)).sort();
}

async function optionalText(
  args: readonly string[],
  options: { readonly cwd: string; readonly profile: "user" },
): Promise<string | null> {
  const output = await runGit(args, { ...options, okCodes: [0, 1, 128] });
  return output.code === 0 ? decode(output.stdout).trimEnd() : null;
}

/** The user's name and address as git would take them, without git's guesses from the host name. */
async function findIdentity(cwd: string): Promise<Identity> {
  const output = await runGit(["config", "-z", "--get-regexp", "^(user|author)\\.(name|email)$"], {
    cwd,
    profile: "user",
    okCodes: [0, 1],
  });
  const settings = new Map(
    splitNul(decode(output.stdout)).map((field): [string, string] => {
      const end = field.indexOf("\n");
      return [field.slice(0, end), field.slice(end + 1)];
    }),
  );
  const pick = (variable: string, key: string) =>
    clean(Deno.env.get(variable) || settings.get(`author.${key}`) || settings.get(`user.${key}`) || "");
  const name = pick("GIT_AUTHOR_NAME", "name");
  const email = pick("GIT_AUTHOR_EMAIL", "email");
  return name !== "" && email !== "" ? { name, email } : OWN_IDENTITY;
}

/** Removes what git strips from names itself; a name that has nothing else would be refused. */
function clean(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[<>\x00-\x1f]/g, "").replace(/^[\s.,:;"'\\]+|[\s.,:;"'\\]+$/g, "");
}
