/** What the merged tasks of a run changed, all together. Pure. */

import type { RunEvidence } from "./evidence.ts";
import type { Proof } from "./schema.ts";

type Change = Proof["changed"]["paths"][number]["change"];

/** Composes the changes of the merged attempts, in the order of their merges. */
export function changesOf(evidence: RunEvidence): Proof["changed"] {
  const byPath = new Map<string, { change: Change; tasks: string[] }>();
  let complete = true;
  for (const { attempt } of evidence.heads) {
    if (attempt === null) continue;
    const changed = attempt.pin?.changed;
    if (changed === undefined || changed.count > changed.paths.length) complete = false;
    for (const { path, change } of changed?.paths ?? []) {
      const before = byPath.get(path);
      const composed = before === undefined ? change : compose(before.change, change);
      const tasks = [...before?.tasks ?? [], attempt.task_id];
      if (composed === null) byPath.delete(path);
      else byPath.set(path, { change: composed, tasks });
    }
  }
  const paths = [...byPath].map(([path, { change, tasks }]) => ({ path, change, tasks }));
  return { paths: paths.sort((a, b) => (a.path < b.path ? -1 : 1)), complete };
}

/** One change after another, seen from the base; null where nothing is left of both. */
function compose(first: Change, then: Change): Change | null {
  if (first === "added") return then === "deleted" ? null : "added";
  if (then === "deleted") return "deleted";
  return "modified";
}
