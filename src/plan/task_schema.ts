/** What the user may write of a task. */

import { z } from "zod";
import {
  DEFAULT_BACKOFF,
  DEFAULT_LIMITS,
  DEFAULT_REVIEW_ROUNDS,
  DEFAULT_TASK_TIMEOUT_SECS,
  MOST_CANDIDATES,
  MOST_ITERATIONS,
  MOST_REVIEW_ROUNDS,
} from "./defaults.ts";
import { gate } from "./gate_schema.ts";
import { DEFAULT_RUBRIC, RUBRIC_NAMES } from "./rubrics.ts";
import { command, DAY_SECS, paths, seconds, withDefault } from "./schema_values.ts";
import { TASK_ID_PATTERN } from "./spec.ts";

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

const envValue = z.union([
  z.string(),
  z.strictObject({ from: z.string().describe("Name of the variable of omk's own environment") }),
]);

/** Less memory than this lets no shell start. */
const LEAST_MEMORY_BYTES = 16 * 2 ** 20;

/** The limits that a task may have of its own; defaults are for those of the plan. */
export const taskLimits = {
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
export const taskFields = z.strictObject({
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

/** A task. */
export const task = taskFields.extend({
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

/** The fields that tasks and `defaults` have in common. */
export type TaskFields = z.infer<typeof taskFields>;
/** A task as it is written. */
export type TaskInput = z.infer<typeof task>;
