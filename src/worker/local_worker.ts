/** Carries out attempts in processes of this machine, in slots of the workspace or in the directory itself. */

import type { Slot, SlotHolder, Workspace } from "../git/port.ts";
import type { AttemptOutcome } from "../log/kinds.ts";
import type { Plan, TaskSpec } from "../plan/spec.ts";
import type { Supervisor } from "../process/port.ts";
import type { AttemptRef } from "../scheduler/task_state.ts";
import type { ApprovalDesk } from "./approval/port.ts";
import { LocalAttempt } from "./local_attempt.ts";
import type { Attempt, AttemptRequest, AttemptWorker, CollectedOutputs } from "./port.ts";

/** What a local worker works with. */
export interface LocalWorkerOptions {
  readonly runId: string;
  readonly plan: Plan;
  readonly supervisor: Supervisor;
  /** Null where no task of the run works in a worktree. */
  readonly workspace: Workspace | null;
  /** The run's directory, absolute. */
  readonly runDirectory: string;
  /** Stores outputs that lie below `root`, and names those that are missing. */
  readonly storeOutputs: (root: string, outputs: readonly string[]) => Promise<CollectedOutputs>;
  /** Whether an error of the workspace puts the blame on the plan's set-up. */
  readonly isSetupError: (error: unknown) => boolean;
  /** Where `isolation: none` works, absolute. */
  readonly directory: string;
  /** omk's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Answers the agent of an attempt that asks for leave; absent where every request is denied. */
  readonly approvals?: (ref: AttemptRef, spec: TaskSpec) => ApprovalDesk;
  /**
   * Notes what lies outside of the worktrees, where no agent has business; what it returns tells which paths have changed
   * since. Absent: nobody looks.
   */
  readonly watchOutside?: () => Promise<() => Promise<readonly string[]>>;
  /** Gets the redacted output of the bodies as it comes. */
  readonly onOutput?: (taskId: string, attempt: number, text: string, stream: "stdout" | "stderr") => void;
}

/** A worker in this process. */
export interface LocalWorker extends AttemptWorker {
  start(request: AttemptRequest): LocalAttempt;
  /**
   * An attempt that another process carried out, over with this outcome, with the slot that it has let go of; null
   * where it left none, or still holds it.
   */
  takeOver(request: AttemptRequest, outcome: AttemptOutcome): Promise<Attempt | null>;
}

/** Makes the worker of this process, the controller's own or an extra one. */
export function createLocalWorker(options: LocalWorkerOptions): LocalWorker {
  return {
    start(request) {
      const attempt = new LocalAttempt(options, request);
      attempt.begin();
      return attempt;
    },
    async leftBehind(outcome, others) {
      const { workspace } = options;
      if (workspace === null) return [];
      const attempts: Attempt[] = [];
      const isMeant = ({ token }: SlotHolder) => others?.has(token) !== true;
      for (const { slot, holder } of await workspace.heldSlots(options.runId, isMeant)) {
        const spec = options.plan.tasks.find((each) => each.id === holder.task_id);
        // No task has worked in the slot of a gate, so there is nothing in it to keep.
        if (spec === undefined || slot.name.startsWith("g")) {
          await workspace.release(slot, { setAside: false });
        } else attempts.push(adopt(options, spec, slot, holder, outcome));
      }
      return attempts;
    },
    async takeOver(request, outcome) {
      const { workspace, runId } = options;
      if (request.base === null) {
        const attempt = new LocalAttempt(options, request);
        attempt.adopt(null, outcome);
        return attempt;
      }
      const isMeant = ({ token }: SlotHolder) => token === request.ref.token;
      const [held] = await workspace?.heldSlots(runId, isMeant) ?? [];
      if (held === undefined) return null;
      return adopt(options, request.spec, held.slot, held.holder, outcome);
    },
  };
}

function adopt(
  options: LocalWorkerOptions,
  spec: TaskSpec,
  slot: Slot,
  holder: SlotHolder,
  outcome: AttemptOutcome,
): Attempt {
  const ref = { task_id: holder.task_id, attempt: holder.attempt, token: holder.token };
  const attempt = new LocalAttempt(options, { ref, spec, base: slot.base, restore: [] });
  attempt.adopt(slot, outcome);
  return attempt;
}
