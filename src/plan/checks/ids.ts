/** Task ids: their form, and that no two differ in case only, as files and refs may not tell them apart. */

import type { PlanDraft } from "../draft.ts";
import { type Finding, quote } from "../problem.ts";
import { isTaskId } from "../spec.ts";

/** Checks the ids of all tasks. */
export function checkIds(draft: PlanDraft): Finding[] {
  const findings: Finding[] = [];
  const seen = new Map<string, { readonly id: string; readonly place: number }>();
  for (const [place, { id }] of draft.tasks.entries()) {
    if (id === undefined) continue;
    const path = ["tasks", place, "id"];
    if (!isTaskId(id)) {
      findings.push({
        code: "wrong_form",
        path,
        message: `${quote(id)} cannot be a task id`,
        hint: 'use 1 to 64 letters, digits, ".", "_" and "-", beginning with a letter or digit, without ' +
          '"..", and not ending in "." or ".lock"',
      });
    }
    const same = seen.get(id.toLowerCase());
    if (same === undefined) {
      seen.set(id.toLowerCase(), { id, place });
      continue;
    }
    findings.push({
      code: "duplicate_name",
      path,
      message: same.id === id
        ? `the id ${quote(id)} is already taken`
        : `the id ${quote(id)} differs from ${quote(same.id)} in case only`,
      hint: "give each task an id of its own",
      related: { what: "the first one is", at: ["tasks", same.place, "id"] },
    });
  }
  return findings;
}
