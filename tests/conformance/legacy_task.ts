/**
 * Tasks as the earlier omk (0.5) kept them: one JSON object that holds what a task is to do, where it stands, and any
 * other field beside these. Its own tests speak of such tasks; reading one takes the three apart.
 */

import * as z from "zod";
import { UsageError } from "../../src/errors.ts";
import { isTaskId, type RetryPolicy, type TaskSpec } from "../../src/plan/spec.ts";
import type { TaskState } from "../../src/scheduler/task_state.ts";

/** A text is no task of the earlier omk. */
export class LegacyTaskError extends UsageError {
  override readonly name = "LegacyTaskError";
}

/** What a task of the earlier omk says, in today's terms. */
export interface LegacyTask {
  readonly spec: Pick<
    TaskSpec,
    | "id"
    | "name"
    | "description"
    | "dependencies"
    | "priority"
    | "pool"
    | "read_set"
    | "write_set"
    | "retry_policy"
    | "retry_declared"
    | "metadata"
  >;
  readonly state: Pick<
    TaskState,
    | "state"
    | "owner"
    | "lease_expires"
    | "not_before"
    | "retry_count"
    | "created_at"
    | "started_at"
    | "completed_at"
  >;
}

/** What held where a task named no policy. There was neither a cap nor jitter; the cap is today's default. */
const LEGACY_POLICY: RetryPolicy = {
  max_attempts: 2,
  backoff_seconds: 1,
  backoff_multiplier: 2,
  max_backoff_seconds: 300,
  jitter: 0,
  terminal_on_permanent_failure: true,
};

/** The pool of a task that named none. */
const LEGACY_POOL = "default";

const retries = z.int().min(0).max(1000);
const moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const maybe = <S extends z.ZodType>(schema: S) => schema.nullish().transform((value) => value ?? undefined);

const legacyTask = z.looseObject({
  id: z.string().refine(isTaskId, { error: "is no task id" }),
  name: maybe(z.string()),
  description: maybe(z.string()),
  dependencies: z.array(z.string()).default([]),
  priority: z.int().min(-(2 ** 31)).max(2 ** 31 - 1).default(0),
  pool: maybe(z.string()),
  read_set: z.array(z.string()).default([]),
  write_set: z.array(z.string()).default([]),
  retry_policy: maybe(z.strictObject({
    max_attempts: retries.optional(),
    backoff_seconds: z.number().min(0).optional(),
    backoff_multiplier: z.number().min(1).optional(),
    terminal_on_permanent_failure: z.boolean().optional(),
  })),
  max_retries: maybe(retries),
  state: z.enum(["pending", "claimed", "running", "completed", "failed", "cancelled"]).default("pending"),
  owner: maybe(z.string()),
  lease_expires: maybe(moment),
  retry_count: z.int().min(0).default(0),
  created_at: maybe(moment),
  started_at: maybe(moment),
  completed_at: maybe(moment),
});

/**
 * Reads one task. `max_retries` counts only where there is no `retry_policy`, so that it cannot override one that
 * happens to equal the defaults. The lease of a pending task was its backoff, and becomes `not_before`. An empty
 * write set said nothing, so it is read as absent. Fields that have no name of their own become `metadata`.
 *
 * @throws {LegacyTaskError} with the field that is wrong
 */
export function readLegacyTask(json: string): LegacyTask {
  const task = parse(json);
  const {
    id,
    name,
    description,
    dependencies,
    priority,
    pool,
    read_set,
    write_set,
    retry_policy,
    max_retries,
    state,
    owner,
    lease_expires,
    retry_count,
    created_at,
    started_at,
    completed_at,
    ...extra
  } = task;
  const isPending = state === "pending";
  return {
    spec: {
      id,
      name: name ?? id,
      ...(description === undefined ? {} : { description }),
      dependencies,
      priority,
      pool: pool === undefined || pool === LEGACY_POOL ? null : pool,
      read_set,
      write_set: write_set.length === 0 ? null : write_set,
      retry_policy: policyOf(retry_policy, max_retries),
      retry_declared: true,
      metadata: extra,
    },
    state: {
      state,
      owner: owner ?? null,
      lease_expires: isPending ? null : lease_expires ?? null,
      not_before: isPending ? lease_expires ?? null : null,
      retry_count,
      created_at: created_at ?? 0,
      started_at: started_at ?? null,
      completed_at: completed_at ?? null,
    },
  };
}

function parse(json: string): z.infer<typeof legacyTask> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw refused("it is no JSON", error);
  }
  const parsed = legacyTask.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw refused(`${issue?.path.join(".") || "the task"}: ${issue?.message}`, parsed.error);
}

function refused(why: string, cause: unknown): LegacyTaskError {
  return new LegacyTaskError({ what: "Cannot read a task of the earlier omk", why, cause });
}

function policyOf(
  declared: z.infer<typeof legacyTask>["retry_policy"],
  maxRetries: number | undefined,
): RetryPolicy {
  if (declared === undefined) {
    return { ...LEGACY_POLICY, max_attempts: maxRetries ?? LEGACY_POLICY.max_attempts };
  }
  return {
    ...LEGACY_POLICY,
    max_attempts: declared.max_attempts ?? LEGACY_POLICY.max_attempts,
    backoff_seconds: declared.backoff_seconds ?? LEGACY_POLICY.backoff_seconds,
    backoff_multiplier: declared.backoff_multiplier ?? LEGACY_POLICY.backoff_multiplier,
    terminal_on_permanent_failure: declared.terminal_on_permanent_failure ??
      LEGACY_POLICY.terminal_on_permanent_failure,
  };
}
