/** The schema of what `omk plan --json` prints. */

import * as z from "zod";
import { runStatus } from "../../log/payloads.ts";

const command = z.union([z.string(), z.array(z.string())]);

/** See the module. */
export const planningSchema = z.strictObject({
  schema_version: z.literal(1),
  run_id: z.string().describe("The run in which the agent planned"),
  status: runStatus.nullable(),
  agent: z.string().nullable(),
  answers: z.int().min(0).describe("How often the agent has answered"),
  path: z.string().nullable().describe("The plan, for omk run; null where there is none"),
  fallback: z.string().nullable().describe(
    "Why one task has the whole prompt; null where the plan is the agent's own",
  ),
  question: z.string().nullable().describe("What a person has to answer before there can be a plan"),
  name: z.string().nullable(),
  tasks: z.array(z.strictObject({
    id: z.string(),
    agent: z.string().nullable(),
    run: command.nullable(),
    prompt: z.string().nullable(),
    review: z.strictObject({ of: z.array(z.string()), rubric: z.string() }).nullable().describe(
      "What it judges before it is merged; null where it is no review",
    ),
    dependencies: z.array(z.string()),
    candidates: z.array(z.string()).describe(
      "The tasks that do it side by side, of which one is picked; mostly none",
    ),
    write_set: z.array(z.string()).nullable().describe("Null: it may change anything"),
    acceptance_criteria: z.array(z.string()).describe(
      "For people and reviewers; those that are commands are gates",
    ),
    gates: z.array(z.strictObject({ name: z.string(), command })),
  })),
  gates: z.array(z.strictObject({ name: z.string(), command, scope: z.enum(["run", "task"]) })),
  may_change_judges: z.array(z.strictObject({ task_id: z.string(), paths: z.array(z.string()) })).describe(
    "Tasks that may change what judges them: --yes does not agree to that",
  ),
  next: z.array(z.string()),
});
