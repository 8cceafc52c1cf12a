/**
 * What the user may write in `omk.jsonc`: the fields, their types and ranges. What one field means for
 * another is checked in `checks/`.
 *
 * The descriptions are shown by editors, through the JSON Schema that `omk schema` prints.
 */

import { z } from "zod";
import { agentInput } from "./agent_schema.ts";
import { approvalInput } from "./approval_schema.ts";
import {
  DEFAULT_LEASE_SECS,
  DEFAULT_LIMITS,
  DEFAULT_PROPOSALS,
  DEFAULT_WATCHDOG,
  DEFAULT_WORKERS,
  LEASE_PER_MISSING_HEARTBEAT,
  LOCK_FILES,
  MOST_WORKERS,
  PLAN_VERSION,
} from "./defaults.ts";
import { DURATION_PATTERN } from "./duration.ts";
import { gate } from "./gate_schema.ts";
import { command, LONGEST_SECS, paths, seconds, withDefault } from "./schema_values.ts";
import { task, taskFields, taskLimits } from "./task_schema.ts";

/** More proposals than any run needs: a larger number is a mistake. */
const MOST_PROPOSALS = 10_000;

/** The whole file. */
export const planInput = z.strictObject({
  $schema: z.string().optional().describe("The JSON Schema of this file, for editors: omk schema --write"),
  version: z.literal(PLAN_VERSION).optional().describe("Version of the plan format"),
  name: z.string().min(1).max(200).optional().describe("Name of the plan. Default: that of its file"),
  defaults: taskFields.optional().describe("Fields for every task that does not give them itself"),
  workers: z.int().min(1).max(MOST_WORKERS).optional().meta(withDefault("Tasks at once", DEFAULT_WORKERS)),
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
    unknown: z.enum(["refuse", "allow"]).optional().meta({
      description:
        "What happens where an agent cannot tell what it uses: the plan is refused (default), or it counts as nothing, " +
        "which the proof says",
      default: "refuse",
    }),
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
  gate_each: z.enum(["off", "task", "batch"]).optional().meta({
    description:
      "When the required gates of the run judge merges too, so that what fails them never gets into the head: " +
      "each merge (task), several at once with a search for the one that fails (batch), or only the head in the end " +
      "(off, default)",
    default: "off",
  }),
  protected: z.enum(["deny", "allow"]).optional().describe(
    "deny: an attempt fails that changes the plan, files of CI, or what gates start from, unless its write_set names " +
      "that very path; allow: nothing is checked, not even whether tests were deleted or skipped; absent: deny for agents alone",
  ),
  on_failure: z.enum(["continue", "no-new", "kill"]).optional().meta({
    description:
      "Once a task has failed: go on with what does not depend on it (default), start nothing new, or end what runs",
    default: "continue",
  }),
  durability: z.enum(["strict", "batch", "none"]).optional().meta({
    description:
      "When events are synced to the disk: each, the important ones at once and the rest within a second (default), " +
      "or never",
    default: "batch",
  }),
  watchdog: z.strictObject({
    heartbeat_missing_secs: seconds().optional().meta(
      withDefault(
        `A worker without a heartbeat for so long is dead`,
        DEFAULT_WATCHDOG.heartbeat_missing_secs,
      ),
    ),
    heartbeat_stale_secs: seconds().optional().meta(
      withDefault("A task without progress for so long is stalled", DEFAULT_WATCHDOG.heartbeat_stale_secs),
    ),
  }).optional().describe("When a worker counts as dead, and a task as stalled"),
  lease_secs: seconds().optional().meta(withDefault(
    `How long a worker holds a task without renewal, at least ${LEASE_PER_MISSING_HEARTBEAT} times ` +
      "heartbeat_missing_secs",
    DEFAULT_LEASE_SECS,
  )),
  limits: z.strictObject({
    ...taskLimits,
    containment: z.enum(["auto", "cgroup", "pidns", "mark", "group"]).optional().meta({
      description:
        "How far processes that tasks leave behind are found: cgroup, pidns, mark or group; the run stops where that " +
        "cannot be had. `auto` (default): the best that changes nothing for tasks",
      default: "auto",
    }),
    pin_file_bytes: z.int().min(1024).max(2 ** 40).optional().meta(
      withDefault("Largest untracked file that is kept, bytes", DEFAULT_LIMITS.pin_file_bytes),
    ),
  }).optional().describe("Limits on a single task"),
  proposals: z.strictObject({
    max_tasks: z.int().min(1).max(MOST_PROPOSALS).optional().meta(
      withDefault("How many are accepted in the whole run", DEFAULT_PROPOSALS.max_tasks),
    ),
    max_depth: z.int().min(1).max(100).optional().meta(
      withDefault("How long a chain of proposals may become", DEFAULT_PROPOSALS.max_depth),
    ),
    write_set: paths().optional().describe(
      "Where proposed tasks may write. Default: where the task that proposes them may",
    ),
  }).optional().describe("Whether tasks may add tasks to the run (`OMK_RESULT`). Absent: they may not"),
  agents: z.record(z.string().min(1).max(64), agentInput).optional().describe(
    "How agents are started, by the name that tasks give; those of omk's own table need no entry",
  ),
  prompt_template: z.string().min(1).optional().describe(
    "File of the template that prompts are made of, relative to the plan's directory. Default: `prompt.md` beside the " +
      "user's configuration, else that of `omk prompt --template`",
  ),
  approval: approvalInput.optional().describe(
    "Which permissions agents get: `never` (none), `safe` (default: reading and writing in the worktree, and a few " +
      "harmless commands), `yolo` (all), or rules",
  ),
  tasks: z.array(task).min(1).describe("The work: tasks, each with an id and what it does"),
});

/** A plan of which only the settings are wanted: what is to be done, a prompt says. */
export const settingsInput = planInput.extend({ tasks: z.array(task).default([]) });

/** A plan as it is written, once the schema accepts it. */
export type PlanInput = z.infer<typeof planInput>;

/**
 * The JSON Schema (draft 7, which editors know best) of all that the format has; comments and trailing commas are
 * allowed. What is published leaves out what this build does not run: `published_schema.ts`.
 */
export function planJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(planInput, { io: "input", target: "draft-7" });
  return { ...schema, title: "omk plan", allowComments: true, allowTrailingCommas: true };
}
