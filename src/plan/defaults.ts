/** What holds where a plan says nothing. */

import type { Limits, RetryPolicy, WatchdogSpec } from "./spec.ts";

/** Version of the plan format. */
export const PLAN_VERSION = 1;

/** Tasks at once. */
export const DEFAULT_WORKERS = 4;
/** More tasks at once than any machine runs: a larger number is a mistake. */
export const MOST_WORKERS = 1024;

/** How often the body of a loop may run at most. */
export const MOST_ITERATIONS = 1000;
/** More candidates for one task than any run needs: a larger number is a mistake. */
export const MOST_CANDIDATES = 16;

/** How often a review may send a task back, unless its plan says otherwise. */
export const DEFAULT_REVIEW_ROUNDS = 3;
/** More rounds than any review needs: a larger number is a mistake. */
export const MOST_REVIEW_ROUNDS = 20;
/** Time limit of a task, seconds. */
export const DEFAULT_TASK_TIMEOUT_SECS = 1_800;
/** Time limit of a gate, seconds. */
export const DEFAULT_GATE_TIMEOUT_SECS = 600;
/** Length of a lease, seconds. */
export const DEFAULT_LEASE_SECS = 300;

/** Retries of a task whose body is a prompt; a command gets none. */
export const DEFAULT_PROMPT_RETRIES = 2;
/** See {@linkcode DEFAULT_PROMPT_RETRIES}. */
export const DEFAULT_RUN_RETRIES = 0;

/** Until the session of an agent must exist, seconds: the slowest that was measured took 14 on a loaded machine. */
export const DEFAULT_START_SECS = 60;
/** From there until an agent must have told something, seconds. */
export const DEFAULT_FIRST_UPDATE_SECS = 180;
/** How long an agent may say nothing after that, seconds. */
export const DEFAULT_SILENCE_SECS = 600;

/** How retries are spaced, apart from their number. */
export const DEFAULT_BACKOFF: Omit<RetryPolicy, "max_attempts"> = {
  backoff_seconds: 1,
  backoff_multiplier: 2,
  max_backoff_seconds: 300,
  jitter: 0.1,
  terminal_on_permanent_failure: true,
};

/** Thresholds of the watchdog, seconds. */
export const DEFAULT_WATCHDOG: WatchdogSpec = { heartbeat_missing_secs: 30, heartbeat_stale_secs: 60 };

/** How often a worker process writes its heartbeat, seconds: no threshold may be below it. */
export const HEARTBEAT_INTERVAL_SECS = 5;
/** How often progress is measured, seconds. */
export const SAMPLE_INTERVAL_SECS = 10;
/** A lease lasts at least so many times the time after which a heartbeat is missed. */
export const LEASE_PER_MISSING_HEARTBEAT = 3;

/** How many proposals a run accepts, and how long a chain of them may become, where a plan accepts any. */
export const DEFAULT_PROPOSALS = { max_tasks: 20, max_depth: 1 } as const;

const MIB = 1024 * 1024;

/** Limits on a single task. */
export const DEFAULT_LIMITS: Limits = { output_bytes: 64 * MIB, pin_file_bytes: 100 * MIB };

/** Lock files of package managers: while they are the same, a set-up need not run again. */
export const LOCK_FILES: readonly string[] = [
  "package-lock.json",
  "yarn.lock",
  "pnpm-lock.yaml",
  "bun.lock",
  "deno.lock",
  "Cargo.lock",
  "go.sum",
  "poetry.lock",
  "uv.lock",
  "requirements.txt",
  "Gemfile.lock",
  "composer.lock",
];
