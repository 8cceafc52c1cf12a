/**
 * Where omk was called: in which repository or plain directory, and where omk keeps the files of its runs for it.
 * Only a few small files are read and no program is started, so that commands that look at runs stay fast and need
 * no git.
 */

import { UsageError } from "../errors.ts";
import { homeOf } from "../run/home.ts";

/** See the module. */
export interface Place {
  /** omk's home for this place; it may not exist yet. */
  readonly home: string;
  /** Absolute real path of the git common directory; null outside a repository. */
  readonly commonDir: string | null;
  /** The root of the checkout; null outside a repository, in a bare one, and inside a git directory. */
  readonly root: string | null;
}

/** A repository as its directories tell it. */
export type RepositoryPlace = { readonly commonDir: string; readonly root: string | null };

/**
 * Finds the place that a command was called in.
 *
 * @throws {UsageError} for a damaged `.git` file, and outside a repository where no state directory is known.
 */
export async function locate(context: {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}): Promise<Place> {
  const repository = await findRepository(context.cwd);
  const home = homeOf(repository, context.cwd, context.env);
  return repository === null ? { home, commonDir: null, root: null } : { home, ...repository };
}

/**
 * The repository that a directory is in, as git finds it: upwards, a `.git` directory or file before a bare
 * repository, not across file systems. Null where there is none.
 *
 * @throws {UsageError} for a `.git` file that points nowhere.
 */
export async function findRepository(directory: string): Promise<RepositoryPlace | null> {
  const device = await deviceOf(directory);
  for (let at = directory;; at = at.slice(0, at.lastIndexOf("/")) || "/") {
    if (await deviceOf(at) !== device) return null;
    const dotGit = `${at === "/" ? "" : at}/.git`;
    const target = await readGitFile(dotGit);
    const ofCheckout = await commonDirOf(target ?? dotGit);
    if (ofCheckout !== null) return { commonDir: ofCheckout, root: at };
    if (target !== null) {
      throw new UsageError({
        what: "Cannot find the git repository",
        where: dotGit,
        why: `it points to "${target}", where there is none`,
        fix: "repair it with git worktree repair, or remove the file",
      });
    }
    const own = await commonDirOf(at);
    if (own !== null) return { commonDir: own, root: null };
    if (at === "/") return null;
  }
}

/** The directory that a `.git` file (of a linked worktree or a submodule) names; null where it is no such file. */
async function readGitFile(path: string): Promise<string | null> {
  const text = await readOrNull(path);
  const target = /^gitdir: (.+?)\r?\n?$/s.exec(text ?? "")?.[1];
  if (target === undefined) return null;
  return target.startsWith("/") ? target : `${path.slice(0, path.lastIndexOf("/"))}/${target}`;
}

/** Real path of the common directory of what could be a git directory; null where it is none. */
async function commonDirOf(gitDir: string): Promise<string | null> {
  const head = await readOrNull(`${gitDir}/HEAD`);
  if (head === null || !/^(?:ref: refs\/|[0-9a-f]{40})/.test(head)) return null;
  const common = (await readOrNull(`${gitDir}/commondir`))?.replace(/\r?\n$/, "");
  const commonDir = common === undefined ? gitDir : common.startsWith("/") ? common : `${gitDir}/${common}`;
  const isWhole = await isDirectory(`${commonDir}/objects`) && await isDirectory(`${commonDir}/refs`);
  return isWhole ? await Deno.realPath(commonDir) : null;
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (isNoFile(error)) return null;
    throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (isNoFile(error)) return false;
    throw error;
  }
}

function isNoFile(error: unknown): boolean {
  const { NotFound, NotADirectory, IsADirectory, PermissionDenied } = Deno.errors;
  return [NotFound, NotADirectory, IsADirectory, PermissionDenied].some((each) => error instanceof each);
}

async function deviceOf(path: string): Promise<number> {
  return (await Deno.stat(path)).dev;
}
