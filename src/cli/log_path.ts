/** The log that a user means: a file, or that of a run. */

import { UsageError } from "../errors.ts";
import { isFile } from "../is_file.ts";
import { findRun, LATEST } from "../run/find_run.ts";
import type { CommandContext } from "./command.ts";
import { locate } from "./place.ts";

/**
 * Absolute path of the log that `text` names: a file where it looks like a path or is one, else the run's; the newest
 * run's where it is undefined. A path need not exist.
 *
 * @throws {UsageError} where it names neither a file nor a run.
 */
export async function logPath(context: CommandContext, text: string | undefined): Promise<string> {
  if (text !== undefined && (/[/]|\.jsonl$/.test(text) || await isFile(`${context.cwd}/${text}`))) {
    return text.startsWith("/") ? text : `${context.cwd}/${text}`;
  }
  if (text !== undefined && text !== LATEST && !/^\d/.test(text)) {
    throw new UsageError({
      what: `Cannot find a log "${text}"`,
      where: context.cwd,
      why: "there is no such file, and an id of a run begins with a date",
      fix: "give the path of a log, or a run that omk list shows",
    });
  }
  const { home } = await locate(context);
  return (await findRun(home, text)).events;
}
