/** The user's configuration file: where it lies, what it says, and everything that is wrong with it. */

import { reasonOf, UsageError } from "../../errors.ts";
import { configDirectory } from "../../run/config_directory.ts";
import type { ConfigFile } from "./config.ts";

/** Where the file lies; undefined where neither XDG_CONFIG_HOME nor HOME names a directory. */
export function configPath(env: Readonly<Record<string, string>>): string | undefined {
  const directory = configDirectory(env);
  return directory === undefined ? undefined : `${directory}/config.jsonc`;
}

/**
 * Reads and checks the file; null where there is none.
 *
 * @throws {ConfigError} with all problems at once, each with its place.
 * @throws {UsageError} where there is something that cannot be read: who cannot see a policy must not guess it.
 */
export async function readConfigFile(path: string): Promise<ConfigFile | null> {
  const text = await readOrNull(path);
  if (text === null) return null;
  const { checkConfigText } = await import("./check_config.ts");
  return await checkConfigText(path, text);
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return (await Deno.readTextFile(path)).replace(/^\uFEFF/, "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw new UsageError({
      what: "Cannot read the configuration",
      where: path,
      why: reasonOf(error),
      fix: "make it readable, or move it away",
      cause: error,
    });
  }
}
