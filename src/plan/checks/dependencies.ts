/** Dependencies: each names another task, once, and none leads back to where it began. */

import { findCycles } from "../cycles.ts";
import type { PlanDraft } from "../draft.ts";
import { type Finding, quote } from "../problem.ts";
import { isTaskId } from "../spec.ts";
import { createSuggester } from "../suggest.ts";

/** How many tasks of a cycle are printed; in a longer one the middle is left out. */
const MOST_PRINTED = 20;

/** Checks the dependencies of all tasks. */
export function checkDependencies(draft: PlanDraft): Finding[] {
  const findings: Finding[] = [];
  const places = new Map<string, number>();
  for (const [place, { id }] of draft.tasks.entries()) {
    if (id !== undefined && !places.has(id)) places.set(id, place);
  }
  const suggestId = createSuggester(() => places.keys());
  const graph = draft.tasks.map((task, place) => {
    const found: number[] = [];
    const seen = new Set<string>();
    for (const [at, id] of (task.dependencies ?? []).entries()) {
      const path = ["tasks", place, "dependencies", at];
      const dependency = places.get(id);
      if (seen.has(id)) {
        findings.push({ path, message: `${quote(id)} is listed twice in "dependencies"` });
      } else if (id === task.id) {
        findings.push({ path, message: "the task depends on itself" });
      } else if (dependency === undefined) {
        const message = `"dependencies" names ${quote(id)}, which is no task of the plan`;
        findings.push({ path, message, hint: suggestId(id) });
      } else {
        found.push(dependency);
      }
      seen.add(id);
    }
    return found;
  });
  for (const cycle of findCycles(graph)) findings.push(cycleFinding(draft, cycle));
  return findings;
}

function cycleFinding(draft: PlanDraft, cycle: readonly number[]): Finding {
  const ids = cycle.map((place) => draft.tasks[place]?.id ?? "");
  const place = cycle[0] ?? 0;
  const at = draft.tasks[place]?.dependencies?.indexOf(ids[1] ?? "") ?? 0;
  const names = ids.map((id) => (isTaskId(id) ? id : quote(id)));
  const half = MOST_PRINTED / 2;
  const printed = names.length <= MOST_PRINTED
    ? names
    : [...names.slice(0, half), `(${names.length - MOST_PRINTED} more)`, ...names.slice(-half)];
  return {
    path: ["tasks", place, "dependencies", at],
    message: `the dependencies form a cycle: ${[...printed, names[0]].join(" -> ")}`,
    hint: 'each "->" reads "waits for"; remove one of them',
  };
}
