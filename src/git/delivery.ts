/** Delivery: moving a branch of the user to what a run made. This alone changes the user's branch and checkout (P13). */

import { runGit } from "./command.ts";
import { deliverSnapshot } from "./deliver_snapshot.ts";
import type { Hub } from "./hub.ts";
import type { DeliveryRequest, DeliveryResult, ObjectId } from "./port.ts";
import { firstLine, listedPaths, refused } from "./refusal.ts";
import type { Checkout } from "./snapshot.ts";
import { branchCommit, checkoutOf, operationInProgress, shortName, updateBranch } from "./user_repository.ts";

/** Moves a branch forward, with the files of the checkout that has it, or says what stands in the way. */
export async function deliver(hub: Hub, request: DeliveryRequest): Promise<DeliveryResult> {
  await hub.refresh();
  const { branch, head, snapshot } = request;
  const current = await branchCommit(hub, branch);
  if (current === null) {
    const name = shortName(branch);
    return refused(`there is no branch "${name}"`, [], `create it first with: git branch ${name} ${head}`);
  }
  if (await hub.isAncestor(head, current)) {
    return { kind: "fast_forwarded", from: current, to: current, checkout: null };
  }
  if (!(await hub.isAncestor(current, head))) return { kind: "moved", branchCommit: current };
  const busy = await operationInProgress(hub, branch);
  if (busy !== null) {
    return refused(`a ${busy} of the branch is in progress`, [], `finish or abort the ${busy} first`);
  }
  const checkout = await checkoutOf(hub, branch);
  if (checkout === "missing") {
    return refused(
      "the branch is checked out in a worktree that is not there now",
      [],
      'make the worktree available again, or remove it with "git worktree prune"',
    );
  }
  if (checkout === "unnamed") {
    return refused(
      "the branch is checked out where git cannot tell, as its git directory lies elsewhere",
      [],
      "call omk merge in that checkout",
    );
  }
  // Until the branch has the snapshot, the checkout holds its changes as uncommitted ones.
  if (snapshot !== null && !(await hub.isAncestor(snapshot, current))) {
    return await deliverSnapshot(hub, { ...request, snapshot, current, checkout });
  }
  if (checkout !== null) return await fastForward(hub, request, current, checkout);
  return await moveBranch(hub, request, current);
}

/** Fast-forwards a checkout: other dirty files stay, overlapping ones refuse. */
async function fastForward(
  hub: Hub,
  { branch, head }: DeliveryRequest,
  current: ObjectId,
  checkout: Checkout,
): Promise<DeliveryResult> {
  const { code, stderr } = await runGit(
    [
      "merge",
      "--ff-only",
      "--quiet",
      "--no-autostash",
      "--no-overwrite-ignore",
      "--no-verify-signatures",
      head,
    ],
    {
      cwd: checkout.root,
      profile: "user",
      config: ["merge.autoStash=false"],
      okCodes: [0, 1, 2, 128],
    },
  );
  const now = await branchCommit(hub, branch);
  if (code === 0 && now === head) {
    return { kind: "fast_forwarded", from: current, to: head, checkout: checkout.root };
  }
  if (now !== null && now !== current) return { kind: "moved", branchCommit: now };
  const paths = listedPaths(stderr);
  const why = firstLine(stderr) || `git merge ended with code ${code}`;
  const fix = paths.length > 0 ? "commit, stash or remove these changes" : "see to that";
  return refused(why, paths, `${fix}, then merge again`);
}

/** Moves a branch that no worktree has checked out. */
async function moveBranch(
  hub: Hub,
  { runId, branch, head }: DeliveryRequest,
  current: ObjectId,
): Promise<DeliveryResult> {
  if (await updateBranch(hub, branch, head, current, runId)) {
    return { kind: "fast_forwarded", from: current, to: head, checkout: null };
  }
  const now = await branchCommit(hub, branch);
  if (now !== null && now !== current) return { kind: "moved", branchCommit: now };
  return refused(
    "git could not lock the branch",
    [],
    "see whether another git command is running, and merge again",
  );
}
