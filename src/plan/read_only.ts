/** Tasks whose result is what their agent says, not what it changes. */

import type { TaskSpec } from "./spec.ts";

/**
 * Whether nothing that the task changes gets into the run: what its agent leaves in the worktree is pinned like all
 * work, and then thrown away.
 */
export function isReadOnly({ planning, review }: Pick<TaskSpec, "planning" | "review">): boolean {
  return planning !== undefined || review !== undefined;
}
