/** Checks of git and of the repository. */

import { NoRepositoryError } from "../../git/errors.ts";
import type { RepositoryInfo } from "../../git/port.ts";
import { discoverRepository, gitVersion, requireObjects, requireRunnable } from "../../git/repository.ts";
import { PLAN_NAME, PLAN_SCHEMA_PATH } from "../../plan/names.ts";
import { counted } from "../render/text.ts";
import { type Finding, finding, findingOf } from "./finding.ts";
import { type Answer, askProgram } from "./probe.ts";

/** Changed paths and hooks that are named. */
const NAMED = 5;

/** What git finds of the place that omk was called in. */
export interface GitFindings {
  readonly findings: readonly Finding[];
  /** Null where there is none, or where it cannot be looked at. */
  readonly repository: RepositoryInfo | null;
}

/** Looks at git and at the repository that a directory is in. */
export async function checkGit(
  directory: string,
  env: Readonly<Record<string, string>>,
): Promise<GitFindings> {
  let version: Finding;
  try {
    version = finding("git", "ok", `version ${await gitVersion()}`);
  } catch (error) {
    return { findings: [findingOf("git", "error", error)], repository: null };
  }
  try {
    const repository = await discoverRepository(directory);
    const findings = [
      version,
      await ofRepository(repository),
      ...await ofOwner(repository, env),
      ...ofChanges(repository),
      ofIdentity(repository),
      ...await ofHooks(repository, env),
      ...ofGaps(repository),
    ];
    return { findings, repository };
  } catch (error) {
    const other = error instanceof NoRepositoryError
      ? finding("repository", "note", "none here", {
        why: "tasks can only work in the directory itself, with isolation none; nothing is pinned or merged",
        fix: "git init, and a first commit",
      })
      : findingOf("repository", "error", error);
    return { findings: [version, other], repository: null };
  }
}

async function ofRepository(repository: RepositoryInfo): Promise<Finding> {
  try {
    requireRunnable(repository);
    await requireObjects(repository, repository.head);
  } catch (error) {
    return findingOf("repository", "error", error);
  }
  const { root, branch, head } = repository;
  if (branch !== null) {
    return finding("repository", "ok", `${root}, on ${branch.replace(/^refs\/heads\//, "")}`);
  }
  return finding("repository", "note", `${root}, at a detached HEAD (${head.slice(0, 10)})`, {
    why: "omk merge does not know which branch to deliver to",
    fix: "git switch BRANCH, or omk merge --into BRANCH",
  });
}

/** Whether git by itself trusts the repository: omk reads one of another user too. */
async function ofOwner(
  { root, gitDir }: RepositoryInfo,
  env: Readonly<Record<string, string>>,
): Promise<readonly Finding[]> {
  const directory = root ?? gitDir;
  const answer = await askUsersGit(directory, ["rev-parse", "--git-dir"], env);
  if (answer === null || !answer.stderr.includes("dubious ownership")) return [];
  return [finding("owner", "warning", "the repository belongs to another user", {
    why: "git itself refuses it, so your own git commands fail there; omk's do not",
    fix: `git config --global --add safe.directory ${directory}`,
  })];
}

function ofChanges({ dirty }: RepositoryInfo): readonly Finding[] {
  // A changed plan is no surprise: the run itself pins it.
  const paths = dirty.filter((path) => path !== PLAN_NAME && path !== PLAN_SCHEMA_PATH);
  if (paths.length === 0) return [];
  return [finding("checkout", "note", `${counted(paths.length, "changed path")}: ${named(paths)}`, {
    why: "tasks start from a commit and would not see them",
    fix: "commit them, or choose with omk run --base HEAD|dirty",
  })];
}

function ofIdentity({ identity }: RepositoryInfo): Finding {
  const text = `${identity.name} <${identity.email}>`;
  if (identity.email !== "omk@localhost") return finding("identity", "ok", text);
  return finding("identity", "note", `none is set: commits are made as ${text}`, {
    fix: "git config user.name NAME and git config user.email ADDRESS, if commits should carry yours",
  });
}

/** The hooks that the user's own git runs: omk's calls turn them off. */
async function ofHooks(
  { gitDir, root }: RepositoryInfo,
  env: Readonly<Record<string, string>>,
): Promise<readonly Finding[]> {
  const question = ["-c", "safe.directory=*", "rev-parse", "--path-format=absolute", "--git-path", "hooks"];
  const answer = await askUsersGit(root ?? gitDir, question, env);
  const hooks = answer?.code === 0 ? await executableFiles(answer.stdout.trimEnd()) : [];
  if (hooks.length === 0) return [];
  return [finding("hooks", "note", `${counted(hooks.length, "hook")}: ${named(hooks)}`, {
    why: "omk's own git calls run no hooks, so what one would refuse is not noticed in a run",
    fix: "make a gate of what must hold",
  })];
}

/** Asks git as the user would from a terminal in a directory. */
async function askUsersGit(
  directory: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Answer | null> {
  const redirects = (name: string) => name.startsWith("GIT_") && !name.startsWith("GIT_CONFIG_");
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !redirects(name)));
  return await askProgram("git", ["-C", directory, ...args], { env: own });
}

async function executableFiles(directory: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(directory)) {
      const info = await Deno.stat(`${directory}/${name}`);
      if (info.isFile && !name.endsWith(".sample") && ((info.mode ?? 0) & 0o111) !== 0) names.push(name);
    }
  } catch (error) {
    const { NotFound, NotADirectory, PermissionDenied } = Deno.errors;
    if (![NotFound, NotADirectory, PermissionDenied].some((each) => error instanceof each)) throw error;
  }
  return names.sort();
}

function ofGaps({ knownGaps }: RepositoryInfo): readonly Finding[] {
  return knownGaps.map((gap) =>
    finding("known gap", "warning", gap, {
      why: "what tasks see there is not what your checkout has",
      fix: "see whether your tasks need it; the proof names it",
    })
  );
}

function named(names: readonly string[]): string {
  return names.slice(0, NAMED).join(", ") + (names.length > NAMED ? `, … (${names.length} in all)` : "");
}
