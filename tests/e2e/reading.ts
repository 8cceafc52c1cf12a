/** Calls commands that look at runs: in this process from source, as a process of its own where there is an executable. */

import { OmkError } from "../../src/errors.ts";
import { findCommand } from "../../src/cli/find_command.ts";
import { callCommand } from "../cli/fixture.ts";
import type { Called } from "./call.ts";
import { type Sandbox, testsExecutable } from "./harness.ts";

/** What a reading command did. */
export type Reading = Pick<Called, "code" | "stdout" | "stderr">;

/**
 * Calls a command with the sandbox's project and environment: the executable under test, or else the source in this
 * process, at a tenth of what a process costs. A refusal is its exit code and message either way.
 */
export async function read(sandbox: Sandbox, words: readonly string[]): Promise<Reading> {
  if (testsExecutable()) return await sandbox.omk(words);
  try {
    const { entry, rest } = await findCommand(words, 0);
    return await callCommand(await entry.load(), rest, { cwd: sandbox.project, env: sandbox.env });
  } catch (error) {
    if (!(error instanceof OmkError)) throw error;
    return { code: error.exitCode, stdout: "", stderr: `error: ${error.message}\n` };
  }
}
