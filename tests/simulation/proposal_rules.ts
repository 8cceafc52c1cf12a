/** What has to become of the tasks that attempts propose, from the events alone, in the words of `words.ts`. */

import type { OpenProposal } from "../../src/scheduler/run_record.ts";
import type { Shadows } from "./claim_rules.ts";
import { REFUSED_FIELDS } from "./proposals.ts";

/** A proposal. */
export interface Proposal {
  /** As it was written, or how many more there were than are read. */
  readonly content: OpenProposal["content"];
  readonly request?: number;
  /** Its place among those of the attempt's result. */
  readonly proposal?: number;
}

const texts = (value: unknown) => Array.isArray(value) ? value.map(String) : [];
const field = ({ content }: Proposal, name: string) =>
  typeof content === "number" ? undefined : content[name];
const idOf = (proposal: Proposal) => String(field(proposal, "id"));
const dependenciesOf = (proposal: Proposal) => texts(field(proposal, "dependencies"));
const rejection = ({ request, proposal }: Proposal) => `reject ${request} ${proposal}`;

/** The answer to the first that waits for no other of its attempt; those that wait for each other are refused. */
export function answerToProposals(
  shadows: Shadows,
  open: readonly OpenProposal[],
  isClosed: boolean,
): string[] {
  const matesOf = (one = open[0]) =>
    open.filter(({ proposed_by }) => proposed_by.token === one?.proposed_by.token);
  const waits = (one: OpenProposal) =>
    matesOf(one).some((each) => idOf(each) !== idOf(one) && dependenciesOf(one).includes(idOf(each)));
  const next = open.find((one) => !waits(one));
  return next === undefined
    ? matesOf().map(rejection)
    : [answerToProposal(shadows, next.proposed_by.task_id, next, isClosed)];
}

/** The answer to a proposal of the current attempt of task `by`; none is accepted by a run that goes to its end. */
export function answerToProposal(
  shadows: Shadows,
  by: string,
  proposal: Proposal,
  isClosed: boolean,
): string {
  const { plan, run, tasks } = shadows;
  const [id, dependencies] = [idOf(proposal), dependenciesOf(proposal)];
  const proposer = tasks.get(by);
  const policy = plan.proposals;
  if (isClosed || proposer === undefined || policy === undefined) return rejection(proposal);
  const limit = policy.write_set ?? proposer.spec.write_set;
  const written = field(proposal, "write_set");
  const writes = written === undefined ? limit : texts(written);
  const { isolation } = proposer.spec;
  const pool = field(proposal, "pool");
  const known = [...tasks.keys()].map((each) => each.toLowerCase());
  const isFit = proposer.depth < policy.max_depth && run.accepted < policy.max_tasks &&
    /^[a-z0-9]+$/i.test(id) && field(proposal, "run") !== undefined &&
    REFUSED_FIELDS.every((each) => field(proposal, each) === undefined) &&
    (field(proposal, "isolation") ?? isolation) === isolation &&
    (pool === undefined || Object.hasOwn(plan.pools, String(pool))) && !known.includes(id.toLowerCase()) &&
    dependencies.every((each) => tasks.has(each) && run.isSelected(each)) &&
    new Set(dependencies).size === dependencies.length &&
    (writes ?? []).every((each) => limit?.some((outer) => isBelow(each, outer, run.caseSensitive)) ?? true);
  if (!isFit) return rejection(proposal);
  const { request, proposal: place } = proposal;
  const set = writes === null ? null : [...new Set(writes)];
  return `accept ${id} ${request} ${place} after ${dependencies} writes ${set}`;
}

/** Whether everything of one entry is in another: the same, or below the directory that it stands for. */
function isBelow(inner: string, outer: string, caseSensitive: boolean): boolean {
  if (!caseSensitive) return isBelow(inner.toLowerCase(), outer.toLowerCase(), true);
  const directory = outer.replace(/\/\*\*$/, "");
  return outer === inner || outer === "**" || (!/[*.]/.test(directory) && inner.startsWith(`${directory}/`));
}
