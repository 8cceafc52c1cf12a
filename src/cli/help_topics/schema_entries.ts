/** The fields of a JSON Schema as entries of a topic: the schema is where they are described. */

import { field, listField, textField } from "../json_fields.ts";
import type { TopicEntry } from "./topic.ts";

/**
 * The fields of an object's schema, in its order. A field that is an object of fields itself, or may be one, is followed by
 * these, with its name before theirs: `retry_policy.jitter`. Entries of lists and maps are not followed, nor is what may stand
 * there by the name of its own definition: a gate.
 *
 * @param definitions of the schema, which its fields may be (`allOf`)
 */
export function schemaEntries(
  schema: unknown,
  definitions: unknown = undefined,
  prefix = "",
): readonly TopicEntry[] {
  const properties = field(schema, "properties");
  if (typeof properties !== "object" || properties === null) return [];
  return Object.entries(properties).flatMap(([name, each]) => {
    const full = `${prefix}${name}`;
    const own: TopicEntry = { name: full, meaning: plain(textField(each, "description")) };
    const forms = [
      each,
      ...listField(each, "anyOf"),
      ...listField(each, "allOf").map((part) => named(part, definitions)),
    ];
    const inner = forms.flatMap((form) => schemaEntries(form, definitions, `${full}.`));
    // Two forms may have a field in common.
    return [own, ...new Map(inner.map((entry) => [entry.name, entry])).values()];
  });
}

/** The definition that a schema refers to; the schema itself where it does not. */
function named(schema: unknown, definitions: unknown): unknown {
  const reference = textField(schema, "$ref");
  return reference === "" ? schema : field(definitions, reference.slice(reference.lastIndexOf("/") + 1));
}

/** Descriptions mark code with backquotes, for editors; on a terminal it stands for itself. */
function plain(text: string): string {
  return text.replaceAll("`", "");
}
