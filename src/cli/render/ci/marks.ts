/** The marks with which a CI system folds, colours and lists what a job prints. */

import { createGitHubMarks } from "./github.ts";
import { createGitLabMarks } from "./gitlab.ts";

/** What a folded part of a job's log is called, and when it began and ended, in wall clock milliseconds. */
export interface Section {
  /** Unique in the job. */
  readonly name: string;
  readonly title: string;
  readonly from: number;
  readonly to: number;
}

/** What is listed beside a job. */
export interface Annotation {
  readonly level: "error" | "warning";
  readonly title: string;
  readonly message: string;
}

/** See the module. Every line that holds foreign text has to go through `section`, `foreign` or `guarded`. */
export interface CiMarks {
  /** Lines that a task printed, as a part that can be folded. */
  section(section: Section, lines: readonly string[]): readonly string[];
  /** The line that lists an error or a warning; undefined where the system has none. */
  annotation(annotation: Annotation): string | undefined;
  /** A line of omk's own that quotes foreign text, such that nothing in it is taken for a mark. */
  foreign(line: string): string;
  /** Lines that a task printed, as they are, between marks that keep them from being taken for commands. */
  guarded(lines: readonly string[]): readonly string[];
}

/** The marks of the CI system that omk runs in; null where there is none that has any. */
export function ciMarks(env: Readonly<Record<string, string>>): CiMarks | null {
  if (env.GITHUB_ACTIONS === "true") return createGitHubMarks(() => crypto.randomUUID());
  if (env.GITLAB_CI === "true") return createGitLabMarks();
  return null;
}
