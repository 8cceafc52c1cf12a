/**
 * The refs of a run as one file: a git bundle, without the history before the run's base, which a clone has. It is
 * opened beside a clone, so that nothing of it gets into the clone.
 */

import { runGit } from "./command.ts";
import { GitError } from "./errors.ts";
import { openGitAccess } from "./git_access.ts";
import { copyShallow } from "./hub.ts";
import { runRefs } from "./objects.ts";
import type { ObjectId, RepositoryInfo } from "./port.ts";
import { makeScratch } from "./scratch.ts";
import type { GitAccess } from "../proof/git_access.ts";
import { OmkError } from "../errors.ts";

type Repository = Pick<RepositoryInfo, "commonDir" | "objectFormat">;

/** A bundle that is open for reading; disposing of it removes what was unpacked. */
export interface OpenBundle extends AsyncDisposable {
  readonly git: GitAccess;
}

/** The bundle belongs to another repository, or is damaged. */
export class BundleError extends OmkError {
  override readonly name = "BundleError";
}

/** Writes all refs of a run, and the objects behind them from its base on, to a file. */
export async function writeRunBundle(
  { commonDir }: Pick<RepositoryInfo, "commonDir">,
  runId: string,
  base: ObjectId,
  path: string,
): Promise<void> {
  const options = { cwd: commonDir, profile: "local", env: { GIT_DIR: commonDir } } as const;
  // The base itself goes along, so that its ref does.
  await runGit(
    ["bundle", "create", "--quiet", path, `--glob=${runRefs(runId)}*`, "--not", `${base}^@`],
    options,
  );
}

/**
 * Opens a bundle, together with the objects of a clone.
 *
 * @throws {BundleError} where the clone lacks the commits that the run started from.
 */
export async function openRunBundle(path: string, clone: Repository): Promise<OpenBundle> {
  const scratch = await makeScratch("omk-bundle-");
  try {
    const own = { cwd: scratch, profile: "own" } as const;
    const init = [
      "init",
      "--quiet",
      "--bare",
      "--template=",
      `--object-format=${clone.objectFormat}`,
      scratch,
    ];
    await runGit(init, own);
    await Deno.writeTextFile(`${scratch}/objects/info/alternates`, `${clone.commonDir}/objects\n`);
    await copyShallow(clone.commonDir, scratch);
    await runGit(["fetch", "--quiet", "--no-tags", path, "+refs/omk/*:refs/omk/*"], {
      ...own,
      env: { GIT_DIR: scratch },
    });
    const git = openGitAccess({ commonDir: scratch, objectFormat: clone.objectFormat });
    return {
      git: { ...git, path: clone.commonDir },
      [Symbol.asyncDispose]: () => Deno.remove(scratch, { recursive: true }),
    };
  } catch (error) {
    await Deno.remove(scratch, { recursive: true });
    if (!(error instanceof GitError)) throw error;
    throw new BundleError({
      what: "Cannot open what the run left in git",
      where: path,
      why: error.detail.why,
      fix: "verify it in a clone that has the commit that the run started from",
      cause: error,
    });
  }
}
