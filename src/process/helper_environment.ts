/** The environment of omk's own shell helpers. */

/** Where programs are when the user's environment does not say. */
const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

/** What a helper takes over from an omk that itself runs inside a task, so that the outer omk finds it. */
const INHERITED = ["OMK_MARK", "OMK_TASK_ID", "OMK_ATTEMPT"] as const;

/**
 * The environment of a helper of this omk process. It carries the marks of the omk processes around this one
 * but not this one's own: what searches for the own mark must not find its own tools.
 *
 * `LC_ALL` and `TZ` fix the language and the clock of what the tools print.
 */
export function helperEnvironment(own: Readonly<Record<string, string>>): Record<string, string> {
  const env: Record<string, string> = {
    PATH: own["PATH"] ?? DEFAULT_PATH,
    LC_ALL: "C",
    TZ: "UTC",
  };
  for (const name of INHERITED) {
    const value = own[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
