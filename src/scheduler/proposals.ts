/**
 * What becomes of the tasks that a task proposes: the plan's policy decides, and each is answered by a fact, with its
 * reason. Pure.
 */

import { draft, type EventDraft, taskSubject } from "../log/event.ts";
import { PROPOSALS_READ } from "../log/payloads.ts";
import { findCycles } from "../plan/cycles.ts";
import { readProposal } from "../plan/proposal.ts";
import { quote } from "../plan/problem.ts";
import { isTaskId, type TaskSpec } from "../plan/spec.ts";
import type { OpenProposal } from "./run_record.ts";
import { findTask, type RunState, type TaskView } from "./run_state.ts";
import type { AttemptRef } from "./task_state.ts";

/** A proposal with where it comes from: an attempt's result, or a request. */
export interface Proposal {
  readonly proposed_by: AttemptRef;
  /** Its place among the proposals of the attempt's result. */
  readonly proposal?: number;
  /** Index of the request. */
  readonly request?: number;
  readonly content: OpenProposal["content"];
}

/** The answer to the first open proposal that can be given; empty where none is open. */
export function decideProposals(state: RunState): EventDraft[] {
  const open = state.run.open_proposals ?? [];
  const next = open.find((each) => !waitsForOthers(open, each));
  if (next !== undefined) return [answerProposal(state, viewOf(state, next.proposed_by.task_id), next)];
  // Each waits for another one of its attempt, so some of them form a cycle, and the others wait for that.
  const together = open.filter((each) => each.proposed_by.token === open[0]?.proposed_by.token);
  return together.map((each) => refusal(state, each, cycleAmong(together)));
}

/** Accepts a proposal, or refuses it with the reason. */
export function answerProposal(state: RunState, proposer: TaskView, proposal: Proposal): EventDraft {
  const { content } = proposal;
  const refuse = (reason: string) => refusal(state, proposal, reason);
  if (typeof content === "number") {
    return refuse(`${content} more were not read: an attempt may make ${PROPOSALS_READ} proposals`);
  }
  const obstacle = policyObstacle(state, proposer) ?? endOfRun(state);
  if (obstacle !== null) return refuse(obstacle);
  const policy = state.plan.proposals;
  if (policy === undefined) return refuse(NO_POLICY);
  const caseSensitive = state.run.case_sensitive;
  const read = readProposal(content, proposer.spec, state.plan, policy, { caseSensitive });
  if (!read.ok) return refuse(read.reason);
  const unfit = misfitOf(state, read.spec);
  if (unfit !== null) return refuse(unfit);
  const { spec } = read;
  return draft("task_accepted", taskSubject(spec.id), controllerOf(state), {
    ...originOf(proposal),
    task_id: spec.id,
    reason: `proposed by "${proposer.task.id}", as the plan allows`,
    spec: { ...spec },
  });
}

/** The refusals of what an attempt proposed that did not succeed: the next attempt will propose what it needs. */
export function refuseProposals(
  state: RunState,
  proposed_by: AttemptRef,
  reported: { readonly proposals?: readonly Readonly<Record<string, unknown>>[] | undefined } | undefined,
): EventDraft[] {
  return (reported?.proposals ?? []).map((content, proposal) =>
    refusal(state, { proposed_by, proposal, content }, "the attempt that proposed it did not succeed")
  );
}

/** How many proposals lie between a task and the plan. */
export function proposalDepth({ task }: TaskView): number {
  return task.proposed_by?.depth ?? 0;
}

/** Why the tasks of a spec do not fit the others of the run; null where they do. */
export function misfitOf(state: RunState, spec: TaskSpec): string | null {
  const similar = state.index.similarId(spec.id);
  if (similar !== undefined) {
    return similar === spec.id
      ? `the run has a task "${spec.id}" already`
      : `its id "${spec.id}" differs from "${similar}" in case only`;
  }
  const seen = new Set<string>();
  for (const id of spec.dependencies) {
    if (seen.has(id)) return `"dependencies" names ${quote(id)} twice`;
    seen.add(id);
    if (id === spec.id) return "it depends on itself";
    const ordinal = state.index.ordinalOf(id);
    if (ordinal === undefined) return `"dependencies" names ${quote(id)}, which is no task of the run`;
    if (!state.index.isSelected(ordinal)) return `it depends on "${id}", which is not part of this run`;
  }
  return null;
}

/** Why the plan lets no proposal of this task become a task now, whatever it says; null where one may. */
export function policyObstacle(state: RunState, proposer: TaskView): string | null {
  const { run, plan } = state;
  if (plan.proposals === undefined) return NO_POLICY;
  const { max_tasks, max_depth } = plan.proposals;
  if ((run.accepted?.length ?? 0) >= max_tasks) {
    return `the plan accepts ${max_tasks} proposals in a run, and so many were accepted`;
  }
  if (proposalDepth(proposer) >= max_depth) {
    return `"${proposer.task.id}" was proposed itself, and the plan accepts chains of ${max_depth}`;
  }
  return null;
}

/**
 * Why nothing is added to a run that is on its way to its end. No rule of the fold: somebody may ask to cancel the run
 * between a decision and its commit.
 */
function endOfRun({ run }: RunState): string | null {
  if (run.cancel !== null || run.cancelled) return "the run is cancelled";
  return run.failure !== null || run.tampered_at !== null ? "the run has ended" : null;
}

/** The task of an attempt, which the fold has seen end. */
function viewOf(state: RunState, id: string): TaskView {
  const view = findTask(state, id);
  if (view === undefined) {
    throw new RangeError(`Cannot answer a proposal of "${id}", which is no task of the run`);
  }
  return view;
}

const NO_POLICY = "the plan does not allow proposals";

/** Whether a proposal depends on another that its attempt makes and that has no answer yet. */
function waitsForOthers(open: readonly OpenProposal[], one: OpenProposal): boolean {
  return dependenciesOf(one).some((id) =>
    open.some((other) =>
      other !== one && other.proposed_by.token === one.proposed_by.token && idOf(other) === id &&
      id !== idOf(one)
    )
  );
}

function cycleAmong(open: readonly OpenProposal[]): string {
  const places = new Map<unknown, number>(open.map((each, place) => [idOf(each), place]));
  const graph = open.map((each) => dependenciesOf(each).flatMap((id) => places.get(id) ?? []));
  const [cycle = []] = findCycles(graph);
  const names = [...cycle, ...cycle.slice(0, 1)].map((place) => idOf(open[place]) ?? "");
  return `the dependencies of the proposals form a cycle: ${names.join(" -> ")}`;
}

function idOf(open: Proposal | undefined): string | undefined {
  const id = typeof open?.content === "object" ? open.content["id"] : undefined;
  return typeof id === "string" && isTaskId(id) ? id : undefined;
}

function dependenciesOf({ content }: OpenProposal): readonly unknown[] {
  const dependencies = typeof content === "object" ? content["dependencies"] : undefined;
  return Array.isArray(dependencies) ? dependencies : [];
}

function refusal(state: RunState, proposal: Proposal, reason: string): EventDraft {
  const { task_id } = proposal.proposed_by;
  return draft("task_rejected", taskSubject(task_id), controllerOf(state), {
    ...originOf(proposal),
    task_id: idOf(proposal) ?? task_id,
    reason,
  });
}

function originOf({ proposed_by, proposal, request }: Proposal) {
  const { task_id, attempt, token } = proposed_by;
  return {
    proposed_by: { task_id, attempt, token },
    ...(proposal === undefined ? {} : { proposal }),
    ...(request === undefined ? {} : { request }),
  };
}

function controllerOf(state: RunState): string {
  return `controller/${state.run.incarnation}`;
}
