/** The schema of what stderr gets under `--json` when a command fails. */

import * as z from "zod";

/** See the module. */
export const errorSchema = z.strictObject({
  error: z.strictObject({
    code: z.string().describe("Name of the condition, such as `PlanError`"),
    message: z.string().describe("The whole message"),
    what: z.string().describe("What could not be done"),
    where: z.string().nullable().describe("The file, position, task or ref that is concerned"),
    why: z.string().nullable(),
    fix: z.string().nullable().describe("What to do about it"),
    exit_code: z.int(),
    problems: z.array(z.strictObject({
      code: z.string().describe("What kind of problem it is, such as `unknown_field`"),
      file: z.string(),
      line: z.int().min(1),
      column: z.int().min(1),
      pointer: z.string().describe("JSON Pointer of the place in the plan"),
      message: z.string(),
      hint: z.string().nullable().describe("What to do about it"),
      suggestion: z.string().nullable().describe("The name that was probably meant"),
      field: z.string().nullable().describe("The field that it is about, or that was meant"),
      meaning: z.string().nullable().describe("What the field is for"),
      related: z.strictObject({ what: z.string(), line: z.int().min(1), column: z.int().min(1) }).nullable()
        .describe("Another place that it is about"),
    })).optional().describe("All that is wrong with the plan or the configuration, where that is the error"),
  }),
}).describe("Why a command failed: one line on stderr");
