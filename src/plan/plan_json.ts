/** The stored form of a plan, `plan.json`: RFC 8785 JSON, whose SHA-256 is the plan digest. */

import { z } from "zod";
import { canonicalJson } from "../canonical_json.ts";
import { sha256 } from "../digest.ts";
import { OmkError, reasonOf } from "../errors.ts";
import { APPROVAL_POLICIES, RULE_DECISIONS, TOOL_KINDS } from "./approval.ts";
import { PLAN_VERSION } from "./defaults.ts";
import { buildGraph, topologicalOrder } from "./graph.ts";
import type { Plan } from "./spec.ts";
import { agent, command, count, gate, seconds, task, taskLimits, texts } from "./stored_task.ts";

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
 * @param own the digest of a plan that this version of omk has stored: what has it is not judged again
 * @throws {PlanJsonError} where the text is not a plan with all its fields and a sound graph
 */
export function parsePlanJson(text: string, own?: string): StoredPlan {
  const digest = sha256(text);
  if (digest === own) return { plan: JSON.parse(text), digest };
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
  return { plan, digest };
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

const approval = z.strictObject({
  policy: z.enum(APPROVAL_POLICIES),
  rules: z.array(z.strictObject({
    decision: z.enum(RULE_DECISIONS),
    tools: z.exactOptional(z.array(z.enum(TOOL_KINDS))),
    command: z.exactOptional(texts),
    exact: z.exactOptional(z.string()),
    paths: z.exactOptional(texts),
    reason: z.exactOptional(z.string()),
  })),
  otherwise: z.enum(["deny", "ask", "safe"]),
  timeout_secs: seconds,
});

const modelPrice = z.strictObject({
  input: z.number().min(0),
  output: z.number().min(0),
  cached_input: z.exactOptional(z.number().min(0)),
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
    unknown: z.exactOptional(z.literal("allow")),
  }),
  worktree: z.strictObject({ setup: command.nullable(), setup_inputs: texts, keep: texts, copy: texts }),
  gates: z.array(gate).nullable(),
  gate_each: z.exactOptional(z.enum(["task", "batch"])),
  protected: z.exactOptional(z.enum(["deny", "allow"])),
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
  prompt_template: z.exactOptional(z.string()),
  prices: z.exactOptional(z.record(z.string(), modelPrice)),
  approval: z.exactOptional(approval),
  proposals: z.exactOptional(z.strictObject({
    max_tasks: count,
    max_depth: count,
    write_set: texts.nullable(),
    links: z.array(z.strictObject({ path: z.string(), target: z.string() })),
  })),
  agents: z.exactOptional(z.record(z.string(), agent)),
  tasks: z.array(task),
});
