/**
 * What the user may write in `omk.jsonc`: the fields, their types and ranges. What one field means for
 * another is checked in `checks/`; what this build does not run is refused by `unsupported.ts`.
 *
 * The descriptions are shown by editors, through the JSON Schema that `omk schema` prints.
 */

import { z } from "zod";
import {
  DEFAULT_BACKOFF,
  DEFAULT_GATE_TIMEOUT_SECS,
  DEFAULT_LEASE_SECS,
  DEFAULT_LIMITS,
  DEFAULT_TASK_TIMEOUT_SECS,
  DEFAULT_WATCHDOG,
  DEFAULT_WORKERS,
  LEASE_PER_MISSING_HEARTBEAT,
  LOCK_FILES,
  MOST_WORKERS,
  PLAN_VERSION,
} from "./defaults.ts";
import { DURATION_PATTERN } from "./duration.ts";

const DAY_SECS = 86_400;
/** The longest time that a plan may name: longer ones are mistakes, and timers must hold them. */
export const LONGEST_SECS = 30 * DAY_SECS;

const seconds = () => z.number().gt(0).max(LONGEST_SECS);
const command = () => z.union([z.string(), z.array(z.string()).min(1)]);
const paths = () => z.array(z.string());

const retryPolicy = z.strictObject({
  max_attempts: z.int().min(0).max(1000).optional().describe(
    "How many retries there may be: 2 means up to 3 executions. Default: 2 for a prompt, 0 for a command",
  ),
  backoff_seconds: z.number().min(0).max(DAY_SECS).optional().describe(
    `Delay before the first retry, seconds. Default: ${DEFAULT_BACKOFF.backoff_seconds}`,
  ),
  backoff_multiplier: z.number().min(1).max(100).optional().describe(
    `Factor from each delay to the next. Default: ${DEFAULT_BACKOFF.backoff_multiplier}`,
  ),
  max_backoff_seconds: z.number().min(0).max(7 * DAY_SECS).optional().describe(
    `Upper limit of a delay, seconds. Default: ${DEFAULT_BACKOFF.max_backoff_seconds}`,
  ),
  jitter: z.number().min(0).max(1).optional().describe(
    `Share of the delay by which it is varied, 0 to 1. Default: ${DEFAULT_BACKOFF.jitter}`,
  ),
  terminal_on_permanent_failure: z.boolean().optional().describe(
    "Whether dependents are blocked when the task has failed for good. Default: true",
  ),
});

const gate = z.strictObject({
  name: z.string().describe("Name of the gate, by which tasks and reports refer to it"),
  command: command().describe("What must exit with 0: a text for `sh -c`, or a program with its arguments"),
  required: z.boolean().optional().describe("Whether its failure keeps the run from `ready`. Default: true"),
  timeout_secs: seconds().optional().describe(`Time limit, seconds. Default: ${DEFAULT_GATE_TIMEOUT_SECS}`),
  scope: z.enum(["run", "task"]).optional().describe(
    "`run` (default): once, on the work of all tasks together. `task`: on each attempt of the tasks that name it",
  ),
  retries: z.int().min(0).max(100).optional().describe(
    "How often a failure is repeated on the same tree. Default: 0",
  ),
  allow_fail: z.boolean().optional().describe("A failure is reported but fails nothing. Default: false"),
  skip: z.boolean().optional().describe("The gate does not run, and is reported as skipped. Default: false"),
  output_fails: z.boolean().optional().describe(
    "Any output counts as failure, as for `gofmt -l`. Default: false",
  ),
  reports: paths().optional().describe(
    "Reports that the gate writes, JUnit XML or SARIF: files, directories or globs",
  ),
}).meta({ id: "gate" });

const envValue = z.union([
  z.string(),
  z.strictObject({ from: z.string().describe("Name of the variable of omk's own environment") }),
]);

/** The fields of a task that `defaults` may hold too. */
const taskFields = z.strictObject({
  name: z.string().optional().describe("What people see. Default: the id"),
  description: z.string().optional().describe("What the task is for, for people"),
  run: command().optional().describe("The command: a text for `sh -c`, or a program with its arguments"),
  prompt: z.string().optional().describe("What an agent is to do"),
  loop: z.record(z.string(), z.unknown()).optional().describe("A body that is repeated until a gate passes"),
  review: z.record(z.string(), z.unknown()).optional().describe("A review of what other tasks made"),
  agent: z.string().optional().describe("Which agent does a prompt"),
  trigger_rule: z.enum(["all_success", "one_success", "all_done"]).optional().describe(
    "When the task may start: all its dependencies completed (default), one of them, or all are at their end",
  ),
  priority: z.int().min(-(2 ** 31)).max(2 ** 31 - 1).optional().describe("Higher goes first. Default: 0"),
  pool: z.string().optional().describe("Name of the pool whose places the task takes"),
  read_set: paths().optional().describe(
    "Files, directories or globs that the task reads, relative to the root. A task that writes them does not run " +
      "at the same time",
  ),
  write_set: paths().optional().describe(
    "Files, directories or globs that the task may change, relative to the root; a change elsewhere fails it. " +
      "A new directory whose name ends like a file's is written with a slash: `conf.d/`. " +
      "[]: it changes nothing. Absent: anything, and conflicts show at the merge (with isolation none: everything)",
  ),
  outputs: paths().optional().describe("Ignored files that the task makes and its dependents get"),
  isolation: z.enum(["worktree", "none"]).optional().describe(
    "Where the task works: in a git worktree of its own (default), or in the directory itself",
  ),
  env: z.record(z.string(), envValue).optional().describe(
    'Environment variables: texts, or {"from": "NAME"} for a variable of omk\'s own environment (secrets)',
  ),
  cwd: z.string().optional().describe("Directory of the body, relative to the root. Default: the root"),
  timeout_secs: seconds().optional().describe(
    `Time limit of one attempt, seconds. Default: ${DEFAULT_TASK_TIMEOUT_SECS}`,
  ),
  retry_policy: retryPolicy.optional().describe(
    "How a failed attempt is repeated. Without one, a command that exits with an error is not",
  ),
  on_stall: z.enum(["warn", "retry", "kill"]).optional().describe(
    "What happens to an attempt that makes no progress. Default: retry",
  ),
  acceptance_criteria: z.array(z.string()).optional().describe(
    "What must be true in the end, for people and agents",
  ),
  gates: z.array(z.union([z.string(), gate])).optional().describe(
    "Checks of each attempt: names of the plan's gates of scope `task`, or definitions",
  ),
  sandbox: z.strictObject({
    network: z.string().optional().describe('"none": no network'),
    write: paths().optional().describe("Where the task may write"),
  }).optional().describe("What the task may reach"),
  attempts: z.unknown().optional().describe("How many attempts compete"),
  metadata: z.record(z.string(), z.unknown()).optional().describe("Whatever the plan's author wants to keep"),
});

const task = taskFields.extend({
  id: z.string().describe(
    "Name of the task in the run: letters, digits, `.`, `_` and `-`, at most 64, unique ignoring case",
  ),
  dependencies: z.array(z.string()).optional().describe("Ids of the tasks that this one waits for"),
}).meta({ id: "task" });

/** The whole file. */
export const planInput = z.strictObject({
  $schema: z.string().optional().describe("The JSON Schema of this file, for editors: omk schema --write"),
  version: z.literal(PLAN_VERSION).optional().describe("Version of the plan format"),
  name: z.string().min(1).max(200).optional().describe("Name of the plan. Default: that of its file"),
  defaults: taskFields.optional().describe("Fields for every task that does not give them itself"),
  workers: z.int().min(1).max(MOST_WORKERS).optional().describe(`Tasks at once. Default: ${DEFAULT_WORKERS}`),
  pools: z.record(z.string(), z.int().min(1).max(1_000_000)).optional().describe(
    "Shared resources: name, and how many tasks may use it at once",
  ),
  budget: z.strictObject({
    time: z.union([
      z.number().gt(0).max(LONGEST_SECS),
      z.string().regex(DURATION_PATTERN, {
        error: 'must be a number of seconds, or a text such as "2h" or "1h30m"',
      }),
    ]).optional().describe("Time for the whole run: seconds, or a text such as `2h`, `90m`, `1h30m`"),
    attempts: z.int().min(1).max(1_000_000_000).optional().describe(
      "Attempts of all tasks together, retries included",
    ),
    tokens: z.number().min(0).optional().describe("Tokens for all agents together"),
    usd: z.number().min(0).optional().describe("Money for all agents together, US dollars"),
    unknown: z.enum(["refuse", "allow"]).optional().describe("What happens where use cannot be measured"),
  }).optional().describe("What the run may use up"),
  worktree: z.strictObject({
    setup: command().optional().describe("Makes a fresh worktree fit for work, such as `npm ci`"),
    setup_inputs: paths().optional().describe(
      `Files whose change makes the set-up run again. Default: lock files (${LOCK_FILES.join(", ")})`,
    ),
    keep: paths().optional().describe("Untracked paths that survive between tasks, such as `node_modules`"),
    copy: paths().optional().describe(
      "Ignored files of the checkout that each worktree gets, such as `.env.test`",
    ),
  }).optional().describe("How a task's worktree is prepared"),
  gates: z.array(gate).optional().describe("Checks that decide whether the run is ready. Absent: detected"),
  gate_each: z.unknown().optional().describe('Gates after each merge. "off": none'),
  protected: z.string().optional().describe("What happens to changes of plan, CI files and gates"),
  on_failure: z.enum(["continue", "no-new", "kill"]).optional().describe(
    "Once a task has failed: go on with what does not depend on it (default), start nothing new, or end what runs",
  ),
  durability: z.enum(["strict", "batch", "none"]).optional().describe(
    "When events are synced to the disk: each, the important ones at once and the rest within a second (default), " +
      "or never",
  ),
  watchdog: z.strictObject({
    heartbeat_missing_secs: seconds().optional().describe(
      `A worker without a heartbeat for so long is dead. Default: ${DEFAULT_WATCHDOG.heartbeat_missing_secs}`,
    ),
    heartbeat_stale_secs: seconds().optional().describe(
      `A task without progress for so long is stalled. Default: ${DEFAULT_WATCHDOG.heartbeat_stale_secs}`,
    ),
  }).optional().describe("When a worker counts as dead, and a task as stalled"),
  lease_secs: seconds().optional().describe(
    `How long a worker holds a task without renewal, at least ${LEASE_PER_MISSING_HEARTBEAT} times ` +
      `heartbeat_missing_secs. Default: ${DEFAULT_LEASE_SECS}`,
  ),
  limits: z.strictObject({
    output_bytes: z.int().min(1024).max(2 ** 40).optional().describe(
      `Output of one attempt that is kept, bytes. Default: ${DEFAULT_LIMITS.output_bytes}`,
    ),
    pin_file_bytes: z.int().min(1024).max(2 ** 40).optional().describe(
      `Largest untracked file that is kept, bytes. Default: ${DEFAULT_LIMITS.pin_file_bytes}`,
    ),
  }).optional().describe("Limits on a single task"),
  agents: z.record(z.string(), z.unknown()).optional().describe("How agents are started"),
  approval: z.unknown().optional().describe("Which permissions agents get"),
  tasks: z.array(task).min(1).describe("The work"),
});

/** A plan as it is written, once the schema accepts it. */
export type PlanInput = z.infer<typeof planInput>;
/** The fields that tasks and `defaults` have in common. */
export type TaskFields = z.infer<typeof taskFields>;
/** A task as it is written. */
export type TaskInput = z.infer<typeof task>;
/** A gate as it is written. */
export type GateInput = z.infer<typeof gate>;

/** The JSON Schema (draft 7, which editors know best) of a plan file; comments and trailing commas are allowed. */
export function planJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(planInput, { io: "input", target: "draft-7" });
  return { ...schema, title: "omk plan", allowComments: true, allowTrailingCommas: true };
}
