/** The configuration of a call: read from its arguments, its environment and the user's file. */

import { UsageError } from "../../errors.ts";
import type { CommandArguments } from "../command.ts";
import { AGENTS } from "./agents.ts";
import { Config } from "./config.ts";
import { configPath, readConfigFile } from "./config_file.ts";

/**
 * Reads everything but the plan. `tolerant`: what is wrong counts as not there.
 *
 * @throws {ConfigError} for a file that is wrong
 * @throws {UsageError} for a file that cannot be read, and for a variable whose value is wrong
 */
export async function loadConfig(
  args: CommandArguments,
  env: Readonly<Record<string, string>>,
  tolerant = false,
): Promise<Config> {
  try {
    const path = configPath(env);
    const config = new Config({ args, env, file: path === undefined ? null : await readConfigFile(path) });
    // The file's have been checked with it.
    const agents = config.overPlan(AGENTS);
    if (agents !== undefined) {
      const { requireAgents } = await import("./check_agents.ts");
      requireAgents(agents.value, `Variable ${agents.origin}`);
    }
    return config;
  } catch (error) {
    if (!tolerant || !(error instanceof UsageError)) throw error;
    return new Config({ args, env: {}, file: null });
  }
}
