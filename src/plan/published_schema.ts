/** The JSON Schema of a plan as it is published: what editors complete, and check before omk does. */

import { VERSION } from "../version.ts";
import { planJsonSchema } from "./schema.ts";

/** By this title a file is known to be a schema of omk's plans. */
export const PLAN_SCHEMA_TITLE = "omk plan";

/** What editors offer where an item of a list is begun. `$1` and so on are where the cursor stops. */
const SNIPPETS = {
  task: [{ label: "task", description: "A command", body: { id: "$1", run: "$2" } }],
  gate: [{ label: "gate", description: "A check", body: { name: "$1", command: "$2" } }],
} as const;

/** The schema with what editors like: descriptions with code in them as Markdown too, and snippets. */
export function publishedPlanSchema(): Record<string, unknown> {
  const schema = planJsonSchema();
  for (const [item, snippets] of Object.entries(SNIPPETS)) {
    Object.assign(at(schema, "definitions", item), { defaultSnippets: snippets });
  }
  addMarkdown(schema);
  return { $comment: `Written by omk ${VERSION}: omk schema --write`, ...schema, title: PLAN_SCHEMA_TITLE };
}

/** The object at a path of the schema, which must be there. */
function at(schema: Record<string, unknown>, ...path: readonly string[]): Record<string, unknown> {
  let node = schema;
  for (const step of path) {
    const next = node[step];
    if (!isObject(next)) throw new RangeError(`The schema has no ${path.join(".")}`);
    node = next;
  }
  return node;
}

function addMarkdown(node: Record<string, unknown>): void {
  const { description } = node;
  if (typeof description === "string" && description.includes("`")) node["markdownDescription"] = description;
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) value.filter(isObject).forEach(addMarkdown);
    else if (isObject(value)) addMarkdown(value);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
