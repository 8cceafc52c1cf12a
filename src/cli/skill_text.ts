/** What teaches a coding agent to plan work for omk and to run it: the text that `omk init --skill` writes. Pure. */

import { PLAN_NAME } from "../plan/names.ts";

/** A plan as the skill shows one: it is valid, and has what most plans need. */
const PLAN = `{
  "version": 1,
  "name": "rate limits",
  "defaults": { "agent": "claude", "timeout_secs": 1800 },
  "gates": [{ "name": "test", "command": "npm test", "timeout_secs": 600 }],
  "tasks": [
    {
      "id": "limiter",
      "prompt": "Write src/limiter.ts: class Limiter, allow(key): boolean, 100 calls a minute for each key, with tests",
      "write_set": ["src/limiter.ts", "tests/limiter_test.ts"],
      "acceptance_criteria": ["A key never waits for another one"]
    },
    {
      "id": "api",
      "prompt": "Let src/server.ts ask Limiter.allow of src/limiter.ts for each request, and answer 429 with Retry-After",
      "dependencies": ["limiter"],
      "read_set": ["src/limiter.ts"],
      "write_set": ["src/server.ts", "tests/server_test.ts"]
    },
    { "id": "docs", "run": "npm run docs", "dependencies": ["api"], "write_set": ["docs/**"] }
  ]
}`;

/** The file, in Markdown. */
export const SKILL_TEXT = `---
name: omk
description: Split work on this repository into tasks for coding agents or commands, run them in parallel in git worktrees, and deliver only what passes the checks. Use it for work of several independent parts, or work that must be proved.
---

# Running work with omk

omk runs the tasks of a plan, each in a git worktree of its own, merges what they make, runs the gates on the result, and
leaves a proof. The checkout stays as it is until \`omk merge\`. Tasks see what is committed, so commit first.

## Write a plan

Write \`${PLAN_NAME}\` into the root of the repository (\`omk init\` writes one with the checks that it finds):

\`\`\`json
${PLAN}
\`\`\`

- \`prompt\` is for an agent, which sees the repository and this text, nothing else: name files, names and forms. \`run\` is a
  shell command. Each task has one of the two. \`omk agents\` lists the agents that are installed; \`defaults.agent\` names yours.
- \`dependencies\` are ids of tasks whose work a task needs. What needs nothing of each other runs at the same time.
- \`write_set\` holds the only files that a task may change: short, and different for tasks without an order.
- \`gates\` are commands that must exit with 0 on the result of all tasks. Without one nothing is proved. Never weaken what
  judges the work; tasks that change it fail.
- \`omk help plan\` tells all fields, \`omk schema plan\` their JSON Schema.

\`omk run --dry-run\` checks the plan, with line and column of each mistake, and shows the order. Run nothing before it is clean.

## Run it

\`\`\`sh
omk run --new --quiet --output failed
\`\`\`

It ends when the run does, which may take an hour: give it that time, or start it with \`omk run --new --detach\` and ask
\`omk status --json\` now and then: \`standing\` is \`running\` until it is over. Do not change tasks' files meanwhile.

| exit code | what it means          | what to do                                                                     |
| --------- | ---------------------- | ------------------------------------------------------------------------------ |
| 0         | ready, or passed       | \`omk proof\` tells what was done; \`omk merge\` delivers it, if you were asked to |
| 1         | not ready              | \`omk logs --failed\`, \`omk explain TASK\`; mend the cause, see below             |
| 2         | wrong plan or usage    | the error says where and what to do; nothing was started                       |
| 3         | a question is open     | \`omk status --json\` has it; \`omk answer TASK TEXT\`, then \`omk resume\`          |
| 4         | a budget is used up    | ask a person; \`omk budget add\`, then \`omk resume\`                              |
| 5         | the machine, or omk    | \`omk doctor\`, then \`omk resume\`                                                |
| 130       | cancelled              | somebody wanted it so: ask before you begin anew                               |

- After a failure of the work: \`omk retry --failed\` runs what failed again. After a change of the plan:
  \`omk run --reuse latest\` keeps what is done.
- Every command takes \`--json\`: one document on standard output, errors as one JSON object on standard error, with
  \`what\`, \`where\`, \`why\` and \`fix\`. \`omk schema status\` prints the form of such a document.

## What is not yours

- \`omk approve\`, \`omk accept\`, \`omk reject\` are decisions of people: show what waits (\`omk status\`) and ask. omk refuses them
  from inside of a task.
- \`omk answer\` only what you know for sure; else ask the person who asked you.
- Inside of a task (OMK_TASK_ID is set) start no other run: do the task, and write questions to the file that OMK_RESULT names.
`;
