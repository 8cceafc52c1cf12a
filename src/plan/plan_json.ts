/** The stored form of a plan, `plan.json`: RFC 8785 JSON, whose SHA-256 is the plan digest. */

import { z } from "zod";
import { canonicalJson } from "../canonical_json.ts";
import { sha256 } from "../digest.ts";
import { OmkError, reasonOf } from "../errors.ts";
import { PLAN_VERSION } from "./defaults.ts";
import { buildGraph, topologicalOrder } from "./graph.ts";
import { isTaskId, type Plan } from "./spec.ts";

/** A stored plan that is damaged, or not what omk writes. */
export class PlanJsonError extends OmkError {
  override readonly name = "PlanJsonError";
}

/** A plan with its digest. */
export interface StoredPlan {
  readonly plan: Plan;
  /** SHA-256 of the stored form, lower-case hex. */
  readonly digest: string;
}

/** The stored form of a plan: exactly the bytes of `plan.json`. */
export function formatPlanJson(plan: Plan): string {
  return canonicalJson(plan);
}

/**
 * Reads the stored form: the result equals the plan that was written. The digest is that of the text, so that a
 * text which was changed in any way has another one than the log names.
 *
 * @throws {PlanJsonError} where the text is not a plan with all its fields and a sound graph
 */
export function parsePlanJson(text: string): StoredPlan {
  const plan = planOf(text);
  if (new Set(plan.tasks.map((task) => task.id.toLowerCase())).size !== plan.tasks.length) {
    throw damaged("two tasks have the same id");
  }
  let order: readonly number[];
  try {
    order = topologicalOrder(buildGraph(plan.tasks));
  } catch (error) {
    throw damaged(reasonOf(error), error);
  }
  if (order.length !== plan.tasks.length) throw damaged("its dependencies form a cycle");
  return { plan, digest: sha256(text) };
}

function planOf(text: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(reasonOf(error), error);
  }
  const result = storedPlan.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw damaged(`${issue?.path.join(".") || "the plan"}: ${issue?.message}`, result.error);
}

function damaged(why: string, cause?: unknown): PlanJsonError {
  return new PlanJsonError({
    what: "Cannot use the stored plan",
    why,
    fix: "restore plan.json from where it was written",
    cause,
  });
}

const count = z.int().min(0);
const seconds = z.number().min(0);
const texts = z.array(z.string());
const command = z.union([z.string(), texts]);

const gate = z.strictObject({
  name: z.string(),
  command,
  required: z.boolean(),
  timeout_secs: seconds,
  scope: z.enum(["run", "task"]),
  retries: count,
  allow_fail: z.boolean(),
  skip: z.boolean(),
  output_fails: z.boolean(),
  reports: texts,
});

const taskLimits = {
  output_bytes: z.exactOptional(count),
  memory_bytes: z.exactOptional(count),
  processes: z.exactOptional(count),
};

const task = z.strictObject({
  id: z.string().refine(isTaskId, { error: "Invalid task id" }),
  name: z.string(),
  description: z.exactOptional(z.string()),
  run: z.exactOptional(command),
  prompt: z.exactOptional(z.string()),
  loop: z.exactOptional(z.strictObject({ run: command, max_iterations: z.int().min(1), until: gate })),
  review: z.exactOptional(z.unknown()),
  agent: z.exactOptional(z.string()),
  dependencies: texts,
  trigger_rule: z.enum(["all_success", "one_success", "all_done"]),
  priority: z.int(),
  pool: z.string().nullable(),
  read_set: texts,
  write_set: texts.nullable(),
  outputs: texts,
  isolation: z.enum(["worktree", "none"]),
  env: z.record(z.string(), z.union([z.string(), z.strictObject({ from: z.string() })])),
  cwd: z.string(),
  timeout_secs: seconds,
  retry_policy: z.strictObject({
    max_attempts: count,
    backoff_seconds: seconds,
    backoff_multiplier: z.number().min(1),
    max_backoff_seconds: seconds,
    jitter: z.number().min(0).max(1),
    terminal_on_permanent_failure: z.boolean(),
  }),
  retry_declared: z.boolean(),
  on_stall: z.enum(["warn", "retry", "kill"]),
  acceptance_criteria: texts,
  gates: z.array(gate),
  limits: z.exactOptional(z.strictObject(taskLimits)),
  sandbox: z.exactOptional(z.strictObject({ network: z.enum(["none", "host"]), write: texts })),
  attempts: z.exactOptional(z.unknown()),
  metadata: z.record(z.string(), z.unknown()),
});

const storedPlan = z.strictObject({
  version: z.literal(PLAN_VERSION),
  name: z.string(),
  workers: z.int().min(1),
  pools: z.record(z.string(), z.int().min(1)),
  budget: z.strictObject({
    time_secs: seconds.nullable(),
    attempts: z.exactOptional(count),
    tokens: z.exactOptional(z.number().min(0)),
    usd: z.exactOptional(z.number().min(0)),
  }),
  worktree: z.strictObject({ setup: command.nullable(), setup_inputs: texts, keep: texts, copy: texts }),
  gates: z.array(gate).nullable(),
  protected: z.exactOptional(z.literal("deny")),
  on_failure: z.enum(["continue", "no-new", "kill"]),
  durability: z.enum(["strict", "batch", "none"]),
  watchdog: z.strictObject({ heartbeat_missing_secs: seconds, heartbeat_stale_secs: seconds }),
  lease_secs: seconds,
  limits: z.strictObject({
    ...taskLimits,
    output_bytes: count,
    pin_file_bytes: count,
    containment: z.exactOptional(z.enum(["auto", "cgroup", "pidns", "mark", "group"])),
  }),
  tasks: z.array(task),
});
