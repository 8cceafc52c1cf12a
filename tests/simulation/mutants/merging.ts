/** Mistakes in what gets into the head, and what stands behind a red merge. */

import type { Mutant } from "./mutant.ts";

const MERGING = "src/run/state/merging.ts";
const MERGE_BATCH = "src/scheduler/merge_batch.ts";

/** See the module. */
export const MERGING_MUTANTS: readonly Mutant[] = [
  {
    name: "the head stays where it was",
    file: MERGING,
    text: "  run.head = head;\n",
    replacement: "",
  },
  {
    name: "the search for a red merge stops one too early",
    file: MERGE_BATCH,
    text: "bad - good > 1;",
    replacement: "bad - good > 2;",
  },
  {
    name: "what only the first gate has passed gets into the head",
    file: MERGE_BATCH,
    text: 'if (latest?.result === "passed") continue;',
    replacement: 'if (latest?.result === "passed") break;',
  },
  {
    name: "what stands behind a red merge stays staged on it",
    file: MERGING,
    text: "setStaged(run, staged.slice(0, place));",
    replacement: "setStaged(run, staged.filter((_, at) => at !== place));",
  },
  {
    name: "a task whose merge is judged can be cancelled",
    file: MERGE_BATCH,
    text: 'batch?.phase === "judging" && batch.staged.some(({ task_id }) => task_id === taskId)',
    replacement: "false",
  },
];
