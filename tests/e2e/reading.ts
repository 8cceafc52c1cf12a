/** Calls commands that look at runs in this process, where a process of their own would prove nothing more. */

import { findCommand } from "../../src/cli/find_command.ts";
import { callCommand } from "../cli/fixture.ts";
import type { Called } from "./call.ts";
import type { Sandbox } from "./harness.ts";

/**
 * Calls a command from the source in this process with the sandbox's project and environment, at a tenth of what a
 * process costs. Rejects with what the command throws.
 */
export async function read(
  sandbox: Sandbox,
  words: readonly string[],
): Promise<Pick<Called, "code" | "stdout" | "stderr">> {
  const { entry, rest } = await findCommand(words, 0);
  return await callCommand(await entry.load(), rest, { cwd: sandbox.project, env: sandbox.env });
}
