/** The marks with which a CI system folds, colours and lists what a job prints. */

import { createGitHubMarks } from "./github.ts";
import { createGitLabMarks } from "./gitlab.ts";

/** See the module. Every line that holds foreign text has to go through `foreign` or `guarded`. */
export interface CiMarks {
  /** The lines around something that can be folded; `id` is unique in the job. */
  section(id: string, title: string, lines: readonly string[], now: number): readonly string[];
  /** The line that lists an error or a warning beside the job; undefined where the system has none. */
  annotation(level: "error" | "warning", title: string, message: string): string | undefined;
  /** A line of omk's own that quotes foreign text, such that nothing in it is taken for a mark. */
  foreign(line: string): string;
  /** Lines that a task printed, as they are, between marks that keep them from being taken for commands. */
  guarded(lines: readonly string[]): readonly string[];
}

/** The marks of the CI system that omk runs in; null where there is none that has any. */
export function ciMarks(env: Readonly<Record<string, string>>): CiMarks | null {
  if (env.GITHUB_ACTIONS === "true") return createGitHubMarks(crypto.randomUUID());
  if (env.GITLAB_CI === "true") return createGitLabMarks();
  return null;
}
