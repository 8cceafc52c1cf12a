/** Dependencies: each names another task, once, and none leads back to where it began. */

import { findCycles } from "../cycles.ts";
import type { PlanDraft } from "../draft.ts";
import { nearest } from "../nearest.ts";
import type { Finding } from "../problem.ts";

/** For how many unknown names a similar one is looked for: each costs a walk over all ids. */
const MOST_GUESSES = 20;
/** How many tasks of a cycle are printed; in a longer one the middle is left out. */
const MOST_PRINTED = 20;

/** Checks the dependencies of all tasks. */
export function checkDependencies(draft: PlanDraft): Finding[] {
  const findings: Finding[] = [];
  const places = new Map<string, number>();
  for (const [place, { id }] of draft.tasks.entries()) {
    if (id !== undefined && !places.has(id)) places.set(id, place);
  }
  let guesses = 0;
  const guess = (id: string) => (guesses++ < MOST_GUESSES ? nearest(id, places.keys()) : undefined);
  const graph = draft.tasks.map((task, place) => {
    const found: number[] = [];
    const seen = new Set<string>();
    for (const [at, id] of (task.dependencies ?? []).entries()) {
      const path = ["tasks", place, "dependencies", at];
      const dependency = places.get(id);
      if (seen.has(id)) {
        findings.push({ path, message: `"${id}" is listed twice in "dependencies"` });
      } else if (id === task.id) {
        findings.push({ path, message: "the task depends on itself" });
      } else if (dependency === undefined) {
        const meant = guess(id);
        const hint = meant === undefined ? undefined : `did you mean "${meant}"?`;
        findings.push({ path, message: `"dependencies" names "${id}", which is no task of the plan`, hint });
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
  const ids = cycle.map((place) => draft.tasks[place]?.id ?? `number ${place + 1}`);
  const [first, second] = ids;
  const place = cycle[0] ?? 0;
  const at = draft.tasks[place]?.dependencies?.indexOf(second ?? "") ?? 0;
  const half = MOST_PRINTED / 2;
  const printed = ids.length <= MOST_PRINTED
    ? ids
    : [...ids.slice(0, half), `(${ids.length - MOST_PRINTED} more)`, ...ids.slice(-half)];
  return {
    path: ["tasks", place, "dependencies", at],
    message: `the dependencies form a cycle: ${[...printed, first].join(" -> ")}`,
    hint: 'each "->" reads "waits for"; remove one of them',
  };
}
