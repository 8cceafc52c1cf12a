/** Checks of git and of the repository. */

import { NoRepositoryError } from "../../git/errors.ts";
import type { RepositoryInfo } from "../../git/port.ts";
import { discoverRepository, gitVersion, requireObjects, requireRunnable } from "../../git/repository.ts";
import { counted } from "../render/text.ts";
import { type Finding, finding, findingOf } from "./finding.ts";

/** Changed paths that are named. */
const PATHS_NAMED = 5;

/** What git finds of the place that omk was called in. */
export interface GitFindings {
  readonly findings: readonly Finding[];
  /** Null where there is none, or where it cannot be looked at. */
  readonly repository: RepositoryInfo | null;
}

/** Looks at git and at the repository that a directory is in. */
export async function checkGit(directory: string): Promise<GitFindings> {
  try {
    const version = finding("git", "ok", `version ${await gitVersion()}`);
    const { findings, repository } = await checkRepository(directory);
    return { findings: [version, ...findings], repository };
  } catch (error) {
    return { findings: [findingOf("git", "problem", error)], repository: null };
  }
}

async function checkRepository(directory: string): Promise<GitFindings> {
  let repository: RepositoryInfo;
  try {
    repository = await discoverRepository(directory);
  } catch (error) {
    if (!(error instanceof NoRepositoryError)) {
      return { findings: [findingOf("repository", "problem", error)], repository: null };
    }
    const found = "none here: tasks can only work in the directory itself, with isolation none";
    return { findings: [finding("repository", "note", found, "make one with git init")], repository: null };
  }
  return {
    findings: [
      await checkRunnable(repository),
      ...checkDirty(repository),
      ...checkIdentity(repository),
      ...gaps(repository),
    ],
    repository,
  };
}

async function checkRunnable(repository: RepositoryInfo): Promise<Finding> {
  try {
    requireRunnable(repository);
    await requireObjects(repository, repository.head);
  } catch (error) {
    return findingOf("repository", "problem", error);
  }
  const { root, branch, head } = repository;
  const at = branch === null
    ? `a detached HEAD at ${head.slice(0, 10)}`
    : branch.replace(/^refs\/heads\//, "");
  return finding("repository", "ok", `${root}, on ${at}`);
}

function checkDirty({ dirty }: RepositoryInfo): readonly Finding[] {
  if (dirty.length === 0) return [];
  const named = dirty.slice(0, PATHS_NAMED).join(", ") + (dirty.length > PATHS_NAMED ? ", …" : "");
  const found = `${counted(dirty.length, "changed path")} that tasks would not see: ${named}`;
  return [finding("checkout", "note", found, "commit them, or choose with omk run --base HEAD|dirty")];
}

function checkIdentity({ identity }: RepositoryInfo): readonly Finding[] {
  if (identity.email !== "omk@localhost") return [];
  const fix = "git config user.name and user.email, if commits should carry yours";
  return [
    finding("identity", "note", `none is set: commits are made as ${identity.name} <${identity.email}>`, fix),
  ];
}

function gaps({ knownGaps }: RepositoryInfo): readonly Finding[] {
  return knownGaps.map((gap) => finding("known gap", "warning", gap, "see whether your tasks need it"));
}
