/** `omk help gates`. The fields come from the schema of a plan. */

import { field } from "../json_fields.ts";
import { planJsonSchema } from "../../plan/schema.ts";
import { schemaEntries } from "./schema_entries.ts";
import type { HelpTopic } from "./topic.ts";

/** See the module. */
export const gatesTopic: HelpTopic = {
  sections: [
    {
      title: "",
      paragraphs: [
        "A gate is a command that must exit with 0. The gates of a plan decide whether its run is ready: every " +
        "required one must have passed on exactly the tree that is delivered. Without any gate a run is at best " +
        "passed: done, but not proved.",
      ],
      example: [
        '"gates": [',
        '  { "name": "test", "command": "npm test", "reports": ["junit.xml"] },',
        '  { "name": "format", "command": ["gofmt", "-l", "."], "output_fails": true },',
        '  { "name": "links", "command": "./check_links.sh", "required": false }',
        "]",
      ],
    },
    {
      title: "Where and when",
      paragraphs: [
        "Gates of scope run are run once all tasks are at their end, on the merged result. Gates of scope task judge each " +
        "attempt of the tasks that name them, before its work is merged. Gates run side by side, each in a worktree of its " +
        "own: as many as the run has workers, and in a pool that they name as many as it has places, tasks counted. " +
        "Outside of git, where they share one directory, they run one after the other. The first that fails an attempt " +
        "or a merge ends the others that judge it.",
        "With gate_each in the plan the required gates of scope run judge merges too, before these are in the head of " +
        "the run: task judges each one, batch all that is there together, at most 16, and halves what fails until " +
        "the culprit is found. Its task is tried again as its retry_policy says; the others are merged. What gates have said " +
        "of the delivered tree holds, so they are not run on it once more.",
        "A gate runs in a worktree in which no task has worked, at the commit that it judges, after the set-up of " +
        "the plan. Beside the tree it finds only what worktree.keep, worktree.copy, the set-up and the outputs of " +
        "completed tasks put there. A gate that changes a tracked file fails; what it leaves beside is removed.",
        "Where a plan has no field gates, those that the project itself asks for are taken: npm, deno, cargo, go, " +
        "python, maven and gradle, dotnet, ruby, php and make are looked for. omk init writes them into the plan; " +
        '"gates": [] means none.',
      ],
    },
    {
      title: "Fields",
      entries: schemaEntries(field(field(planJsonSchema(), "definitions"), "gate")),
    },
    {
      title: "Evidence",
      paragraphs: [
        "Each run of a gate is an event with the command's definition as a digest, the tree, exit code, duration, " +
        "and its output as a file with a digest; omk logs --gate NAME prints that. The latest run on the delivered " +
        "tree counts, earlier failures are history. A run that is not ready can be delivered all the same with " +
        "omk merge --anyway, which is recorded. A pass after a failure on the same tree is a warning in the proof.",
      ],
    },
    {
      title: "What work must not change",
      paragraphs: [
        'With "protected": "deny" in the plan an attempt fails that changes what judges it: the plan itself, the files ' +
        "of CI, and what the commands of the gates start from, such as package.json, Makefile, test configuration, or a " +
        "script that a command names. Scripts of package.json, tasks of deno, targets of make and shell scripts are read for " +
        "what they run in turn. A task may change such a file where its write_set names that very path.",
        "Tests that the work has deleted or skipped make the run blocked_on_human. They are found in the JUnit reports " +
        "of gates, at the base and at the result, and by the names and skip marks of the usual test runners in the " +
        'patch. omk proof lists them, omk accept lets the run go on. "protected": "allow" turns all of this off.',
      ],
    },
  ],
  seeAlso: ["help proof", "help plan", "logs --help", "merge --help"],
};
