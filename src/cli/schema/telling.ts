/** The schemas of what the commands print that tell of runs, plans, and omk itself. */

import * as z from "zod";
import { taskStatus } from "../../proof/schema.ts";

const version = z.literal(1);

const explainedRun = z.strictObject({
  schema_version: version,
  run_id: z.string(),
  task_id: z.string(),
  state: taskStatus,
  reason: z.string().nullable(),
  because: z.array(z.strictObject({
    task_id: z.string(),
    state: taskStatus,
    reason: z.string().nullable(),
  })).describe("From what blocked it, or was cancelled before it, to what ended by itself"),
  keeping: z.array(z.strictObject({
    code: z.enum([
      "not_selected",
      "run_ending",
      "dependencies",
      "paused",
      "budget",
      "on_failure",
      "delay",
      "pool",
      "path_sets",
      "workers",
      "rank",
      "merge",
      "review",
      "pick",
      "answer",
      "approval",
    ]),
    text: z.string(),
    tasks: z.array(z.string()).describe("The tasks that it waits for"),
  })).describe("What it waits for now; empty where the run has ended"),
  story: z.array(z.strictObject({
    index: z.int().min(0).describe("Index of the event in the log"),
    ts: z.iso.datetime(),
    what: z.string().describe("Kind of the event, or `ready`"),
    text: z.string(),
    outcome: z.looseObject({ result: z.string() }).nullable().describe("Evidence of an attempt that ended"),
  })),
});

const explainedPlan = z.strictObject({
  schema_version: version,
  run_id: z.null(),
  plan: z.string().describe("The file"),
  task_id: z.string(),
  dependencies: z.array(z.string()),
  trigger_rule: z.enum(["all_success", "one_success", "all_done"]),
  predicted: z.strictObject({ start_ms: z.number().min(0), end_ms: z.number().min(0) }).nullable()
    .describe("From the start of the run, if everything goes well"),
  story: z.array(z.strictObject({
    at_ms: z.number().min(0).describe("From the start of the run"),
    what: z.string(),
    text: z.string(),
  })),
  rivals: z.array(z.string()).describe("Never run beside it: their path sets conflict"),
  pooled: z.array(z.string()).describe("The other tasks of its pool"),
});

/** `omk explain --json`: of a run, or of a plan. */
export const explainSchema = z.union([explainedRun, explainedPlan])
  .describe("Why a task ran, waits, failed or never started");

/** `omk graph --json`. */
export const graphSchema = z.strictObject({
  schema_version: version,
  name: z.string(),
  tasks: z.array(z.strictObject({
    id: z.string(),
    name: z.string(),
    dependencies: z.array(z.string()),
    trigger_rule: z.enum(["all_success", "one_success", "all_done"]),
    pool: z.string().nullable(),
    outputs: z.array(z.string()).describe("Files that it makes for its dependents"),
    state: taskStatus.nullable().describe("Null for a plan"),
    earlier_ms: z.number().min(0).nullable().describe("How long it took before"),
    critical: z.boolean(),
  })).describe("Each after what it depends on"),
  critical_path: z.strictObject({
    tasks: z.array(z.string()),
    ms: z.number().min(0).describe("Tasks that were never timed count as one second"),
    known: z.boolean().describe("Whether all of it was timed before"),
  }),
}).describe("Which task of a plan or a run comes after which");

/** `omk run --dry-run --json`. */
export const dryRunSchema = z.strictObject({
  schema_version: version,
  plan: z.string().describe("The file"),
  workers: z.int().min(1),
  selected: z.array(z.string()).nullable().describe("Null: all tasks"),
  tasks: z.array(z.strictObject({
    task_id: z.string(),
    start_ms: z.number().min(0).describe("From the start of the run, if everything goes well"),
    end_ms: z.number().min(0),
    timed: z.boolean().describe("Whether it was timed before"),
  })).describe("In the order in which they would start"),
  reused: z.array(z.strictObject({ task_id: z.string(), run: z.string(), attempt: z.int().min(1) }))
    .describe("What would be taken over of an earlier run instead of being run"),
  gates: z.array(z.strictObject({
    name: z.string(),
    command: z.union([z.string(), z.array(z.string())]),
    scope: z.enum(["run", "task"]),
  })),
  gates_detected: z.boolean(),
  notes: z.array(z.string()),
}).describe("What a run would do");

/** One line of `omk logs --json`. */
export const logsSchema = z.strictObject({
  schema_version: version,
  kind: z.enum(["attempt", "setup", "gate"]),
  task_id: z.string().nullable(),
  attempt: z.int().min(1).nullable(),
  gate: z.string().nullable(),
  text: z.string().describe("One line of output, without its end"),
}).describe("One line of what a task or a gate has printed");

const check = z.strictObject({ name: z.string(), ok: z.boolean(), detail: z.string() });

/** `omk verify --json`. */
export const verifySchema = z.strictObject({
  schema_version: version,
  directory: z.string().describe("The run's directory, the exported file, or the commit"),
  run_id: z.string().nullable(),
  status: z.string().nullable().describe("Recomputed from the log"),
  ok: z.boolean(),
  checks: z.array(check),
  first_failure: check.nullable(),
  exit_code: z.int(),
}).describe("Whether log, files and git still say what the proof says");

/** `omk completions --json`. */
export const completionsSchema = z.strictObject({
  schema_version: version,
  shell: z.string(),
  script: z.string(),
}).describe("A completion script");

/** `omk schema --json` without a name. */
export const schemasSchema = z.strictObject({
  schema_version: version,
  omk: z.string().describe("Version of omk"),
  schemas: z.array(z.strictObject({ name: z.string(), description: z.string() })),
}).describe("The schemas that omk publishes");

/** `omk schema --write --json`. */
export const editorSchema = z.strictObject({
  schema_version: version,
  schema: z.string().describe("The file of the schema, absolute"),
  file: z.enum(["written", "replaced", "there"]).describe("`there`: it was up to date"),
  plan: z.string().nullable().describe("The plan, absolute; null where there is none"),
  line: z.enum(["added", "there", "other", "unreadable", "no_plan"]).describe(
    "What became of the `$schema` line of the plan",
  ),
}).describe("How editors were set up for the plan of a project");

/** `omk --version --json`. */
export const versionSchema = z.strictObject({
  version: z.string(),
  runtime: z.enum(["source", "own", "denort_bin", "fallback"]).describe("Where the runtime came from"),
  deno: z.string().describe("Version of Deno that runs omk"),
  commit: z.string().nullable().describe("What it was built from; null where that is not known"),
}).describe("What this build of omk is");

/** One row of `omk query --json`. */
export const querySchema = z.record(z.string(), z.unknown()).describe("One row of the answer, by column");

/** `omk prompt --json`, and with --template. */
export const promptSchema = z.union([
  z.strictObject({
    schema_version: version,
    task_id: z.string(),
    run_id: z.string().nullable().describe("Null where there is no run yet"),
    attempt: z.int().min(1).describe("The attempt that gets it"),
    prompt: z.string(),
  }),
  z.strictObject({ schema_version: version, template: z.string() }),
]).describe("What the agent of a task is told, or the template of prompts");

const usageSums = z.array(z.strictObject({
  metric: z.string().describe("`tokens`, `usd`, `input_tokens`, `cached_tokens`, `output_tokens`"),
  amount: z.number().min(0).nullable().describe("Null where a part of it is unknown"),
  quality: z.enum(["measured", "estimated", "unknown"]),
}));

/** `omk cost --json`. */
export const costSchema = z.strictObject({
  schema_version: version,
  run_id: z.string(),
  totals: usageSums,
  planning: z.strictObject({ run_id: z.string(), totals: usageSums }).nullable().describe(
    "What the agent has used that made the plan, in a run of its own; null where nobody knows of one",
  ),
  tasks: z.array(z.strictObject({
    task_id: z.string(),
    usage: usageSums,
    attempts: z.array(z.strictObject({
      attempt: z.int().min(1),
      model: z.string().nullable().describe("Null where the agent does not say"),
      usage: usageSums,
    })),
  })).describe("Those in which agents have worked"),
  budgets: z.array(z.strictObject({
    budget: z.enum(["time", "attempts", "tokens", "usd"]),
    used: z.number().min(0),
    limit: z.number().min(0),
    task_id: z.string().nullable().describe("The task whose own budget it is; null: the run's"),
  })),
}).describe("What the agents of a run have used");
