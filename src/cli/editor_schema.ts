/** What makes editors complete and check `omk.jsonc`: its schema beside it, and a line in it that names the schema. */

import { applyEdits, modify } from "jsonc-parser";
import { InfraError, reasonOf } from "../errors.ts";
import { planJsonSchema } from "../plan/schema.ts";
import { readIfThere } from "../read_if_there.ts";

/** Where the schema lies, from the directory of the plan. */
export const SCHEMA_PATH = ".omk/plan.schema.json";
const KEY = "$schema";

/** What was done. */
export interface EditorSchema {
  /** The schema, absolute. */
  readonly schema: string;
  /** The plan, absolute; null where there is none. */
  readonly plan: string | null;
  /** What became of the line in the plan. `other`: it names another schema, and was left as it is. */
  readonly line: "added" | "there" | "other" | "no_plan";
}

/**
 * Writes the schema below a directory, and adds the line to the plan in it, if there is one: all else in the plan
 * stays byte for byte as it is. A second call changes nothing.
 *
 * @throws {InfraError} where a file cannot be read or written.
 */
export async function writeEditorSchema(directory: string): Promise<EditorSchema> {
  const schema = `${directory}/${SCHEMA_PATH}`;
  const plan = `${directory}/omk.jsonc`;
  try {
    await Deno.mkdir(`${directory}/.omk`, { recursive: true });
    await Deno.writeTextFile(schema, `${JSON.stringify(planJsonSchema(), null, 2)}\n`);
    const text = await readIfThere(plan);
    if (text === null) return { schema, plan: null, line: "no_plan" };
    const named = new RegExp(String.raw`^[^{]*\{(?:\s|//[^\n]*\n|/\*[\s\S]*?\*/)*"\$schema"\s*:\s*"([^"]*)"`)
      .exec(text);
    if (named !== null) return { schema, plan, line: named[1] === `./${SCHEMA_PATH}` ? "there" : "other" };
    const edits = modify(text, [KEY], `./${SCHEMA_PATH}`, {
      getInsertionIndex: () => 0,
      formattingOptions: { insertSpaces: true, tabSize: 2, eol: text.includes("\r\n") ? "\r\n" : "\n" },
    });
    await Deno.writeTextFile(plan, applyEdits(text, edits));
    return { schema, plan, line: "added" };
  } catch (error) {
    throw new InfraError({
      what: "Cannot set up the schema for editors",
      where: directory,
      why: reasonOf(error),
      fix:
        "check the permissions of the directory, or write the schema elsewhere: omk schema plan --file FILE",
      cause: error,
    });
  }
}
