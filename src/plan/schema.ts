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
  DEFAULT_BACKOFF,
  DEFAULT_GATE_TIMEOUT_SECS,
  DEFAULT_LEASE_SECS,
  DEFAULT_LIMITS,
  DEFAULT_PROPOSALS,
  DEFAULT_REVIEW_ROUNDS,
  DEFAULT_TASK_TIMEOUT_SECS,
  DEFAULT_WATCHDOG,
  DEFAULT_WORKERS,
  LEASE_PER_MISSING_HEARTBEAT,
  LOCK_FILES,
  MOST_CANDIDATES,
  MOST_ITERATIONS,
  MOST_REVIEW_ROUNDS,
  MOST_WORKERS,
  PLAN_VERSION,
} from "./defaults.ts";
import { DURATION_PATTERN } from "./duration.ts";
import { DEFAULT_RUBRIC, RUBRIC_NAMES } from "./rubrics.ts";
import { TASK_ID_PATTERN } from "./spec.ts";

const DAY_SECS = 86_400;
/** The longest time that a plan may name: longer ones are mistakes, and timers must hold them. */
export const LONGEST_SECS = 30 * DAY_SECS;

/** More proposals than any run needs: a larger number is a mistake. */
const MOST_PROPOSALS = 10_000;

/** What is said of a field with a default: to people in its description, to editors in a keyword too. */
function withDefault(description: string, value: boolean | number | string) {
  return { description: `${description}. Default: ${value}`, default: value };
}

const seconds = () => z.number().gt(0).max(LONGEST_SECS);
const command = () => z.union([z.string(), z.array(z.string()).min(1)]);
const paths = () => z.array(z.string());

const retryPolicy = z.strictObject({
  max_attempts: z.int().min(0).max(1000).optional().describe(
    "How many retries there may be: 2 means up to 3 executions. Default: 2 for a prompt, 0 for a command",
  ),
  backoff_seconds: z.number().min(0).max(DAY_SECS).optional().meta(
    withDefault("Delay before the first retry, seconds", DEFAULT_BACKOFF.backoff_seconds),
  ),
  backoff_multiplier: z.number().min(1).max(100).optional().meta(
    withDefault("Factor from each delay to the next", DEFAULT_BACKOFF.backoff_multiplier),
  ),
  max_backoff_seconds: z.number().min(0).max(7 * DAY_SECS).optional().meta(
    withDefault("Upper limit of a delay, seconds", DEFAULT_BACKOFF.max_backoff_seconds),
  ),
  jitter: z.number().min(0).max(1).optional().meta(
    withDefault("Share of the delay by which it is varied, 0 to 1", DEFAULT_BACKOFF.jitter),
  ),
  terminal_on_permanent_failure: z.boolean().optional().meta(
    withDefault("Whether dependents are blocked when the task has failed for good", true),
  ),
});

const gate = z.strictObject({
  name: z.string().describe("Name of the gate, by which tasks and reports refer to it"),
  command: command().meta({
    description: "What must exit with 0: a text for `sh -c`, or a program with its arguments",
    examples: ["npm test", ["cargo", "test"]],
  }),
  required: z.boolean().optional().meta(withDefault("Whether its failure keeps the run from `ready`", true)),
  timeout_secs: seconds().optional().meta(withDefault("Time limit, seconds", DEFAULT_GATE_TIMEOUT_SECS)),
  scope: z.enum(["run", "task"]).optional().meta({
    description:
      "`run` (default): once, on the work of all tasks together. `task`: on each attempt of the tasks that name it",
    default: "run",
  }),
  retries: z.int().min(0).max(100).optional().meta(
    withDefault("How often a failure is repeated on the same tree", 0),
  ),
  allow_fail: z.boolean().optional().meta(withDefault("A failure is reported but fails nothing", false)),
  skip: z.boolean().optional().meta(withDefault("The gate does not run, and is reported as skipped", false)),
  output_fails: z.boolean().optional().meta(
    withDefault("Any output counts as failure, as for `gofmt -l`", false),
  ),
  reports: paths().optional().describe(
    "Reports that the gate writes, JUnit XML or SARIF: files, directories or globs",
  ),
  pool: z.string().optional().describe("Name of the pool of which the gate takes a place while it runs"),
}).meta({ id: "gate" });

const envValue = z.union([
  z.string(),
  z.strictObject({ from: z.string().describe("Name of the variable of omk's own environment") }),
]);

/** Less memory than this lets no shell start. */
const LEAST_MEMORY_BYTES = 16 * 2 ** 20;

/** The limits that a task may have of its own; defaults are for those of the plan. */
const taskLimits = {
  output_bytes: z.int().min(1024).max(2 ** 40).optional().meta(
    withDefault("Output of one attempt that is kept, bytes", DEFAULT_LIMITS.output_bytes),
  ),
  memory_bytes: z.int().min(LEAST_MEMORY_BYTES).max(2 ** 50).optional().describe(
    "Memory of one attempt, bytes: of all its processes together where omk has a control group, else of each of them",
  ),
  processes: z.int().min(1).max(2 ** 22).optional().describe(
    "Processes and threads of one attempt at once. Needs a control group",
  ),
};
const loop = z.strictObject({
  run: command().describe("What each iteration runs: a text for `sh -c`, or a program with its arguments")
    .optional(),
  prompt: z.string().optional().describe("What an agent is to do in each iteration"),
  max_iterations: z.int().min(1).max(MOST_ITERATIONS).describe("How often the body runs at most"),
  until: z.union([z.string(), gate]).describe(
    "The gate that ends the loop once it passes: the name of a gate of the plan with scope `task`, or a definition",
  ),
}).meta({ id: "loop" });

/** What one reviewer looks at together: its prompt holds the changes of all of them. */
const MOST_REVIEWED = 50;

/** What a reviewer looks for. */
const rubric = z.union([
  z.enum(RUBRIC_NAMES),
  z.strictObject({ text: z.string().min(1).describe("The rubric itself") }),
  z.strictObject({ file: z.string().min(1).describe("A file with it, relative to the plan's directory") }),
]).optional().meta({
  description: `What the reviewer looks for: ${RUBRIC_NAMES.join(", ")}, or a text or file of your own. ` +
    `Default: ${DEFAULT_RUBRIC}`,
  default: DEFAULT_RUBRIC,
});

const review = z.strictObject({
  of: z.array(z.string()).min(1).max(MOST_REVIEWED).describe(
    "Ids of the tasks that are reviewed. Their work is merged once every review of it has passed",
  ),
  agent: z.string().optional().describe("Which agent reviews. Default: that of the task"),
  rubric,
  max_rounds: z.int().min(0).max(MOST_REVIEW_ROUNDS).optional().meta(
    withDefault(
      "How often the review may send a task back; after that the task fails",
      DEFAULT_REVIEW_ROUNDS,
    ),
  ),
}).meta({ id: "review" });

/** The fields of a task that `defaults` may hold too. */
const taskFields = z.strictObject({
  name: z.string().optional().describe("What people see. Default: the id"),
  description: z.string().optional().describe("What the task is for, for people"),
  run: command().optional().meta({
    description: "The command: a text for `sh -c`, or a program with its arguments",
    examples: ["make test", ["python3", "scripts/build.py", "--all"]],
  }),
  prompt: z.string().optional().describe("What an agent is to do"),
  loop: loop.optional().meta({
    description: "A body that is repeated in one worktree until a gate passes; each iteration is kept. " +
      "`timeout_secs` is the time of all iterations and their gates together",
    examples: [{ run: "./scripts/fix.sh", max_iterations: 5, until: "test" }],
  }),
  review: review.optional().meta({
    description:
      "A review of what other tasks made, before it is merged: an agent that changes nothing and returns " +
      "findings. Blocking ones send a task back, which is told of them",
    examples: [{ of: ["api"], agent: "claude", rubric: "security" }],
  }),
  agent: z.string().optional().describe("Which agent does a prompt or a review"),
  trigger_rule: z.enum(["all_success", "one_success", "all_done"]).optional().meta({
    description:
      "When the task may start: all its dependencies completed (default), one of them, or all are at their end",
    default: "all_success",
  }),
  priority: z.int().min(-(2 ** 31)).max(2 ** 31 - 1).optional().meta(withDefault("Higher goes first", 0)),
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
  isolation: z.enum(["worktree", "none"]).optional().meta({
    description: "Where the task works: in a git worktree of its own (default), or in the directory itself",
    default: "worktree",
  }),
  env: z.record(z.string(), envValue).optional().describe(
    'Environment variables: texts, or {"from": "NAME"} for a variable of omk\'s own environment (secrets)',
  ),
  cwd: z.string().optional().describe("Directory of the body, relative to the root. Default: the root"),
  timeout_secs: seconds().optional().meta(
    withDefault("Time limit of one attempt, seconds", DEFAULT_TASK_TIMEOUT_SECS),
  ),
  retry_policy: retryPolicy.optional().describe(
    "How a failed attempt is repeated. Without one, a command that exits with an error is not",
  ),
  on_stall: z.enum(["warn", "retry", "kill"]).optional().meta(
    withDefault("What happens to an attempt that makes no progress", "retry"),
  ),
  acceptance_criteria: z.array(z.string()).optional().describe(
    "What must be true in the end, for people and agents",
  ),
  gates: z.array(z.union([z.string(), gate])).optional().describe(
    "Checks of each attempt: names of the plan's gates of scope `task`, or definitions",
  ),
  limits: z.strictObject(taskLimits).optional().describe("Limits of this task, in the place of the plan's"),
  sandbox: z.strictObject({
    network: z.enum(["none", "host"]).optional().meta({
      description: "`none`: no network. `host` (default): that of the machine",
      default: "host",
    }),
    write: paths().optional().describe(
      "Files and directories that the task may write to, relative to the root. What is not there is made a " +
        "directory. Default: `.`, all of its worktree. All else is read-only, and /tmp is its own",
    ),
  }).optional().describe("What the body of the task may reach. Needs bubblewrap"),
  budget: z.strictObject({
    tokens: z.number().gt(0).optional().describe("Tokens of all attempts of the task together"),
    usd: z.number().gt(0).optional().describe("Money for all attempts of the task together, US dollars"),
  }).optional().describe(
    "What the agent of the task may use up. Once it has, the task is not tried again until omk budget add gives it more",
  ),
  attempts: z.strictObject({
    parallel: z.int().min(2).max(MOST_CANDIDATES).describe(
      "How many candidates work on the task, each by itself",
    ),
    pick: z.union([
      z.enum(["first-passing", "smallest-diff", "review"]),
      z.strictObject({
        review: z.strictObject({
          agent: z.string().optional().describe("Which agent picks. Default: that of the task"),
          rubric,
        }).describe("A reviewer names the one that is merged, and says why"),
      }),
    ]).optional().meta({
      description:
        "Which one is merged: the first whose work is done and has passed its gates (default), or, once all are at " +
        "their end, the one with the smallest patch, or the one that a reviewer names: an agent that sees all that have " +
        'passed and changes nothing. "review" is short for {"review": {}}',
      default: "first-passing",
    }),
  }).optional().meta({
    description:
      "Several candidates do the task side by side, as tasks ID.1, ID.2 and so on; one is picked and merged, the " +
      "others are kept and never merged. A budget of the task is shared out among them",
    examples: [{ parallel: 3, pick: "smallest-diff" }],
  }),
  metadata: z.record(z.string(), z.unknown()).optional().describe("Whatever the plan's author wants to keep"),
});

const task = taskFields.extend({
  id: z.string().meta({
    description:
      "Name of the task in the run: letters, digits, `.`, `_` and `-`, at most 64, unique ignoring case",
    // Checked by `checks/ids.ts`, in words; for editors a pattern.
    pattern: TASK_ID_PATTERN.source,
  }),
  dependencies: z.array(z.string()).optional().meta({
    description: "Ids of the tasks that this one waits for",
    uniqueItems: true,
  }),
}).meta({ id: "task" });

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
/** The fields that tasks and `defaults` have in common. */
export type TaskFields = z.infer<typeof taskFields>;
/** A task as it is written. */
export type TaskInput = z.infer<typeof task>;
/** A gate as it is written. */
export type GateInput = z.infer<typeof gate>;

/**
 * The JSON Schema (draft 7, which editors know best) of all that the format has; comments and trailing commas are
 * allowed. What is published leaves out what this build does not run: `published_schema.ts`.
 */
export function planJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(planInput, { io: "input", target: "draft-7" });
  return { ...schema, title: "omk plan", allowComments: true, allowTrailingCommas: true };
}
