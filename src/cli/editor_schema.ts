/** What makes editors complete and check `omk.jsonc`: its schema beside it, and a line in it that names the schema. */

import { applyEdits, modify, type ParseError, parseTree } from "jsonc-parser";
import { InfraError, isSystemError, UsageError } from "../errors.ts";
import { PLAN_NAME, PLAN_SCHEMA_PATH } from "../plan/names.ts";
import { PLAN_SCHEMA_TITLE, publishedPlanSchema } from "../plan/published_schema.ts";

const KEY = "$schema";

/** What was done. */
export interface EditorSchema {
  /** The schema, absolute. */
  readonly schema: string;
  /** `replaced`: there was one of another version. */
  readonly file: "written" | "replaced" | "there";
  /** The plan, absolute; null where there is none. */
  readonly plan: string | null;
  /**
   * What became of the line in the plan. `other`: it names another schema; `unreadable`: the plan is no JSON object.
   * In both cases the plan was left as it is.
   */
  readonly line: "added" | "there" | "other" | "unreadable" | "no_plan";
}

/**
 * Writes the schema below a directory, and adds the line to the plan in it, if there is one: all else in the plan
 * stays byte for byte as it is. A second call changes nothing. A file that omk did not write is left alone.
 *
 * @throws {UsageError} where something else stands in the place of the schema
 * @throws {InfraError} where a file cannot be read or written
 */
export async function writeEditorSchema(directory: string): Promise<EditorSchema> {
  const schema = `${directory}/${PLAN_SCHEMA_PATH}`;
  const plan = `${directory}/${PLAN_NAME}`;
  try {
    const file = await writeSchema(schema);
    const text = await readIfThere(plan);
    if (text === null) return { schema, file, plan: null, line: "no_plan" };
    const line = lineIn(text);
    if (line === "missing") await Deno.writeTextFile(plan, withLine(text));
    return { schema, file, plan, line: line === "missing" ? "added" : line };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new InfraError({
      what: "Cannot set up the schema for editors",
      where: directory,
      why: error.message,
      fix:
        "check the permissions of the directory, or write the schema elsewhere: omk schema plan --file FILE",
      cause: error,
    });
  }
}

async function writeSchema(path: string): Promise<EditorSchema["file"]> {
  const wanted = `${JSON.stringify(publishedPlanSchema(), null, 2)}\n`;
  const present = await readIfThere(path);
  if (present === wanted) return "there";
  if (present !== null && !present.includes(`"title": ${JSON.stringify(PLAN_SCHEMA_TITLE)}`)) {
    throw new UsageError({
      what: "Cannot write the schema",
      where: path,
      why: "there is a file that omk did not write",
      fix: "move it away, or write the schema elsewhere: omk schema plan --file FILE",
    });
  }
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, wanted);
  return present === null ? "written" : "replaced";
}

/** Whether the plan names this schema, another one, or none. */
function lineIn(text: string): "there" | "other" | "missing" | "unreadable" {
  const errors: ParseError[] = [];
  const root = parseTree(withoutMark(text), errors, { allowTrailingComma: true });
  if (root?.type !== "object" || errors.length > 0) return "unreadable";
  const values = (root.children ?? []).map(({ children }) => children ?? []).filter(([key]) =>
    key?.value === KEY
  );
  if (values.length === 0) return "missing";
  return values.every(([, value]) => value?.value === `./${PLAN_SCHEMA_PATH}`) ? "there" : "other";
}

/** The plan with the line as its first field. */
function withLine(text: string): string {
  const body = withoutMark(text);
  const edits = modify(body, [KEY], `./${PLAN_SCHEMA_PATH}`, {
    getInsertionIndex: () => 0,
    formattingOptions: { insertSpaces: true, tabSize: 2, eol: text.includes("\r\n") ? "\r\n" : "\n" },
  });
  return text.slice(0, text.length - body.length) + applyEdits(body, edits);
}

/** The text without its byte order mark, which parsers take for a character of its own. */
function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, "");
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
