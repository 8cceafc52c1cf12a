/** Checks of a proof against the repository that it was made in, or a clone of it. */

import { sha256 } from "../digest.ts";
import { CheckFailure, expectEqual } from "./checks.ts";
import type { RunEvidence } from "./evidence.ts";
import { PATCH_FILE } from "./files.ts";
import type { GitAccess, StoredCommit } from "./git_access.ts";
import { readRunFile } from "./run_files.ts";
import type { Proof } from "./schema.ts";

/** What a proof says of git. */
export type GitClaim = NonNullable<Proof["git"]>;

/** Base and head are there with their trees, and the head came from the base as the log tells. */
export async function checkCommits(git: GitAccess, claim: GitClaim, evidence: RunEvidence): Promise<string> {
  const { heads } = evidence;
  const commits = await git.commits([claim.base, claim.head, ...heads.map(({ commit }) => commit)]);
  expectEqual(`tree of base ${claim.base}`, claim.base_tree, stored(git, commits, claim.base).tree);
  expectEqual(`tree of head ${claim.head}`, claim.tree, stored(git, commits, claim.head).tree);
  let before = claim.base;
  for (const { commit, tree, parents, attempt, branch } of heads) {
    const what = attempt === null ? `the merge with ${branch}` : `task "${attempt.task_id}"`;
    const found = stored(git, commits, commit);
    expectEqual(`tree of commit ${commit} of ${what}`, tree, found.tree);
    expectEqual(`parents of commit ${commit} of ${what}`, parents.join(" "), found.parents.join(" "));
    expectEqual(`head before ${what}`, before, parents.at(-1));
    before = commit;
  }
  expectEqual("head after all merges", before, claim.head);
  if (!await git.isAncestor(claim.base, claim.head)) {
    throw new CheckFailure(
      `head ${claim.head}: expected a descendant of base ${claim.base}, found another history`,
    );
  }
  return `head ${claim.head} has tree ${claim.tree} and descends from base ${claim.base}`;
}

/** The refs of the run name its base and its head. */
export async function checkRefs(git: GitAccess, runId: string, claim: GitClaim): Promise<string> {
  const prefix = `refs/omk/${runId}/`;
  const refs = await git.refs(prefix);
  expectEqual(`${prefix}base`, claim.base, refs.get(`${prefix}base`));
  expectEqual(`${prefix}head`, claim.head, refs.get(`${prefix}head`));
  return `${prefix}base and ${prefix}head name them`;
}

/** Every attempt that was pinned still is: its ref names the commit, whose only parent is the attempt's base (P6). */
export async function checkPins(git: GitAccess, runId: string, evidence: RunEvidence): Promise<string> {
  const pinned = evidence.attempts.flatMap(({ base, pin }) =>
    pin === null || pin.ref === null || pin.commit === null
      ? []
      : [{ base, ref: pin.ref, commit: pin.commit, tree: pin.tree }]
  );
  const refs = await git.refs(`refs/omk/${runId}/`);
  const commits = await git.commits(pinned.map(({ commit }) => commit));
  for (const { base, ref, commit, tree } of pinned) {
    expectEqual(ref, commit, refs.get(ref));
    const found = stored(git, commits, commit);
    expectEqual(`tree of pin ${commit}`, tree, found.tree);
    expectEqual(`parent of pin ${commit}`, base, found.parents.join(" "));
  }
  return `${pinned.length} ${pinned.length === 1 ? "attempt is" : "attempts are"} pinned`;
}

/** The patch from base to head is the one that was delivered. */
export async function checkPatch(
  git: GitAccess,
  directory: string,
  claim: GitClaim,
  proof: Proof,
): Promise<string> {
  const recorded = proof.artifacts.find(({ path }) => path === PATCH_FILE);
  if (recorded === undefined) {
    throw new CheckFailure(`${PATCH_FILE}: expected among the artifacts, found nothing`);
  }
  const remade = await git.patch(claim.base, claim.head);
  expectEqual("sha256 of the patch from base to head", recorded.sha256, sha256(remade));
  const found = sha256(await readRunFile(directory, PATCH_FILE));
  expectEqual(`sha256 of ${PATCH_FILE}`, recorded.sha256, found);
  return `sha256 ${recorded.sha256}, made anew from base and head`;
}

function stored(git: GitAccess, commits: ReadonlyMap<string, StoredCommit>, id: string): StoredCommit {
  const found = commits.get(id);
  if (found === undefined) throw new CheckFailure(`commit ${id}: expected in ${git.path}, found nothing`);
  return found;
}
