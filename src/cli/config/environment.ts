/** The variables of the environment that begin with `OMK_`: which there are, and which are mistakes. */

import { SETTINGS } from "./settings.ts";

/** A variable that is no setting. */
export interface OtherVariable {
  readonly name: string;
  readonly meaning: string;
}

/** What omk tells its tasks. An omk that a task calls finds them in its environment. */
export const TASK_VARIABLES: readonly OtherVariable[] = [
  { name: "OMK_RUN_ID", meaning: "the run that the task belongs to" },
  { name: "OMK_TASK_ID", meaning: "the task" },
  { name: "OMK_ATTEMPT", meaning: "which attempt of the task this is, from 1" },
  { name: "OMK_RESULT", meaning: "the file that the task may write its result to, as JSON" },
  { name: "OMK_ITERATION", meaning: "number of the iteration of its loop, from 1" },
  {
    name: "OMK_GATE_LOG",
    meaning:
      "absolute path of what the gate printed that its loop, or its work before, has failed; unset before",
  },
  { name: "OMK_ANSWER", meaning: "what somebody answered to the task's latest question" },
  {
    name: "OMK_CONFLICT",
    meaning: "absolute path of both sides' changes where its work did not fit on what was merged before it",
  },
  {
    name: "OMK_REPLY",
    meaning: "absolute path of a file for the answer of an agent that is asked for a plan or a review",
  },
  { name: "OMK_MARK", meaning: "by which omk finds the processes of the task" },
];

/** What else may be set without being a mistake: what omk's own helpers carry, and what its development uses. */
const OTHER_NAMES: readonly string[] = [
  "OMK_GUARDIAN",
  "OMK_DETACHED",
  "OMK_KEY",
  "OMK_BIN",
  "OMK_TEST_SEED",
];

/** The variables that omk reads but does not name itself. */
export const FOREIGN_VARIABLES: readonly OtherVariable[] = [
  { name: "XDG_CONFIG_HOME", meaning: "where omk/config.jsonc lies (default: ~/.config)" },
  {
    name: "XDG_STATE_HOME",
    meaning:
      "where worktrees lie, and the runs of directories that are no repository (default: ~/.local/state)",
  },
  { name: "NO_COLOR", meaning: "where it is set, nothing is coloured unless --color or a setting says so" },
  {
    name: "FORCE_COLOR, CLICOLOR_FORCE",
    meaning: "1: colours without a terminal too, unless NO_COLOR is set; FORCE_COLOR=0: none",
  },
  { name: "CLICOLOR", meaning: "0: no colours" },
  { name: "TERM", meaning: "dumb: no colours and no live view" },
  { name: "GITHUB_ACTIONS", meaning: "true: groups, annotations and a step summary of GitHub" },
  { name: "GITLAB_CI", meaning: "true: sections of GitLab" },
];

/** The `OMK_*` variables that mean nothing, sorted. */
export function unknownVariables(env: Readonly<Record<string, string>>): readonly string[] {
  const known = new Set([
    ...SETTINGS.map((setting) => setting.variable),
    ...TASK_VARIABLES.map(({ name }) => name),
    ...OTHER_NAMES,
  ]);
  return Object.keys(env).filter((name) => name.startsWith("OMK_") && !known.has(name)).sort();
}

/** What to say about an unknown variable: its name, and the one that was probably meant. */
export async function describeUnknown(name: string): Promise<string> {
  const { nearest } = await import("../../plan/nearest.ts");
  const guess = nearest(name, SETTINGS.map((setting) => setting.variable));
  const hint = guess === undefined ? "omk help environment lists them" : `did you mean ${guess}?`;
  return `Unknown variable ${name}: it changes nothing; ${hint}`;
}
