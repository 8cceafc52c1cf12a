/** The fields of a JSON Schema as entries of a topic: the schema is where they are described. */

import { field, textField } from "../json_fields.ts";
import type { TopicEntry } from "./topic.ts";

/**
 * The fields of an object's schema, in its order. A field that is an object of fields
 * itself is followed by these, with its name before theirs: `retry_policy.jitter`. What the schema only refers to
 * is not followed.
 */
export function schemaEntries(schema: unknown, prefix = ""): readonly TopicEntry[] {
  const properties = field(schema, "properties");
  if (typeof properties !== "object" || properties === null) return [];
  return Object.entries(properties).flatMap(([name, each]) => {
    const full = `${prefix}${name}`;
    const own: TopicEntry = { name: full, meaning: plain(textField(each, "description")) };
    return [own, ...schemaEntries(each, `${full}.`)];
  });
}

/** Descriptions mark code with backquotes, for editors; on a terminal it stands for itself. */
function plain(text: string): string {
  return text.replaceAll("`", "");
}
