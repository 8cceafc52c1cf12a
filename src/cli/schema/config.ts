/** The form of the user's configuration file. */

import { SETTINGS } from "../config/settings.ts";

/** The JSON Schema of the file, made from the table of the settings. */
export function configJsonSchema(): Record<string, unknown> {
  const properties = SETTINGS.map(({ name, kind, meaning, fallback }) => [
    name,
    { ...kind.schema, description: meaning, ...(fallback === undefined ? {} : { default: fallback }) },
  ]);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "omk configuration",
    type: "object",
    properties: { $schema: { type: "string" }, ...Object.fromEntries(properties) },
    additionalProperties: false,
  };
}
