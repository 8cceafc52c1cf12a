/** Where a plan and what belongs to it lie, from the root of a project. */

/** The plan that omk finds by itself. */
export const PLAN_NAME = "omk.jsonc";

/** The JSON Schema of the plan, for editors: `omk schema --write`. */
export const PLAN_SCHEMA_PATH = ".omk/plan.schema.json";
