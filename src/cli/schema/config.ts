/** The form of the user's configuration file. */

import * as z from "zod";
import { agentInput } from "../../plan/agent_schema.ts";
import { AGENTS } from "../config/agents.ts";
import { SETTINGS } from "../config/settings.ts";

/** Agents by name, as plans have them; commands do without this much of a schema until somebody asks for it. */
function agentsSchema(): Record<string, unknown> {
  const { $schema: _, ...agent } = z.toJSONSchema(agentInput, { io: "input" });
  return { type: "object", additionalProperties: agent };
}

/** The JSON Schema of the file, made from the table of the settings. */
export function configJsonSchema(): Record<string, unknown> {
  const properties = SETTINGS.map(({ name, kind, meaning, fallback }) => [
    name,
    {
      ...(name === AGENTS.name ? agentsSchema() : kind.schema),
      description: meaning,
      ...(fallback === undefined ? {} : { default: fallback }),
    },
  ]);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "omk configuration",
    type: "object",
    properties: { $schema: { type: "string" }, ...Object.fromEntries(properties) },
    additionalProperties: false,
  };
}
