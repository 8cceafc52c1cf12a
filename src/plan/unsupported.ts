/**
 * What the format names and this build does not run. It is refused when a plan is loaded: a field that is ignored
 * would be a promise that is not kept (P10). When a part is built, its entry goes.
 */

import { fieldScopes, type PlanDraft } from "./draft.ts";
import type { Finding } from "./problem.ts";

/** Fields of a task or of `defaults`, each with the rest of the sentence. */
const TASK_FIELDS = {
  attempts: "asks for several attempts at once, which this build does not make",
} as const;

/** The names of the fields that are refused. */
export const REFUSED_FIELDS = {
  task: Object.keys(TASK_FIELDS),
} as const;

/** What of a plan this build cannot run. */
export function checkSupported(draft: PlanDraft): Finding[] {
  const findings: Finding[] = [];
  for (const { path, fields } of fieldScopes(draft)) {
    for (const [field, reason] of Object.entries(TASK_FIELDS)) {
      if (field in fields) findings.push(refusal([...path, field], field, reason));
    }
  }
  return findings;
}

function refusal(path: Finding["path"], field: string, reason: string): Finding {
  return { code: "unsupported", path, target: "key", message: `"${field}" ${reason}`, hint: "remove it" };
}
