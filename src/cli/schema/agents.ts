/** The schema of what `omk agents` prints. */

import * as z from "zod";

const measure = z.enum(["measured", "estimated", "unknown"]);

/** `omk agents --json`. */
export const agentsSchema = z.strictObject({
  schema_version: z.literal(1),
  agents: z.array(z.strictObject({
    name: z.string().describe("As a task names it"),
    title: z.string().describe("What people call it"),
    program: z.string(),
    path: z.string().nullable().describe("Null where it is not installed"),
    version: z.string().nullable().describe("Null where it is not installed, or does not say"),
    driver: z.enum(["acp", "stream", "command"]),
    command: z.array(z.string()),
    tokens: measure.describe("What can be known of the tokens it uses"),
    usd: measure.describe("What can be known of what it costs"),
    install: z.string().describe("How it is installed"),
    probe: z.strictObject({ ok: z.boolean(), detail: z.string() }).nullable().describe(
      "What came of starting it; null where it was not tried",
    ),
  })),
}).describe("The agents that omk knows how to start");
