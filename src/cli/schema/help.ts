/** The schema of what `omk help --json` and `--help --json` print: of omk, of a group, of a command, or of a topic. */

import * as z from "zod";

const version = z.literal(1);
const listed = { name: z.string(), summary: z.string() };

const program = z.strictObject({
  schema_version: version,
  commands: z.array(
    z.strictObject({ ...listed, group: z.string().describe("Heading that it stands under") }),
  ),
  topics: z.array(z.strictObject(listed)),
});

const group = z.strictObject({ schema_version: version, commands: z.array(z.strictObject(listed)) });

const command = z.strictObject({
  schema_version: version,
  ...listed,
  usage: z.array(z.string()),
  description: z.array(z.string()).describe("Paragraphs"),
  options: z.array(z.strictObject({
    name: z.string().describe("Without its dashes"),
    short: z.string().nullable(),
    type: z.string(),
    placeholder: z.string().nullable(),
    choices: z.array(z.string()).nullable(),
    description: z.string(),
  })),
  examples: z.array(z.strictObject({ command: z.string(), note: z.string() })),
  exit_codes: z.array(z.strictObject({ code: z.int(), meaning: z.string() })),
});

const topic = z.strictObject({
  schema_version: version,
  ...listed,
  sections: z.array(z.strictObject({
    title: z.string().describe("Empty for the beginning"),
    paragraphs: z.array(z.string()).optional(),
    entries: z.array(z.strictObject({ name: z.string(), meaning: z.string() })).optional(),
    example: z.array(z.string()).optional().describe("Lines"),
  })),
});

/** See the module. */
export const helpSchema = z.union([program, group, command, topic]).describe("Help");
