/** What `omk clean` would remove, and what it keeps and why. */

/** A run whose files and refs are to be removed. */
export interface RunToRemove {
  readonly runId: string;
  readonly standing: string;
  /** ISO 8601; null where the run cannot be read. */
  readonly ended_at: string | null;
  /** The process that worked on it, to be looked for once more; null where it ended in order. */
  readonly mark: string | null;
  /** Whether something of it is nowhere else. */
  readonly loses: string | null;
}

/** A worktree that is to be removed. */
export interface SlotToRemove {
  readonly directory: string;
  readonly name: string;
  readonly state: "free" | "held" | "set_aside";
  readonly runId: string | null;
  readonly loses: string | null;
}

/** Something that stays although it could be meant. */
export interface Kept {
  readonly kind: "run" | "worktree";
  readonly name: string;
  readonly why: string;
}

/** See the module. */
export interface CleanPlan {
  readonly runs: readonly RunToRemove[];
  readonly slots: readonly SlotToRemove[];
  /** Paths that processes left that died while a run was being made, started in the background, or removed. */
  readonly leftovers: readonly string[];
  readonly kept: readonly Kept[];
}

/** What the user asks for. */
export interface CleanQuery {
  /** Ids of the runs that are meant; null: all that are old enough. */
  readonly runIds: readonly string[] | null;
  /** Age from which on a run is old enough, milliseconds. */
  readonly keepMs: number;
  /** Free worktrees too. */
  readonly slots: boolean;
  /** What is nowhere else too. */
  readonly discard: boolean;
}

/** Whether a plan has nothing to do. */
export function isEmpty({ runs, slots, leftovers }: CleanPlan): boolean {
  return runs.length + slots.length + leftovers.length === 0;
}
