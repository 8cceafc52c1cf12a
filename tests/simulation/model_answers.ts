/** The part of the reference model that answers what others ask for and propose, in the words of `words.ts`. */

import type { OpenProposal, OpenRequest } from "../../src/scheduler/run_record.ts";
import {
  cancellation,
  isAtWork,
  isClosed,
  isEnding,
  isMerging,
  isSelected,
  isServing,
  type Item,
  readiness,
  type Seen,
  spread,
} from "./model_view.ts";
import { isOver } from "./naive.ts";

type Proposal = Omit<OpenProposal, "proposal"> & { readonly proposal?: number; readonly request?: number };

const texts = (value: unknown) => Array.isArray(value) ? value.map(String) : [];

/** The answer to a request; nothing as long as its end has to be waited for. */
export function answerTo(seen: Seen, { index, kind, payload }: OpenRequest): string[] {
  const { run, items, find } = seen;
  const answer = (isGranted: boolean, ...granted: string[]) => isGranted ? granted : [`refuse ${index}`];
  switch (kind) {
    case "cancel_requested":
      if (payload.task_id !== null) return cancelOne(seen, index, payload.task_id) ?? answer(false);
      return answer(run.cancel?.request === index && !run.cancelled && run.failure === null);
    case "pause_requested":
      return answer(!run.paused, `run_paused ${index}`);
    case "unpause_requested":
      return answer(run.paused, `run_unpaused ${index}`);
    case "answer_given": {
      const { task_id, answer: text } = payload;
      return answer(
        !isEnding(seen) && find(task_id)?.state === "waiting",
        `reopen ${task_id} ${index} ${text}`,
      );
    }
    case "retry_requested": {
      const reopened = isEnding(seen) ? [] : retried(seen, payload.task_id);
      return answer(reopened.length > 0, ...reopened.map((id) => `reopen ${id} ${index} undefined`));
    }
    case "budget_add_requested": {
      const planned = seen.budgets.find(({ budget }) => budget === payload.budget);
      return answer((planned?.limit ?? Infinity) < Infinity, `budget_extended ${index}`);
    }
    case "worker_joined": {
      const isKnown = payload.worker === "local" ||
        run.workers?.some(({ worker }) => worker === payload.worker);
      return answer(isKnown !== true && !isClosed(seen), `worker_started ${index}`);
    }
    case "worker_left":
      return answer(isServing(seen, payload.worker), `worker_stopped ${index}`);
    case "attempt_started":
    case "attempt_reported":
      return answer(
        items.some((each) =>
          isAtWork(each) && each.token === payload.token && each.id === payload.task_id &&
          each.owner === payload.worker
        ),
      );
    case "task_proposed": {
      const { task_id, attempt, token, proposal: content } = payload;
      const by = find(task_id);
      const isCurrent = by !== undefined && isAtWork(by) && by.token === token && by.attempt === attempt;
      const proposal = { proposed_by: { task_id, attempt, token }, content, request: index };
      return answer(isCurrent, answerToProposal(seen, proposal));
    }
    default:
      return answer(false);
  }
}

/** The task and all that would wait for its success in vain; what is at work or being merged ends by itself. */
function cancelOne(seen: Seen, request: number, id: string): string[] | null {
  const asked = seen.find(id);
  if (asked === undefined || isOver(asked) || (isAtWork(asked) && asked.cancel_request !== request)) {
    return null;
  }
  return spread(seen, "going", [id], (each, find) =>
    !isOver(each) && each.spec.trigger_rule !== "all_done" &&
    each.spec.dependencies.some((other) => find(other)?.state === "going"))
    .filter((each) => !isAtWork(each) && !isMerging(seen, each))
    .map((each) =>
      each !== asked && each.state === "pending"
        ? `end ${each.id}`
        : cancellation(each, each === asked ? request : undefined)
    )
    .sort();
}

/** What failed, or this task; and everything that ended because of others and can start when these have ended well. */
function retried(seen: Seen, id: string | null): string[] {
  const asked = seen.items.filter((each) =>
    id === null ? each.state === "failed" : each.id === id && isOver(each) && each.state !== "completed" &&
      isSelected(seen, each) && readiness(each, seen.find) !== "hopeless"
  );
  return spread(
    seen,
    "pending",
    asked.map((each) => each.id),
    (each, find) =>
      (each.state === "blocked" || (each.state === "cancelled" && each.causes.length > 0)) &&
      each.spec.dependencies.some((other) =>
        isOver(seen.find(other) ?? each) && find(other)?.state === "pending"
      ) &&
      readiness(each, find) !== "hopeless",
  ).map((each) => each.id);
}

/** The answer to the first proposal that waits for no other; those that wait for each other are refused together. */
export function answerToProposals(seen: Seen): string[] {
  const open = seen.run.open_proposals ?? [];
  const isTogether = (a: OpenProposal, b = open[0]) => a.proposed_by.token === b?.proposed_by.token;
  const next = open.find((one) =>
    !open.some((each) => isTogether(each, one) && idOf(each) !== idOf(one) && needs(one, idOf(each)))
  );
  return next === undefined
    ? open.filter((each) => isTogether(each)).map(rejection)
    : [answerToProposal(seen, next)];
}

function answerToProposal(seen: Seen, proposal: Proposal): string {
  const { run, plan, items, find } = seen;
  const { content, proposed_by: { task_id } } = proposal;
  const [proposer, policy] = [find(task_id), plan.proposals];
  const isOpen = typeof content !== "number" && proposer !== undefined && policy !== undefined &&
    !isClosed(seen);
  if (!isOpen || items.filter((each) => each.proposed_by).length >= policy.max_tasks) {
    return rejection(proposal);
  }
  const { dependencies, write_set, pool, isolation = proposer.spec.isolation } = content;
  let depth = 0;
  for (let by: Item | undefined = proposer; by?.proposed_by; by = find(by.proposed_by.task_id)) depth += 1;
  const id = idOf(proposal);
  const limit = policy.write_set ?? proposer.spec.write_set;
  const own = write_set === undefined ? limit : texts(write_set);
  const isInside = (each: string) => limit?.some((outer) => isBelow(each, outer, run.case_sensitive)) ?? true;
  const known = texts(dependencies).map(find);
  const isFit = depth < policy.max_depth && id !== undefined && content["run"] !== undefined &&
    content["colour"] === undefined && isolation === proposer.spec.isolation &&
    (pool === undefined || Object.hasOwn(plan.pools, String(pool))) && (own ?? []).every(isInside) &&
    !items.some((each) => each.id.toLowerCase() === String(id).toLowerCase()) &&
    known.every((each) => each !== undefined && isSelected(seen, each)) &&
    new Set(known).size === known.length;
  if (!isFit) return rejection(proposal);
  const writes = own === null ? null : [...new Set(own)];
  return `accept ${id} ${proposal.request} ${proposal.proposal} after ${
    texts(dependencies)
  } writes ${writes}`;
}

const rejection = ({ request, proposal }: Proposal) => `reject ${request} ${proposal}`;
const idOf = ({ content }: Proposal) =>
  typeof content === "number" || content["id"] === "../x" ? undefined : content["id"];
const needs = ({ content }: Proposal, id: unknown) =>
  typeof content !== "number" && texts(content["dependencies"]).includes(String(id));

/** Whether everything of one entry is in another: the same, or below the directory that it stands for. */
function isBelow(inner: string, outer: string, caseSensitive: boolean): boolean {
  if (!caseSensitive) return isBelow(inner.toLowerCase(), outer.toLowerCase(), true);
  const directory = outer.replace(/\/\*\*$/, "");
  return outer === inner || outer === "**" || (!/[*.]/.test(directory) && inner.startsWith(`${directory}/`));
}
