/** The JSON Schemas that omk publishes, by name. Each is made when it is asked for. */

import type { ZodType } from "zod";

/** A format with its schema. */
export interface SchemaEntry {
  readonly name: string;
  readonly description: string;
  readonly make: () => Promise<Record<string, unknown>>;
}

/** See the module. */
export const SCHEMAS: readonly SchemaEntry[] = [
  {
    name: "plan",
    description: "omk.jsonc: what is to be done",
    make: async () => (await import("../../plan/schema.ts")).planJsonSchema(),
  },
  {
    name: "proof",
    description: "proof.json: what a run has proved",
    make: async () => await toJsonSchema((await import("../../proof/schema.ts")).proofSchema),
  },
  {
    name: "failure",
    description: "failure.json: what keeps a run from being delivered",
    make: async () => await toJsonSchema((await import("../../proof/schema.ts")).failureSchema),
  },
  {
    name: "events",
    description: "events.jsonl and omk events --json: one event",
    make: async () => (await import("./events.ts")).eventsJsonSchema(),
  },
  {
    name: "status",
    description: "omk status --json: how a run stands",
    make: async () => await toJsonSchema((await import("./status.ts")).statusSchema),
  },
  {
    name: "list",
    description: "omk list --json: all runs",
    make: async () => await toJsonSchema((await import("./list.ts")).listSchema),
  },
  {
    name: "error",
    description: "stderr under --json when a command fails",
    make: async () => await toJsonSchema((await import("./error.ts")).errorSchema),
  },
];

async function toJsonSchema(schema: ZodType): Promise<Record<string, unknown>> {
  const { toJSONSchema } = await import("zod");
  return { ...toJSONSchema(schema) };
}
