/** Dependencies: each names another task, once, and none leads back to where it began. */

import { findCycles } from "../cycles.ts";
import type { PlanDraft } from "../draft.ts";
import { type Finding, quote } from "../problem.ts";
import { isTaskId } from "../spec.ts";
import { createSuggester } from "../suggest.ts";

/** How many tasks of a cycle are printed; in a longer one the middle is left out. */
const MOST_PRINTED = 20;
/** The ids of a plan are told where it has no more tasks. */
const MOST_NAMED = 12;

/** Checks the dependencies of all tasks. */
export function checkDependencies(draft: PlanDraft): Finding[] {
  const findings: Finding[] = [];
  const places = new Map<string, number>();
  for (const [place, { id }] of draft.tasks.entries()) {
    if (id !== undefined && !places.has(id)) places.set(id, place);
  }
  const suggestId = createSuggester(() => places.keys());
  const names = nameSome([...places.keys()]);
  const graph = draft.tasks.map((task, place) => {
    const found: number[] = [];
    const lists = [["dependencies", ["dependencies"]], ["of", ["review", "of"]]] as const;
    for (const [name, field] of lists) {
      const ids = name === "of" ? task.review?.of : task.dependencies;
      const seen = new Set<string>();
      for (const [at, id] of (ids ?? []).entries()) {
        const path = ["tasks", place, ...field, at];
        const dependency = places.get(id);
        if (seen.has(id)) {
          const message = `${quote(id)} is listed twice in "${name}"`;
          findings.push({ code: "duplicate_name", path, message, hint: "remove one of the two" });
        } else if (id === task.id) {
          const hint = name === "of" ? "name the task that it reviews" : "remove it: a task waits for others";
          const message = name === "of" ? "the task reviews itself" : "the task depends on itself";
          findings.push({ code: "self_dependency", path, message, hint });
        } else if (dependency === undefined) {
          const message = `"${name}" names ${quote(id)}, which is no task of the plan`;
          const suggestion = suggestId(id);
          findings.push({
            code: "unknown_name",
            path,
            message,
            ...(suggestion === undefined ? { hint: names } : { suggestion }),
          });
        } else {
          found.push(dependency);
        }
        seen.add(id);
      }
    }
    return found;
  });
  for (const cycle of findCycles(graph)) findings.push(cycleFinding(draft, cycle));
  return findings;
}

/** The ids of a small plan, as a hint. */
function nameSome(ids: readonly string[]): string {
  return ids.length > MOST_NAMED ? "write the id of a task" : `the tasks are ${ids.map(quote).join(", ")}`;
}

function cycleFinding(draft: PlanDraft, cycle: readonly number[]): Finding {
  const ids = cycle.map((place) => draft.tasks[place]?.id ?? "");
  const place = cycle[0] ?? 0;
  const { dependencies = [], review } = draft.tasks[place] ?? {};
  const at = dependencies.indexOf(ids[1] ?? "");
  const reviewed = review?.of?.indexOf(ids[1] ?? "") ?? -1;
  const names = ids.map((id) => (isTaskId(id) ? id : quote(id)));
  const half = MOST_PRINTED / 2;
  const printed = names.length <= MOST_PRINTED
    ? names
    : [...names.slice(0, half), `(${names.length - MOST_PRINTED} more)`, ...names.slice(-half)];
  return {
    code: "cycle",
    path: ["tasks", place, ...(at < 0 && reviewed >= 0 ? ["review", "of", reviewed] : ["dependencies", at])],
    message: `the dependencies form a cycle: ${[...printed, names[0]].join(" -> ")}`,
    hint: 'each "->" reads "waits for"; remove one of them',
  };
}
