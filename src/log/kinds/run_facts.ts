/** The facts about a run as a whole. */

import * as z from "zod";
import {
  controllerIdentity,
  eventIndex,
  milliseconds,
  objectId,
  planLock,
  reusableAttempt,
  runStatus,
  runTime,
  sha256Hex,
  taskId,
} from "../payloads.ts";
import { fact, syncedFact } from "./entry.ts";
import { answers, budgetName, reason, signedVerdict } from "./parts.ts";

/** See the module. */
export const runFacts = {
  run_started: syncedFact({
    incarnation: z.literal(1),
    controller: controllerIdentity,
    name: z.string(),
    plan_digest: sha256Hex,
    /** Null outside a repository. */
    base: z.strictObject({
      commit: objectId,
      tree: objectId,
      /** Full ref name; null where HEAD was detached. */
      branch: z.string().nullable(),
      /** The dirty checkout was committed as the base (`--base dirty`). */
      snapshot: z.boolean(),
    }).nullable(),
    /** Where the plan's paths are relative to: the checkout's root, or the directory outside a repository. */
    directory: z.string(),
    /** `--worktree-dir`; null: the default of the repository. */
    worktree_directory: z.string().nullable(),
    seed: z.string(),
    /** Ids that `--only` or `--from` chose, dependencies included; null: all. */
    selected: z.array(taskId).nullable(),
    settings: z.strictObject({
      workers: z.int().min(1),
      on_failure: z.enum(["continue", "no-new", "kill"]),
      durability: z.enum(["strict", "batch", "none"]),
      gates_detected: z.boolean(),
    }),
    /** Durations of the same tasks in earlier runs, for the order of dispatch. */
    durations: z.array(z.strictObject({ task_id: taskId, ms: milliseconds })),
    containment: z.enum(["cgroup", "pidns", "mark", "group"]),
    /** Whose memory a limit of memory limits: that of all processes of a task, or of each. Absent: there is no limit. */
    memory_limit: z.enum(["task", "process"]).optional(),
    versions: z.strictObject({
      omk: z.string(),
      runtime: z.string(),
      git: z.string().nullable(),
      os: z.string(),
    }),
    /** Author of omk's commits; null outside a repository. */
    identity: z.strictObject({ name: z.string(), email: z.string() }).nullable(),
    case_sensitive: z.boolean(),
    file_system: z.string().nullable(),
    known_gaps: z.array(z.string()),
    /** Entries of a path set: what attempts may change only where their write set names that very path. */
    protected: z.array(z.string()).optional(),
    /** Of a plan that starts agents. */
    plan_lock: planLock.optional(),
    /** What is taken over of an earlier run, before any task is claimed; each comes after what it depends on. */
    reuse: z.strictObject({
      /** Its outputs are kept with this run. */
      run: z.string(),
      tasks: z.array(reusableAttempt),
    }).optional(),
  }),
  run_resumed: syncedFact({
    incarnation: z.int().min(2),
    controller: controllerIdentity,
    /** The command that took the run over: `resume`, `cancel`, `merge`. */
    by: z.string(),
    containment: z.enum(["cgroup", "pidns", "mark", "group"]).optional(),
    /** A merge of the run's head with a branch that has moved meanwhile; it is the head from now on. */
    onto: z.strictObject({
      branch: z.string(),
      /** The branch's commit and the head that were merged. */
      parents: z.tuple([objectId, objectId]),
      commit: objectId,
      tree: objectId,
    }).nullable(),
  }),
  run_paused: fact({ ...answers, reason }),
  run_unpaused: fact({ ...answers }),
  run_finished: syncedFact({ status: runStatus, exit_code: z.int() }),
  run_accepted: syncedFact({ by: z.string(), reason, ...signedVerdict }),
  run_rejected: syncedFact({ by: z.string(), reason, ...signedVerdict }),
  run_merged: syncedFact({
    branch: z.string(),
    from: objectId.nullable(),
    commit: objectId,
    /** `--anyway`: delivered although the run is not `ready`. */
    anyway: z.boolean(),
  }),
  run_cancelled: syncedFact({ ...answers, reason }),
  run_failed: syncedFact({ reason, detail: z.string() }),
  log_tampered: syncedFact({ at: eventIndex }),
  request_refused: fact({ request: eventIndex, reason }),
  clock_jumped: fact({ wall: z.int().min(0), run: runTime }),
  budget_checkpoint: fact({ budget: budgetName, used: z.number().min(0), limit: z.number().min(0) }),
  budget_exhausted: fact({
    budget: budgetName,
    used: z.number().min(0),
    limit: z.number().min(0),
    /** The task whose own budget it is, and that waits for more; absent: that of the run. */
    task_id: taskId.optional(),
  }),
  budget_extended: fact({
    ...answers,
    budget: budgetName,
    by: z.number().positive(),
    /** The task whose own budget it is; absent: that of the run. */
    task_id: taskId.optional(),
  }),
};
