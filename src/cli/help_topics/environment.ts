/** `omk help environment`. Settings and variables come from the tables that the program itself uses. */

import { FOREIGN_VARIABLES, TASK_VARIABLES } from "../config/environment.ts";
import type { Setting } from "../config/setting.ts";
import { SETTINGS } from "../config/settings.ts";
import type { HelpTopic, TopicEntry } from "./topic.ts";

function settingEntry(setting: Setting): TopicEntry {
  const { variable, name, meaning, kind, fallbackText, options, inPlan } = setting;
  const asOption = options.length === 0 ? "" : `${options.map((each) => `--${each.name}`).join(", ")}; `;
  const files = inPlan ? "plan and configuration file" : "configuration file";
  return {
    name: variable,
    meaning: `${capital(meaning)}. Value: ${kind.expected}. Default: ${fallbackText}. ` +
      `Also: ${asOption}${name} in ${files}`,
  };
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** See the module. */
export const environmentTopic: HelpTopic = {
  sections: [
    {
      title: "",
      paragraphs: [
        "A setting may be given as an option, as a variable of the environment, in the plan, and in the user's " +
        "configuration file; the first of these that says something counts. omk doctor shows each setting with " +
        "where it came from.",
        "The configuration file is $XDG_CONFIG_HOME/omk/config.jsonc (~/.config/omk/config.jsonc), JSON with " +
        "comments, with the names of the settings as keys.",
      ],
      example: [
        "{",
        '  "workers": 8,',
        '  "output": "failed",',
        '  "worktree_dir": "~/worktrees"',
        "}",
      ],
    },
    { title: "Settings", entries: SETTINGS.map(settingEntry) },
    { title: "Other variables that omk reads", entries: FOREIGN_VARIABLES },
    {
      title: "What tasks and gates see",
      paragraphs: [
        "The environment of omk, without GIT_* (but with GIT_CONFIG_*), OMK_*, PWD and OLDPWD; then env of the " +
        "task; then these:",
      ],
      entries: TASK_VARIABLES,
    },
  ],
  seeAlso: ["doctor --help", "help plan"],
};
