/** The rubrics that a plan keeps in files of its own. */

import { isSystemError, reasonOf, UsageError } from "../errors.ts";
import { redactText } from "../log/redact.ts";

/** Longer ones are no rubric, characters: each prompt of the reviewer holds it. */
const LONGEST_RUBRIC = 50_000;

/**
 * Reads the rubric that a review names, relative to the directory of the plan.
 *
 * @throws {UsageError} for one that cannot be read, is empty, too long, or holds what looks like a secret
 */
export function rubricReader(planPath: string): (name: string) => Promise<string> {
  return async (name) => {
    const path = name.startsWith("/") ? name : `${planPath.slice(0, planPath.lastIndexOf("/"))}/${name}`;
    const unusable = (why: string, cause?: unknown) =>
      new UsageError({
        what: "Cannot use the rubric of a review",
        where: path,
        why,
        fix: `${planPath} names it as "rubric": correct the file, or the name`,
        ...(cause === undefined ? {} : { cause }),
      });
    let text: string;
    try {
      text = (await Deno.readTextFile(path)).replace(/^\uFEFF/, "").trim();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw unusable(reasonOf(error), error);
    }
    if (text === "") throw unusable("it is empty");
    if (text.length > LONGEST_RUBRIC) {
      throw unusable(`it has ${text.length} characters, more than ${LONGEST_RUBRIC}`);
    }
    if (redactText(text) !== text) throw unusable("it holds what looks like a secret");
    return text;
  };
}
