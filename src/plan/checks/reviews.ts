/** Reviews: what they judge can be judged before it is merged, and no review waits for what waits for it. */

import { findCycles } from "../cycles.ts";
import type { PlanDraft } from "../draft.ts";
import { type Finding, quote } from "../problem.ts";
import type { TaskFields } from "../task_schema.ts";

/** The fields that a review has no use for: it stands on what it reviews, and changes nothing. */
export const NOT_OF_REVIEWS = [
  "read_set",
  "write_set",
  "outputs",
  "gates",
  "isolation",
  "trigger_rule",
  "attempts",
] as const satisfies readonly (keyof TaskFields)[];

/** Checks all reviews of a plan. */
export function checkReviews(draft: PlanDraft): Finding[] {
  const findings: Finding[] = [];
  if (draft.defaults?.review !== undefined) {
    findings.push({
      code: "conflict",
      path: ["defaults", "review"],
      target: "key",
      message: '"review" is a task of its own, and no default for others',
      hint: 'write a task with it: {"id": "review", "review": {"of": ["…"]}}',
    });
  }
  const places = new Map(draft.tasks.map(({ id = "" }, place) => [id, place]));
  for (const [place, task] of draft.tasks.entries()) {
    if (task.review === undefined) continue;
    for (const field of NOT_OF_REVIEWS) {
      if (task[field] === undefined) continue;
      findings.push({
        code: "conflict",
        path: ["tasks", place, field],
        target: "key",
        message: `"${field}" has no meaning for a review: it stands on what it reviews and changes nothing`,
        hint: "remove it",
      });
    }
    for (const [at, id] of (task.review.of ?? []).entries()) {
      const reviewed = draft.tasks[places.get(id) ?? -1];
      const problem = reviewed === undefined ? undefined : problemOf(reviewed, draft.defaults);
      if (problem === undefined) continue;
      const path = ["tasks", place, "review", "of", at];
      const hasCandidates = (reviewed?.attempts ?? draft.defaults?.attempts) !== undefined;
      findings.push({
        code: "conflict",
        path,
        message: `${quote(id)} ${problem}`,
        hint: hasCandidates
          ? 'review another task, or have a reviewer pick: "attempts": {"pick": "review"}'
          : "review another task",
      });
    }
  }
  if (findings.length === 0) findings.push(...deadlocks(draft, places));
  return findings;
}

/** Why a task cannot be reviewed; undefined where it can. */
function problemOf(task: PlanDraft["tasks"][number], defaults: PlanDraft["defaults"]): string | undefined {
  if (task.review !== undefined) return "is a review itself, which leaves nothing to be judged";
  if ((task.attempts ?? defaults?.attempts) !== undefined) {
    return 'has "attempts", of which one is merged as they say';
  }
  const isolation = task.isolation ?? defaults?.isolation;
  return isolation === "none" ? 'works in the directory itself ("isolation": "none")' : undefined;
}

/**
 * Reviews that would wait for ever. What is reviewed is merged after its review, and what depends on it starts after
 * that: so nothing that a review judges may build on anything that is judged by the same review, or by one behind it.
 */
function deadlocks(draft: PlanDraft, places: ReadonlyMap<string, number>): Finding[] {
  const { tasks } = draft;
  if (!tasks.some(({ review }) => review !== undefined)) return [];
  // Each task twice: its work is done, and its work is merged.
  const done = (place: number) => place;
  const merged = (place: number) => tasks.length + place;
  const waits: number[][] = Array.from({ length: 2 * tasks.length }, () => []);
  const numbers = (ids: readonly string[] = []) => ids.flatMap((id) => places.get(id) ?? []);
  const dependencies = tasks.map((task) => [...numbers(task.dependencies), ...numbers(task.review?.of)]);
  // A cycle of dependencies is told as such.
  if (findCycles(dependencies).length > 0) return [];
  for (const [place, { dependencies, review }] of tasks.entries()) {
    const reviewed = numbers(review?.of);
    waits[merged(place)]?.push(done(place), ...reviewed.map(merged));
    const others = numbers(dependencies).filter((each) => !reviewed.includes(each));
    waits[done(place)]?.push(...reviewed.map(done), ...others.map(merged));
    for (const each of reviewed) waits[merged(each)]?.push(done(place));
  }
  return findCycles(waits).flatMap((cycle): Finding[] => {
    const steps = cycle.map((node) => node % tasks.length);
    const place = steps.find((each) => tasks[each]?.review !== undefined);
    if (place === undefined) return [];
    const first = steps.indexOf(place);
    const ids = [...steps.slice(first), ...steps.slice(0, first)].map((each) => tasks[each]?.id ?? "");
    const shown = ids.filter((id, at) => at === 0 || id !== ids[at - 1]);
    return [{
      code: "cycle",
      path: ["tasks", place, "review", "of"],
      message: `the review would wait for ever: ${[...shown, shown[0] ?? ""].join(" -> ")}`,
      hint:
        'each "->" reads "waits for", and what is reviewed is merged after its review: give each task a review of its own',
    }];
  });
}
