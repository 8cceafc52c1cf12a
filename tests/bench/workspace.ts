/** A workspace as benchmarks use it: attempts without a process of their own. */

import type { Slot, SlotHolder } from "../../src/git/port.ts";
import { discoverRepository } from "../../src/git/repository.ts";
import { type GitWorkspace, openWorkspace } from "../../src/git/workspace.ts";

/** The run that all attempts belong to. */
export const RUN = "20260102-030405-abcd";
const WORKTREE = { setup: null, setup_inputs: [], keep: [], copy: [] };

/** Opens a workspace of a repository. */
export async function open(root: string, state: string): Promise<GitWorkspace> {
  return await openWorkspace(await discoverRepository(root), {
    env: { XDG_STATE_HOME: state },
    findSecrets: () => false,
  });
}

/** The holder of attempt number `at`. */
export function holderOf(at: number): SlotHolder {
  return { run_id: RUN, task_id: `t${at}`, attempt: 1, token: at + 1 };
}

/** Hands out a slot for attempt number `at`. */
export function acquireSlot(workspace: GitWorkspace, base: string, at: number): Promise<Slot> {
  return workspace.acquire({
    kind: "task",
    holder: holderOf(at),
    base,
    worktree: WORKTREE,
    restore: [],
    runSetup: () => Promise.resolve({ exit_code: 0, output_tail: "" }),
  });
}

/** Keeps what an attempt left, and gives its slot back. */
export async function pinAndRelease(
  workspace: GitWorkspace,
  slot: Slot,
  at: number,
): Promise<void> {
  const meta = { identity: workspace.info.identity, date: 1_767_323_045_000, message: `Attempt ${at}\n` };
  await workspace.pin(slot, holderOf(at), meta, { pin_file_bytes: 1e6 });
  await workspace.publish(RUN);
  await workspace.release(slot, { setAside: false });
}

/** How long an action takes, milliseconds. */
export async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}
