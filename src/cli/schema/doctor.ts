/** The form of `omk doctor --json`. */

import * as z from "zod";

const finding = z.strictObject({
  area: z.enum(["machine", "git", "storage", "runs", "agents", "plan", "configuration"]),
  check: z.string().describe("What was looked at; several findings may share it"),
  level: z.enum(["ok", "note", "warning", "error"]).describe(
    "`error`: runs cannot start; `warning`: they can, but in part, or not for long, or with a promise less",
  ),
  found: z.string(),
  why: z.string().nullable().describe("Why it matters"),
  fix: z.string().nullable().describe("What to do about it"),
});

const setting = z.strictObject({
  setting: z.string().describe("Its key in the configuration file"),
  value: z.union([z.string(), z.number(), z.null()]).describe(
    "Null where nobody said anything, and what omk does depends on the place",
  ),
  source: z.enum(["option", "environment", "plan", "file", "default"]),
  origin: z.string().nullable().describe(
    "The variable, or the file with line and column; null for a default",
  ),
});

/** See the module. */
export const doctorSchema = z.strictObject({
  schema_version: z.literal(1),
  ok: z.boolean().describe("Whether runs can start"),
  findings: z.array(finding),
  settings: z.array(setting),
});

/** The form of `omk doctor --permissions --json`. */
export const permissionsSchema = z.strictObject({
  schema_version: z.literal(1),
  commands: z.array(z.strictObject({
    command: z.string(),
    permissions: z.array(z.enum(["read", "write", "run", "env"])).describe("What it holds while it runs"),
  })),
});
