/**
 * The demo: makes a scratch repository with a small program whose test fails, lets omk work on it, delivers the
 * result, checks the proof, and shows where everything lies.
 */

import $ from "@david/dax";
import { fromFileUrl } from "@std/path";

const ROOT = fromFileUrl(new URL("..", import.meta.url));
const PERMISSIONS = ["--no-prompt", "--quiet", "--allow-run", "--allow-read", "--allow-write", "--allow-env"];

/** The program: turns titles into slugs, and does it wrong. */
const PROJECT: Readonly<Record<string, string>> = {
  "package.json": `${
    JSON.stringify(
      { name: "slugs", private: true, type: "module", scripts: { test: "node --test" } },
      null,
      2,
    )
  }\n`,
  ".gitignore": "dist/\n",
  "CHANGELOG.md": "# Changelog\n",
  "src/slug.js": `export function slug(title) {
  return title.trim().replace(" ", "-");
}
`,
  "test/slug.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { slug } from "../src/slug.js";

test("a title becomes a slug", () => {
  assert.equal(slug(" The Log is the Run "), "the-log-is-the-run");
});
`,
};

/** Eight tasks: some side by side, one that fails once, two that write one file, one that feeds another. */
const PLAN = `{
  "version": 1,
  "name": "better slugs",
  "workers": 3,
  "gates": [{ "name": "test", "command": "node --test", "timeout_secs": 120 }],
  "tasks": [
    {
      "id": "fix",
      "name": "Make slugs lower case, with every space replaced",
      "run": "sed -i -e 's/replace(\\" \\", \\"-\\")/toLowerCase().replaceAll(\\" \\", \\"-\\")/' src/slug.js",
      "write_set": ["src/slug.js"]
    },
    {
      "id": "words",
      "name": "Collect the words that a slug leaves out",
      // dist/ is ignored by git: what is declared as an output still reaches the tasks that depend on this one.
      "run": "mkdir -p dist && echo '[\\"a\\", \\"the\\"]' > dist/words.json",
      "outputs": ["dist/words.json"],
      "write_set": []
    },
    {
      "id": "stop-words",
      "name": "Make the words a module",
      "dependencies": ["words"],
      "run": "printf 'export const stopWords = %s;\\\\n' \\"$(cat dist/words.json)\\" > src/stop_words.js",
      "write_set": ["src/stop_words.js"]
    },
    {
      "id": "flaky",
      "name": "Write the readme, at the second try",
      "run": "test $OMK_ATTEMPT -gt 1 || { echo 'the network was down'; exit 75; }; echo '# slugs' > README.md",
      "retry_policy": { "max_attempts": 2, "backoff_seconds": 1 },
      "write_set": ["README.md"]
    },
    {
      "id": "note-fix",
      "name": "Note the fix",
      "dependencies": ["fix"],
      "run": "echo '- slugs are lower case' >> CHANGELOG.md",
      "write_set": ["CHANGELOG.md"]
    },
    {
      "id": "note-words",
      "name": "Note the words",
      "dependencies": ["stop-words"],
      // Writes what note-fix writes, so the two never run at the same time.
      "run": "echo '- stop words' >> CHANGELOG.md",
      "write_set": ["CHANGELOG.md"]
    },
    {
      "id": "example",
      "name": "Show the slug of a title",
      "dependencies": ["fix"],
      "run": "node -e 'import(\\"./src/slug.js\\").then(({ slug }) => console.log(slug(\\"Hello New World\\")))' > example.txt",
      "write_set": ["example.txt"]
    },
    {
      "id": "count",
      "name": "Count the modules, changing nothing",
      "dependencies": ["stop-words", "fix"],
      "run": "ls src | wc -l",
      "write_set": []
    }
  ]
}
`;

function say(title: string): void {
  console.log(`\n\x1b[1m== ${title}\x1b[0m`);
}

/** Calls omk in the project: the executable of OMK_BIN, or the source. */
async function omk(project: string, ...args: readonly string[]): Promise<number> {
  const binary = Deno.env.get("OMK_BIN");
  const command = binary ?? Deno.execPath();
  const first = binary === undefined ? ["run", ...PERMISSIONS, `${ROOT}main.ts`] : [];
  console.log(`\x1b[2m$ omk ${args.join(" ")}\x1b[0m`);
  const { code } = await new Deno.Command(command, {
    args: [...first, ...args],
    cwd: project,
    env: { XDG_STATE_HOME: `${project}/../state` },
  }).spawn().status;
  return code;
}

async function main(): Promise<number> {
  const scratch = await Deno.makeTempDir({ prefix: "omk-demo-" });
  const project = `${scratch}/slugs`;
  for (const [path, text] of Object.entries({ ...PROJECT, "omk.jsonc": PLAN })) {
    const file = $.path(`${project}/${path}`);
    file.parentOrThrow().mkdirSync({ recursive: true });
    file.writeTextSync(text);
  }
  await $`git init --quiet --initial-branch=main && git add -A && git commit --quiet -m "A program with a failing test"`
    .cwd(project)
    .env({
      GIT_AUTHOR_NAME: "demo",
      GIT_AUTHOR_EMAIL: "demo@localhost",
      GIT_COMMITTER_NAME: "demo",
      GIT_COMMITTER_EMAIL: "demo@localhost",
    });

  say("The test fails before the work");
  const before = await $`node --test`.cwd(project).noThrow().quiet();
  console.log(`node --test ended with ${before.code}`);

  say("omk runs the plan");
  const ran = await omk(project, "run");

  say("The result is delivered, and your branch moves for the first time");
  const merged = await omk(project, "merge");
  const after = await $`node --test`.cwd(project).noThrow().quiet();
  console.log(`node --test ends with ${after.code}`);
  console.log(await $`git log --oneline`.cwd(project).text());

  say("Anybody can check the proof");
  const verified = await omk(project, "verify");

  say("What there is to see");
  await omk(project, "status");
  await omk(project, "proof");

  say("Where everything lies");
  console.log(`project    ${project}`);
  console.log(`runs       ${project}/.git/omk/runs`);
  console.log(`worktrees  ${scratch}/state/omk/worktrees`);
  console.log(`pins       git -C ${project} for-each-ref refs/omk`);
  const isGood = before.code !== 0 && ran === 0 && merged === 0 && after.code === 0 && verified === 0;
  console.log(isGood ? "\nThe demo ended well." : "\nThe demo did not end as it should.");
  return isGood ? 0 : 1;
}

Deno.exit(await main());
