/** Delivering what a run made to a branch of the user: the one moment at which omk touches it. */

import { systemClock } from "../clock.ts";
import { OmkError, UsageError } from "../errors.ts";
import type { DeliveryResult, Workspace } from "../git/port.ts";
import { draft } from "../log/event.ts";
import type { RunStatus } from "../log/kinds.ts";
import { exitCodeOf } from "../proof/status.ts";
import type { RunState } from "../scheduler/run_state.ts";
import type { RunDirectory } from "./directory.ts";
import { takeOver } from "./resume_run.ts";
import type { RunWatcher, Session } from "./session.ts";

/** Nothing was delivered. */
export class DeliveryRefusedError extends OmkError {
  override readonly name = "DeliveryRefusedError";
}

/** What is to be delivered, and how. */
export interface DeliverOptions {
  readonly directory: RunDirectory;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** Full or short name of the branch; undefined: the one that HEAD named when the run started. */
  readonly into?: string | undefined;
  /** Deliver a run that is not `ready`, and do not run gates on a merge with a branch that has moved. */
  readonly anyway: boolean;
  /** Deliver files whose content has the shape of a secret. */
  readonly allowSecrets: boolean;
  readonly watcher: RunWatcher;
}

/** What was delivered. */
export interface Delivery {
  readonly branch: string;
  readonly from: string;
  readonly to: string;
  /** The checkout whose files were updated, or null. */
  readonly checkout: string | null;
  /** Whether the branch had moved and was merged with first. */
  readonly merged: boolean;
  /** The branch held it already. */
  readonly unchanged: boolean;
}

/**
 * Delivers the head of a finished run.
 *
 * @throws {DeliveryRefusedError} with the reason and the way out; nothing was changed then.
 */
export async function deliverRun(options: DeliverOptions): Promise<Delivery> {
  const secrets = new Map<string, readonly string[]>();
  await using first = await openFor(options, secrets);
  const { state } = first;
  const branch = branchOf(options, state);
  const head = headOf(options, state);
  const workspace = workspaceOf(first);
  const snapshot = state.run.base?.snapshot === true ? state.run.base.commit : null;
  const request = { runId: options.directory.runId, branch, head, snapshot };
  const delivered = await closingOnError(first, workspace.deliver(request));
  if (delivered.kind !== "moved") return await settle(options, first, branch, delivered, false);
  return await deliverMoved(options, first, workspace, branch, head, delivered.branchCommit);
}

/** The branch has moved: merge, judge the merge with the run's gates, prove it, deliver that. */
async function deliverMoved(
  options: DeliverOptions,
  first: Session,
  workspace: Workspace,
  branch: string,
  head: string,
  branchCommit: string,
): Promise<Delivery> {
  const { runId } = options.directory;
  const meta = {
    identity: workspace.info.identity,
    date: systemClock.wall(),
    message: `Merge run ${runId} into ${shortBranch(branch)}\n\nOmk-Run: ${runId}\n`,
  };
  const merged = await closingOnError(first, workspace.mergeBranch(branchCommit, head, meta));
  if (merged.kind === "conflict") {
    await endQuietly(first);
    throw new DeliveryRefusedError({
      what: `Cannot merge run ${runId} into ${shortBranch(branch)}`,
      why: `the branch has moved, and both changed ${merged.paths.join(", ")}`,
      fix: `resolve it yourself with: git merge ${head}`,
    });
  }
  if (options.anyway) {
    await workspace.keepMerge(runId, merged.commit);
    const request = { runId, branch, head: merged.commit, snapshot: null };
    const delivered = await closingOnError(first, workspace.deliver(request));
    return await settle(options, first, branch, delivered, true);
  }
  await endQuietly(first);
  await first[Symbol.asyncDispose]();
  await using second = await openFor(options, new Map(), {
    branch,
    parents: [branchCommit, head],
    commit: merged.commit,
    tree: merged.tree,
  });
  const end = await second.run();
  if (end.status !== "ready") {
    throw new DeliveryRefusedError({
      what: `Cannot deliver run ${runId} to ${shortBranch(branch)}`,
      why: `merged with what is on the branch now, it is ${end.status}`,
      fix: `see omk proof ${runId}; --anyway delivers without its gates`,
    });
  }
  const request = { runId, branch, head: merged.commit, snapshot: null };
  const delivered = await workspaceOf(second).deliver(request);
  return await settle(options, second, branch, delivered, true);
}

/** Takes the run over for the delivery. */
async function openFor(
  options: DeliverOptions,
  secrets: Map<string, readonly string[]>,
  onto?: NonNullable<Parameters<typeof takeOver>[1]["onto"]>,
): Promise<Session> {
  return await takeOver(options.directory, {
    env: options.env,
    home: options.home,
    by: "merge",
    startsTasks: false,
    onto: onto ?? null,
    watcher: options.watcher,
    onHistory: (event) => {
      if (event.kind === "attempt_pinned") secrets.set(event.payload.task_id, event.payload.secrets);
      if (event.kind !== "run_started") return;
      for (const each of event.payload.reuse?.tasks ?? []) secrets.set(each.task_id, each.secrets);
    },
    check: (state) => {
      checkDeliverable(options, state);
      checkSecrets(options, state, secrets);
    },
  });
}

function checkDeliverable(options: DeliverOptions, state: RunState): void {
  const { runId } = options.directory;
  const { run } = state;
  const what = `Cannot deliver run ${runId}`;
  if (run.phase !== "finished") {
    throw new DeliveryRefusedError({
      what,
      why: "it is not finished",
      fix: `go on with omk resume ${runId}`,
    });
  }
  if (run.status !== "ready" && !options.anyway) {
    throw new DeliveryRefusedError({
      what,
      why: run.status === "not_ready" ? "it is not_ready" : `it is ${run.status}, not ready`,
      fix: `see omk proof ${runId}; --anyway delivers it all the same, and the log says so`,
    });
  }
  const { verdict } = run;
  if (verdict?.accepted === false && !options.anyway) {
    throw new DeliveryRefusedError({
      what,
      why: `${verdict.by} rejected it: ${verdict.reason}`,
      fix:
        `omk accept ${runId} if that no longer holds; --anyway delivers it all the same, and the log says so`,
    });
  }
  headOf(options, state);
  branchOf(options, state);
}

function headOf(options: DeliverOptions, state: RunState): string {
  const { head, base } = state.run;
  if (head !== null && base !== null && (head.commit !== base.commit || base.snapshot)) return head.commit;
  throw new DeliveryRefusedError({
    what: `Cannot deliver run ${options.directory.runId}`,
    why: head === null
      ? "its tasks worked in the directory itself, so nothing is in git"
      : "it changed nothing",
  });
}

function branchOf(options: DeliverOptions, state: RunState): string {
  const branch = options.into ?? state.run.base?.branch ?? undefined;
  if (branch !== undefined) return branch.startsWith("refs/heads/") ? branch : `refs/heads/${branch}`;
  throw new UsageError({
    what: `Cannot tell where to deliver run ${options.directory.runId}`,
    why: "HEAD was detached when it started",
    fix: "name a branch with --into BRANCH",
  });
}

/** Secrets in what was merged stop a delivery (P12). */
function checkSecrets(
  options: DeliverOptions,
  state: RunState,
  secrets: ReadonlyMap<string, readonly string[]>,
): void {
  if (options.allowSecrets) return;
  const paths = state.tasks.flatMap((task) => task.state === "completed" ? secrets.get(task.id) ?? [] : []);
  if (paths.length === 0) return;
  throw new DeliveryRefusedError({
    what: `Cannot deliver run ${options.directory.runId}`,
    where: paths.join(", "),
    why: "the content has the shape of a secret",
    fix: "take the secret out and run again, or deliver it with --allow-secrets if it is none",
  });
}

function workspaceOf(session: Session): Workspace {
  if (session.workspace !== null) return session.workspace;
  throw new DeliveryRefusedError({ what: "Cannot deliver", why: "the run has no worktrees" });
}

/** Records what came of the delivery, and closes the run again. */
async function settle(
  options: DeliverOptions,
  session: Session,
  branch: string,
  result: DeliveryResult,
  merged: boolean,
): Promise<Delivery> {
  const { runId } = options.directory;
  if (result.kind !== "fast_forwarded") {
    await endQuietly(session);
    throw new DeliveryRefusedError({
      what: `Cannot deliver run ${runId} to ${shortBranch(branch)}`,
      why: result.kind === "moved"
        ? "the branch moved while it was merged"
        : result.why + (result.paths.length === 0 ? "" : `: ${result.paths.join(", ")}`),
      fix: result.kind === "moved" ? "try again" : result.fix,
    });
  }
  const { from, to, checkout } = result;
  await session.log.append([
    draft("run_merged", "run", session.actor, { branch, from, commit: to, anyway: options.anyway }),
  ]);
  await endQuietly(session);
  return { branch, from, to, checkout, merged, unchanged: from === to };
}

/** Waits for a step; where it fails, the run is closed again before anybody hears of that. */
async function closingOnError<T>(session: Session, step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    await endQuietly(session);
    throw error;
  }
}

/** Closes the incarnation with the status that the run had. */
async function endQuietly(session: Session): Promise<void> {
  const status: RunStatus = session.state.run.status ?? "not_ready";
  await session.log.append([
    draft("run_finished", "run", session.actor, { status, exit_code: exitCodeOf(status) }),
  ]);
}

function shortBranch(branch: string): string {
  return branch.replace(/^refs\/heads\//, "");
}
