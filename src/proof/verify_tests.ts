/** The check that a run lost the tests that its proof says, and no others. */

import type { LostTest, PayloadOf } from "../log/kinds.ts";
import { CheckFailure, expectEqual } from "./checks.ts";
import type { GitAccess } from "./git_access.ts";
import { readRunFile } from "./run_files.ts";

/** Finds lost tests in a patch and in the lists that gates reported, which lies beside this folder. */
export type LostTestsFinder = (evidence: {
  readonly patch: Uint8Array;
  readonly reports: readonly { readonly gate: string; readonly base: string; readonly head: string }[];
}) => readonly LostTest[];

/** What git and the lists of tests show is what the log tells. The digests of the lists are checked with the artifacts. */
export async function checkTests(
  git: GitAccess,
  directory: string,
  { base, head, reports, lost, lost_count }: PayloadOf<"tests_compared">,
  find: LostTestsFinder,
): Promise<string> {
  const commits = await git.commits([base.commit, head.commit]);
  for (const { commit, tree } of [base, head]) {
    expectEqual(`tree of commit ${commit}`, tree, commits.get(commit)?.tree);
  }
  const texts = [];
  for (const report of reports) {
    texts.push({
      gate: report.gate,
      base: await readText(directory, report.base.path),
      head: await readText(directory, report.head.path),
    });
  }
  const found = find({ patch: await git.patch(base.commit, head.commit), reports: texts });
  expectEqual("number of lost tests", found.length, lost_count);
  for (const [at, each] of lost.entries()) {
    const { test, change, path, gate } = each;
    const again = found[at];
    const isSame = again?.test === test && again.change === change && again.path === path &&
      again.gate === gate;
    if (!isSame) {
      const expected = again === undefined ? "none" : `"${again.test}" (${again.change})`;
      throw new CheckFailure(`lost test "${test}" (${change}): expected ${expected} at its place`);
    }
  }
  return lost_count === 0 ? "none is lost between base and head" : `${lost_count} lost between base and head`;
}

async function readText(directory: string, path: string): Promise<string> {
  return new TextDecoder().decode(await readRunFile(directory, path));
}
