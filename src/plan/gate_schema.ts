/** What the user may write of a gate. */

import { z } from "zod";
import { DEFAULT_GATE_TIMEOUT_SECS } from "./defaults.ts";
import { command, paths, seconds, withDefault } from "./schema_values.ts";

/** A gate. */
export const gate = z.strictObject({
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

/** A gate as it is written. */
export type GateInput = z.infer<typeof gate>;
