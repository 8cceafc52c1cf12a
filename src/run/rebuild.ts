/**
 * Rebuilding what a run delivers, from its pinned attempts: each merge is made again and compared with what the log
 * says, then the gates run on the result. Nothing is recorded: a gate's verdict on a rebuild is new evidence, which
 * is compared with the old one and never taken for it.
 */

import { createGateRunner } from "../gates/run.ts";
import { discoverRepository } from "../git/repository.ts";
import { makeScratch } from "../git/scratch.ts";
import type { Workspace } from "../git/port.ts";
import type { RunEvent } from "../log/event.ts";
import type { PayloadOf } from "../log/kinds.ts";
import { OmkError } from "../errors.ts";
import type { GateSpec } from "../plan/spec.ts";
import { findTask, type RunState } from "../scheduler/run_state.ts";
import { taskCommitMessage } from "./commit_message.ts";
import { hasRoomForGate } from "./due_gates.ts";
import type { LoadedRun } from "./load_run.ts";
import { takeControllerLock } from "./process_lock.ts";
import { startMachinery } from "./session.ts";
import { asRoomAllows } from "./side_by_side.ts";
import { outputsOfRun } from "./stored_outputs.ts";

/** One merge, made again. */
export interface RebuiltMerge {
  /** The task; null for a merge with a branch that had moved. */
  readonly task_id: string | null;
  /** The tree that the log names. */
  readonly tree: string;
  /** The tree that came out now; null where the merge failed. */
  readonly rebuilt: string | null;
  /** Why it failed; null where it did not. */
  readonly problem: string | null;
}

/** One gate, run again. */
export interface RebuiltGate {
  readonly gate: string;
  readonly required: boolean;
  /** What the log says of its latest run on this tree; null where it did not run. */
  readonly recorded: "passed" | "failed" | null;
  readonly now: "passed" | "failed";
  /** Why it failed now; null where it passed. */
  readonly reason: string | null;
}

/** What a rebuild came to. */
export interface Rebuild {
  readonly merges: readonly RebuiltMerge[];
  /** The tree that the run delivers. */
  readonly tree: string;
  /** Whether every merge gave the tree that the log names. */
  readonly same: boolean;
  /** Empty where the tree is another. */
  readonly gates: readonly RebuiltGate[];
}

/** The merges of a run as its log tells them, collected event by event. */
export class MergeHistory {
  readonly merges: (RecordedMerge | RecordedOnto)[] = [];
  readonly #started = new Map<string, PayloadOf<"merge_started">>();

  /** Folds the next event. */
  take(event: RunEvent): void {
    if (event.kind === "merge_started") this.#started.set(keyOf(event.payload), event.payload);
    if (event.kind === "run_resumed" && event.payload.onto !== null) {
      this.merges.push({ kind: "onto", onto: event.payload.onto });
    }
    if (event.kind !== "task_completed") return;
    const started = this.#started.get(keyOf(event.payload));
    const { commit, tree } = event.payload;
    if (started !== undefined && commit !== null && tree !== null) {
      this.merges.push({ kind: "pin", started, commit, tree });
    }
  }
}

interface RecordedMerge {
  readonly kind: "pin";
  readonly started: PayloadOf<"merge_started">;
  readonly commit: string;
  readonly tree: string;
}

interface RecordedOnto {
  readonly kind: "onto";
  readonly onto: NonNullable<PayloadOf<"run_resumed">["onto"]>;
}

/**
 * Rebuilds a run that is not at work.
 *
 * @throws {ControllerLockedError} where it is.
 * @throws {OmkError} where it delivers nothing.
 */
export async function rebuildRun(
  { directory, state, plan }: LoadedRun,
  history: MergeHistory,
  options: { readonly env: Readonly<Record<string, string>>; readonly signal: AbortSignal },
): Promise<Rebuild> {
  const { head, base } = state.run;
  if (head === null || base === null) {
    throw new OmkError({ what: `Cannot rebuild run ${directory.runId}`, why: "nothing of it is in git" });
  }
  await using resources = new AsyncDisposableStack();
  // Slots and hub belong to the controller of the run; for this moment that is this process.
  resources.use(takeControllerLock(directory.controllerLock, directory.runId));
  const repository = await discoverRepository(state.run.directory);
  const worktreeDirectory = state.run.worktree_directory ?? undefined;
  const machinery = resources.use(await startMachinery({ env: options.env, repository, worktreeDirectory }));
  const { workspace, supervisor } = machinery;
  if (workspace === null) {
    throw new OmkError({ what: `Cannot rebuild run ${directory.runId}`, why: "nothing of it is in git" });
  }
  const merges = [];
  for (const merge of history.merges) merges.push(await mergeAgain(workspace, state, merge));
  const same = merges.every(({ tree, rebuilt }) => tree === rebuilt) &&
    (merges.at(-1)?.tree ?? base.tree) === head.tree;
  if (!same) return { merges, tree: head.tree, same, gates: [] };
  const scratch = await makeScratch("omk-rebuild-");
  resources.defer(() => Deno.remove(scratch, { recursive: true }));
  const gates = createGateRunner({ supervisor, workspace, env: options.env, limits: plan.limits });
  const due = (plan.gates ?? []).filter(({ scope, skip }) => scope === "run" && !skip);
  const judge = async (gate: GateSpec): Promise<RebuiltGate> => {
    const result = await gates.run({
      gate,
      runNumber: 1,
      commit: head.commit,
      tree: head.tree,
      task: null,
      holder: { run_id: directory.runId, task_id: `gate.${gate.name}`, attempt: 1, token: 0 },
      directory: state.run.directory,
      worktree: plan.worktree,
      restore: outputsOfRun(state, directory),
      runDirectory: scratch,
      signal: options.signal,
    });
    return {
      gate: gate.name,
      required: gate.required,
      recorded: recordedResult(state, gate.name, head.tree),
      now: result.passed ? "passed" : "failed",
      reason: result.passed ? null : result.evidence.reason,
    };
  };
  const judged = await asRoomAllows(due, (gate, beside) => hasRoomForGate(state, gate, beside), judge);
  return { merges, tree: head.tree, same, gates: judged };
}

async function mergeAgain(
  workspace: Workspace,
  state: RunState,
  merge: RecordedMerge | RecordedOnto,
): Promise<RebuiltMerge> {
  const identity = state.run.identity ?? workspace.info.identity;
  if (merge.kind === "onto") {
    const { tree, parents: [branch = "", head = ""] } = merge.onto;
    const meta = { identity, date: 0, message: "" };
    return { task_id: null, tree, ...rebuilt(await workspace.mergeBranch(branch, head, meta)) };
  }
  const { started, tree } = merge;
  const spec = findTask(state, started.task_id)?.spec;
  const message = spec === undefined
    ? ""
    : taskCommitMessage(state.run.run_id, spec, started.attempt, started.reused?.run);
  const meta = { identity, date: started.date, message };
  const result = await workspace.merge(started.head, started.pin, started.base, meta);
  return { task_id: started.task_id, tree, ...rebuilt(result) };
}

function rebuilt(result: Awaited<ReturnType<Workspace["merge"]>>): Pick<RebuiltMerge, "rebuilt" | "problem"> {
  return result.kind === "merged"
    ? { rebuilt: result.tree, problem: null }
    : { rebuilt: null, problem: `conflict in ${result.paths.join(", ")}` };
}

function recordedResult({ run }: RunState, gate: string, tree: string): "passed" | "failed" | null {
  const latest = run.gates.findLast((each) =>
    each.gate === gate && each.scope === "run" && each.tree === tree
  );
  return latest?.result === "passed" || latest?.result === "failed" ? latest.result : null;
}

function keyOf({ task_id, attempt }: Pick<PayloadOf<"merge_started">, "task_id" | "attempt">): string {
  return `${task_id}/${attempt}`;
}
