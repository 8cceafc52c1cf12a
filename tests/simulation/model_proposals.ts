/** The part of the reference model that answers what tasks propose. */

import type { OpenProposal } from "../../src/scheduler/run_record.ts";
import { type Facts, isAtWork, isSelected, taskOf } from "./facts.ts";
import { specOf } from "./naive.ts";

/** A proposal of a result, which has a place, or of a request. */
interface Proposal extends Pick<OpenProposal, "content" | "proposed_by"> {
  readonly proposal?: number;
  readonly request?: number;
}

/** The next answer to what finished attempts propose. */
export function answerToProposals(facts: Facts): string[] {
  const open = facts.run.open_proposals ?? [];
  const waits = (one: OpenProposal) =>
    listOf(one, "dependencies").some((id) =>
      id !== idOf(one) &&
      open.some((each) => each.proposed_by.token === one.proposed_by.token && idOf(each) === id)
    );
  const next = open.find((each) => !waits(each));
  if (next !== undefined) return [answerToProposal(facts, next)];
  return open.filter(({ proposed_by }) => proposed_by.token === open[0]?.proposed_by.token).map(rejection);
}

/** The answer to what somebody proposes by a request: only an attempt that is at work may do so. */
export function answerToRequest(facts: Facts, proposal: Proposal): string {
  const task = taskOf(facts, proposal.proposed_by.task_id);
  const isCurrent = task !== undefined && isAtWork(task) && task.token === proposal.proposed_by.token &&
    task.attempt === proposal.proposed_by.attempt;
  return isCurrent ? answerToProposal(facts, proposal) : `refuse ${proposal.request}`;
}

function answerToProposal(facts: Facts, proposal: Proposal): string {
  const { run, plan, tasks } = facts;
  const { proposed_by, content } = proposal;
  const proposer = specOf(plan, proposed_by.task_id);
  const policy = plan.proposals;
  const isOver = run.cancel !== null || run.cancelled || run.failure !== null || run.tampered_at !== null;
  if (typeof content === "number" || proposer === undefined || policy === undefined || isOver) {
    return rejection(proposal);
  }
  const accepted = tasks.filter(({ proposed_by }) => proposed_by !== undefined).length;
  if (accepted >= policy.max_tasks || chainOf(facts, proposer.id) >= policy.max_depth) {
    return rejection(proposal);
  }
  const id = idOf(proposal);
  const isNew = !tasks.some((task) => task.id.toLowerCase() === String(id).toLowerCase());
  const dependencies = listOf(proposal, "dependencies");
  const areKnown =
    dependencies.every((each) => taskOf(facts, each) !== undefined && isSelected(facts, each)) &&
    new Set(dependencies).size === dependencies.length;
  const limit = policy.write_set ?? proposer.write_set;
  const own = content["write_set"] === undefined ? limit : listOf(proposal, "write_set");
  const fold = (entry: string) => run.case_sensitive ? entry : entry.toLowerCase();
  const isInside = limit === null ||
    (own ?? []).every((each) => limit.some((outer) => holds(fold(outer), fold(each))));
  const { pool, isolation = proposer.isolation } = content;
  const isPoolKnown = pool === undefined || Object.hasOwn(plan.pools, String(pool));
  const isWellFormed = content["run"] !== undefined && content["colour"] === undefined &&
    id !== undefined;
  return isNew && areKnown && isInside && isPoolKnown && isWellFormed && isolation === proposer.isolation
    ? `accept ${id} ${proposal.request} ${proposal.proposal} after ${dependencies} writes ${
      own === null ? null : [...new Set(own)]
    }`
    : rejection(proposal);
}

/** How many proposals lie between a task and the plan. */
function chainOf(facts: Facts, id: string): number {
  const by = taskOf(facts, id)?.proposed_by;
  return by === undefined ? 0 : 1 + chainOf(facts, by.task_id);
}

/** Whether everything of one entry is in another: the same, or below the directory that it stands for. */
function holds(outer: string, inner: string): boolean {
  if (outer === inner || outer === "**") return true;
  const directory = outer.replace(/\/\*\*$/, "");
  return !/[*.]/.test(directory) && inner.startsWith(`${directory}/`);
}

function rejection({ request, proposal }: Proposal): string {
  return `reject ${request} ${proposal}`;
}

function idOf({ content }: Proposal): unknown {
  return typeof content === "number" || content["id"] === "../x" ? undefined : content["id"];
}

function listOf({ content }: Proposal, field: string): string[] {
  const list = typeof content === "number" ? [] : content[field];
  return Array.isArray(list) ? list.map(String) : [];
}
