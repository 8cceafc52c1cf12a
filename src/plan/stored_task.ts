/** The stored form of a task: the schema of what plan.json holds of it, and the log of a task that was accepted. */

import { z } from "zod";
import { isTaskId, STREAM_DIALECTS, type TaskSpec } from "./spec.ts";

/** A whole number from 0 on. */
export const count = z.int().min(0);
/** A time, seconds. */
export const seconds = z.number().min(0);
/** A list of texts. */
export const texts = z.array(z.string());
/** A command: a text for `sh -c`, or a program with its arguments. */
export const command = z.union([z.string(), texts]);

/** An environment variable: a text, or the name of one of omk's own. */
const envValue = z.union([z.string(), z.strictObject({ from: z.string() })]);

/** An agent. */
export const agent = z.strictObject({
  preset: z.exactOptional(z.string()),
  driver: z.enum(["acp", "stream", "command"]),
  dialect: z.exactOptional(z.enum(STREAM_DIALECTS)),
  command,
  prompt: z.enum(["argument", "stdin", "file"]),
  model: z.exactOptional(z.string()),
  mode: z.exactOptional(z.string()),
  env: z.record(z.string(), envValue),
  start_secs: seconds,
  first_update_secs: seconds,
  silence_secs: seconds,
  checkout: z.enum(["watch", "ignore"]),
});

/** A gate. */
export const gate = z.strictObject({
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
  pool: z.exactOptional(z.string()),
});

/** The limits that a plan has for all tasks, and a task for itself. */
export const taskLimits = {
  output_bytes: z.exactOptional(count),
  memory_bytes: z.exactOptional(count),
  processes: z.exactOptional(count),
};

/** A task. */
export const task = z.strictObject({
  id: z.string().refine(isTaskId, { error: "Invalid task id" }),
  name: z.string(),
  description: z.exactOptional(z.string()),
  run: z.exactOptional(command),
  prompt: z.exactOptional(z.string()),
  loop: z.exactOptional(
    z.strictObject({
      run: z.exactOptional(command),
      prompt: z.exactOptional(z.string()),
      max_iterations: z.int().min(1),
      until: gate,
    }),
  ),
  review: z.exactOptional(z.strictObject({
    of: texts,
    rubric: z.strictObject({ name: z.string(), text: z.string() }),
    max_rounds: count,
    picks_for: z.exactOptional(z.string()),
  })),
  agent: z.exactOptional(z.string()),
  planning: z.exactOptional(z.strictObject({
    request: z.string(),
    then: z.enum(["run", "keep"]),
    output: z.string().nullable(),
    settings: z.record(z.string(), z.unknown()),
  })),
  dependencies: texts,
  trigger_rule: z.enum(["all_success", "one_success", "all_done"]),
  priority: z.int(),
  pool: z.string().nullable(),
  read_set: texts,
  write_set: texts.nullable(),
  outputs: texts,
  isolation: z.enum(["worktree", "none"]),
  env: z.record(z.string(), envValue),
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
  budget: z.exactOptional(
    z.strictObject({ tokens: z.exactOptional(z.number()), usd: z.exactOptional(z.number()) }),
  ),
  attempts: z.exactOptional(z.strictObject({
    pick: z.enum(["first-passing", "smallest-diff", "review"]),
    candidates: texts,
    review: z.exactOptional(z.string()),
  })),
  candidate_of: z.exactOptional(z.string()),
  metadata: z.record(z.string(), z.unknown()),
});

/** The stored form of one task, or what is wrong with it. */
export function readStoredTask(value: unknown): { readonly spec: TaskSpec } | { readonly problem: string } {
  const result = task.safeParse(value);
  if (result.success) return { spec: result.data };
  const [issue] = result.error.issues;
  return { problem: `${issue?.path.join(".") || "the task"}: ${issue?.message}` };
}
