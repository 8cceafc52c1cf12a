/** The JSON Schema of a plan as it is published: what editors complete, and check before omk does. */

import { VERSION } from "../version.ts";
import { planJsonSchema } from "./schema.ts";
import { REFUSED_FIELDS } from "./unsupported.ts";

/** By this title a file is known to be a schema of omk's plans. */
export const PLAN_SCHEMA_TITLE = "omk plan";

/** What editors offer where an item of a list is begun. `$1` and so on are where the cursor stops. */
const SNIPPETS = {
  task: [{ label: "task", description: "A command", body: { id: "$1", run: "$2" } }],
  gate: [{ label: "gate", description: "A check", body: { name: "$1", command: "$2" } }],
} as const;

/**
 * The schema without the fields that this build refuses, so that editors neither offer nor accept them. Descriptions
 * with code in them are given as Markdown too, which editors prefer.
 */
export function publishedPlanSchema(): Record<string, unknown> {
  const schema = planJsonSchema();
  hide(at(schema, "definitions", "task"), REFUSED_FIELDS.task);
  hide(at(schema, "properties", "defaults"), REFUSED_FIELDS.task);
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

function hide(schema: Record<string, unknown>, fields: readonly string[]): void {
  const properties = at(schema, "properties");
  for (const field of fields) {
    if (!(field in properties)) throw new RangeError(`The schema has no field "${field}"`);
    delete properties[field];
  }
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
