/** Decisions in words, so that two ways of deciding can be compared. */

import type { EventDraft } from "../../src/log/event.ts";

/** A decision in words that do not depend on the order where the order means nothing. */
export function words(drafts: readonly EventDraft[]): string[] {
  const all = drafts.map(({ kind, payload }) => {
    const id = "task_id" in payload ? payload.task_id : "";
    switch (kind) {
      case "task_claimed":
        return `claim ${id} ${payload.attempt} ${payload.base} ${payload.lease_expires} ${payload.worker}`;
      case "task_blocked":
        return `end ${id} null undefined`;
      case "task_cancelled":
        return `end ${id} ${payload.token} ${payload.request}`;
      case "retry_scheduled":
        return `again ${id} ${payload.token} ${payload.class} ${payload.not_before}`;
      case "task_failed":
        return `fail ${id} ${payload.token}`;
      case "merge_started":
        return `merge ${id} ${payload.pin} on ${payload.head}`;
      case "merge_judging":
        return `judge ${payload.batch} ${payload.tasks} ${payload.commit}`;
      case "task_completed":
        return `complete ${id}`;
      case "task_accepted": {
        const { request, proposal, spec } = payload;
        return `accept ${id} ${request} ${proposal} after ${spec?.["dependencies"]} writes ${
          spec?.["write_set"]
        }`;
      }
      case "task_rejected":
        return `reject ${payload.request} ${payload.proposal}`;
      case "task_reopened":
        return `reopen ${id} ${payload.request} ${payload.answer}`;
      case "budget_exhausted":
      case "budget_checkpoint":
        return `${kind} ${id ? `${id} ` : ""}${payload.budget} ${payload.used} of ${payload.limit}`;
      case "result_refused":
        return `refuse ${payload.request}`;
      case "request_refused":
        return `refuse ${payload.request}`;
      case "run_cancelled":
      case "run_paused":
      case "run_unpaused":
      case "budget_extended":
      case "worker_started":
      case "worker_stopped":
        return `${kind} ${payload.request}`;
      default:
        return kind;
    }
  });
  return inOrder(all);
}

/** A decision in words, with those in alphabetical order whose order means nothing. */
export function inOrder(words: readonly string[]): string[] {
  const isUnordered = (word: string) => /^(end|again|fail) /.test(word);
  return [...words.filter((each) => !isUnordered(each)), ...words.filter(isUnordered).sort()];
}
