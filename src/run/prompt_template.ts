/** The user's own template of prompts: where it is, and whether it can be used. */

import { isSystemError, reasonOf, UsageError } from "../errors.ts";
import { templateFault } from "../worker/prompt/template.ts";

/** The name of the template in the directory of the user's configuration. */
export const TEMPLATE_NAME = "prompt.md";

/**
 * The template that holds: the one that the plan names, relative to its directory, else the one in the directory of the
 * configuration; undefined where there is neither.
 *
 * @throws {UsageError} for one that cannot be read, or has a fault, with its place.
 */
export async function readTemplate(
  planPath: string,
  named: string | undefined,
  configDirectory: string | undefined,
): Promise<string | undefined> {
  if (named !== undefined) {
    const path = named.startsWith("/") ? named : `${planPath.slice(0, planPath.lastIndexOf("/"))}/${named}`;
    return await checked(path, `${planPath} names it as "prompt_template": write it, or correct the name`);
  }
  if (configDirectory === undefined) return undefined;
  const path = `${configDirectory}/${TEMPLATE_NAME}`;
  try {
    await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw unreadable(path, error, "make it readable, or move it away");
  }
  return await checked(path, "make it readable, or move it away");
}

async function checked(path: string, fix: string): Promise<string> {
  let text: string;
  try {
    text = (await Deno.readTextFile(path)).replace(/^\uFEFF/, "");
  } catch (error) {
    throw unreadable(path, error, fix);
  }
  const fault = templateFault(text);
  if (fault === undefined) return text;
  throw new UsageError({
    what: "Cannot use the template of prompts",
    where: `${path}:${fault.line}:${fault.column}`,
    why: fault.message,
    fix: "omk prompt --template prints one that works",
  });
}

function unreadable(path: string, error: unknown, fix: string): unknown {
  if (!isSystemError(error)) return error;
  return new UsageError({
    what: "Cannot read the template of prompts",
    where: path,
    why: reasonOf(error),
    fix,
    cause: error,
  });
}
