/** `omk help plan`. The fields come from the schema. */

import { field } from "../json_fields.ts";
import { planJsonSchema } from "../../plan/schema.ts";
import { schemaEntries } from "./schema_entries.ts";
import type { HelpTopic, TopicEntry } from "./topic.ts";

const schema = planJsonSchema();
const definitions = field(schema, "definitions");

/** The plan's own fields; those of tasks and gates have sections of their own. */
function planFields(): readonly TopicEntry[] {
  return schemaEntries(schema, definitions).filter(({ name }) => !name.startsWith("defaults."));
}

function taskFields(): readonly TopicEntry[] {
  const fields = schemaEntries(field(definitions, "task"), definitions);
  const first = ["id", "run", "dependencies"];
  return [
    ...first.flatMap((name) => fields.filter((each) => each.name === name)),
    ...fields.filter((each) => !first.includes(each.name)),
  ];
}

/** See the module. */
export const planTopic: HelpTopic = {
  sections: [
    {
      title: "",
      paragraphs: [
        "A plan says what is to be done: tasks, what they wait for, and the gates that judge the result. It is JSON " +
        "with comments and trailing commas, by default the file omk.jsonc in the root of the repository. omk init " +
        "writes a first one, omk run --dry-run checks it and prints the order.",
      ],
      example: [
        "{",
        '  "workers": 2,',
        '  "worktree": { "setup": "npm ci", "keep": ["node_modules"] },',
        '  "gates": [{ "name": "test", "command": "npm test" }],',
        '  "tasks": [',
        '    { "id": "schema", "run": "npm run generate", "write_set": ["gen/**"] },',
        '    { "id": "api", "run": "./scripts/limit.sh", "dependencies": ["schema"] }',
        "  ]",
        "}",
      ],
    },
    {
      title: "Plans that agents make",
      paragraphs: [
        'The command omk plan "PROMPT" has an agent write a plan, and shows it; omk run "PROMPT" runs it too. All of ' +
        "omk.jsonc but its tasks holds in such a plan, so a file for prompts alone needs none: gates, worktree, " +
        "agents, approval, budget. omk plan --help tells more.",
      ],
    },
    {
      title: "How tasks run",
      paragraphs: [
        "A task starts when its trigger_rule says so: by default when all its dependencies are completed. Of those " +
        "that may start, a higher priority goes first, then the longest way to the end of the run. Two tasks never " +
        "run at once where one declares to write what the other reads or writes.",
        "Each attempt works in a git worktree of its own, on what its dependencies delivered. What it made is kept " +
        "under refs/omk, compared with its write_set, judged by its gates, and merged. A conflict sends the task " +
        "back to work on the new state.",
        "A failed attempt is repeated as retry_policy says: after time limits, stalls, signals, and where it could " +
        "not be started; after an exit code only where the task has a retry_policy, or the code is 75. " +
        "max_attempts counts retries: 2 means up to 3 executions.",
        "limits say how much output, memory and how many processes an attempt may have, sandbox what its body may reach, " +
        "and limits.containment how far processes that it leaves are found. What this machine cannot give stops the " +
        "run before it starts; omk doctor tells what it can.",
        "A loop repeats its run or prompt in one worktree until the gate that until names passes, at most max_iterations " +
        "times, and within timeout_secs for all of it: bodies and gates. Each iteration gets a ref of its own, " +
        "i001, i002 and so on, and is judged as it is kept; the body sees its number in OMK_ITERATION, and in OMK_GATE_LOG " +
        "the file with what the gate printed last, which is quoted in a prompt. A body that fails ends the loop as it would end any task. After " +
        "a crash, omk resume goes on behind the last iteration that was kept.",
        "A task may write what it came to, as JSON, into the file that OMK_RESULT names: status (success, partial, " +
        "failed, blocked_on_human, blocked_on_external), summary, question. That can lower what the evidence says, " +
        "never raise it. A task that is blocked waits for omk answer.",
        "Work that does not fit on what was merged before it sends its task back to start again on that; the next " +
        "attempt sees in OMK_CONFLICT the file with what both sides changed. After a gate that refused its work, or its " +
        "merge, it sees in OMK_GATE_LOG the file with what that gate printed; the prompt of an agent tells both.",
        "Where the plan has proposals, that file may also name tasks to add to the run: proposals, a list of tasks as " +
        "in the plan. They may do no more than the task that proposes them; each is accepted or refused in the log.",
      ],
    },
    { title: "Fields of the plan", entries: planFields() },
    { title: "Fields of a task, and of defaults but for id and dependencies", entries: taskFields() },
    {
      title: "Fields of an agent, under agents",
      entries: schemaEntries(field(definitions, "agent"), definitions),
    },
    {
      title: "Fields of a rule, in approval.rules",
      entries: schemaEntries(field(definitions, "approval_rule"), definitions),
    },
    {
      title: "What is refused",
      paragraphs: [
        "Unknown fields, unknown or cyclic dependencies, and paths that leave the repository are refused before " +
        "anything runs, all at once, each with line and column. So is a command that holds what looks like a " +
        'secret: give it as "env": {"TOKEN": {"from": "TOKEN"}}.',
      ],
    },
  ],
  seeAlso: ["help gates", "help environment", "schema plan", "run --help", "plan --help"],
};
