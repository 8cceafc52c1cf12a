/** Where the user's configuration lies. */

/** The directory of the user's configuration; undefined where the environment names none. */
export function configDirectory(env: Readonly<Record<string, string>>): string | undefined {
  if (env.XDG_CONFIG_HOME?.startsWith("/")) return `${env.XDG_CONFIG_HOME}/omk`;
  return env.HOME?.startsWith("/") ? `${env.HOME}/.config/omk` : undefined;
}
