import { assert, assertEquals } from "@std/assert";
import { answerText } from "../../../src/cli/complete/answer.ts";
import { argumentsAt } from "../../../src/cli/complete/positionals.ts";
import { complete } from "../../../src/cli/complete/complete.ts";
import { COMMANDS } from "../../../src/cli/registry.ts";
import { KINDS } from "../../../src/log/kinds.ts";
import { makePlan, makeTask } from "../../run/fixture.ts";
import { PlainPlace, recordRun, storyDrafts, storyPlan } from "../fixture.ts";

const RUN = "20261120-235000-abcd";
const OLDER = "20261119-120000-abcd";

/** A place with two runs and a plan. */
async function makePlace(): Promise<PlainPlace> {
  const place = await PlainPlace.make();
  await recordRun(place.home, OLDER, makePlan([makeTask("old")]), []);
  const directory = await recordRun(place.home, RUN, storyPlan(), storyDrafts("finished"));
  await Deno.writeTextFile(directory.proof, JSON.stringify({ name: "a story", status: "not_ready" }));
  await Deno.writeTextFile(
    `${place.cwd}/omk.jsonc`,
    `{ // a comment, and a comma at the end
      "tasks": [{ "id": "api", "name": "make the api" }, { "id": "docs" },],`, // and it is not finished
  );
  return place;
}

/** The values that fit the last of some words. */
async function values(place: PlainPlace, ...words: readonly string[]): Promise<readonly string[]> {
  const found = await complete(words.slice(0, -1), words.at(-1) ?? "", place);
  return found.kind === "words" ? found.candidates.map(({ value }) => value) : [`<${found.kind}>`];
}

Deno.test("complete() finds commands, those of two words, and options", async () => {
  await using place = await makePlace();
  const firstWords = new Set(COMMANDS.map(({ name }) => name.split(" ")[0] ?? ""));
  assertEquals(await values(place, ""), [...firstWords]);
  assertEquals(await values(place, "stat"), ["status"]);
  assert((await values(place, "log", "")).includes("verify"));
  assertEquals(await values(place, "log", "ta"), ["tail"]);
  assertEquals(await values(place, "--co"), ["--color"]);
  assertEquals(await values(place, "--color", ""), ["auto", "always", "never"]);
  assertEquals(await values(place, "--color", "never", "sho"), ["show"]);
  assertEquals(await values(place, "run", "--dry"), ["--dry-run"]);
  assertEquals(await values(place, "run", "--dry-run", "--dry"), [], "an option is offered once");
  assertEquals(await values(place, "run", "--only", "api", "--on"), ["--on-failure", "--only"]);
  assertEquals(await values(place, "run", "--", "--dry"), ["<files>"]);
  assertEquals(await values(place, "nonsense", ""), []);
});

Deno.test("complete() finds the values of options, behind a space, = and a comma", async () => {
  await using place = await makePlace();
  assertEquals(await values(place, "run", "--on-failure", "k"), ["kill"]);
  assertEquals(await values(place, "run", "--on-failure=k"), ["--on-failure=kill"]);
  assertEquals(await values(place, "run", "--only", ""), ["api", "docs"]);
  assertEquals(await values(place, "run", "--only", "api,"), ["api,docs"]);
  assertEquals(await values(place, "run", "--only=api,d"), ["--only=api,docs"]);
  assertEquals(await values(place, "events", "-k", ""), Object.keys(KINDS));
  assertEquals(await values(place, "schema", "plan", "--file", ""), ["<files>"]);
  assertEquals(await values(place, "clean", "--worktree-dir=x"), ["<directories>"]);
  assertEquals(await values(place, "run", "--workers", ""), []);
  assertEquals(await values(place, "run", "--merge=", ""), ["<files>"]);
});

Deno.test("complete() finds runs, and the tasks and gates of the run that was named", async () => {
  await using place = await makePlace();
  assertEquals(await values(place, "status", ""), ["latest", RUN, OLDER]);
  assertEquals(await values(place, "status", "20261119"), [OLDER]);
  assertEquals(await values(place, "status", RUN, ""), [], "it takes one argument");
  assertEquals(await values(place, "show", "latest", ""), ["build", "flaky", "after"]);
  assertEquals(await values(place, "logs", OLDER.slice(0, 8), ""), ["old"]);
  assertEquals(await values(place, "logs", "build", "fl"), ["flaky"]);
  assertEquals(await values(place, "logs", "--gate", ""), ["test"]);
  assertEquals(await values(place, "log", "verify", "aud"), ["<files>"], "where no run fits, a file may");
  assertEquals(await values(place, "log", "verify", "lat"), ["latest"]);
  assertEquals(await values(place, "graph", "2026112"), [RUN]);
  assertEquals(await values(place, "graph", "--focus", ""), ["api", "docs"]);
  assertEquals(await values(place, "graph", OLDER, "--focus", ""), ["old"]);
  assertEquals(await values(place, "help", "exit"), ["exit-codes"]);
  assertEquals(await values(place, "completions", "z"), ["zsh"]);
  assertEquals(await values(place, "schema", "proof-s"), ["proof-sign"]);
  assertEquals(await values(place, "list", "--status", "running,p"), ["running,paused", "running,passed"]);
  const found = await complete(["show"], "", place);
  assert(found.kind === "words");
  const descriptions = new Map(found.candidates.map((each) => [each.value, each.description]));
  assertEquals(descriptions.get(RUN), "a story: not_ready");
  assertEquals(descriptions.get(OLDER), "not finished");
  assertEquals([descriptions.get("build"), descriptions.get("flaky")], ["Build it", ""]);
});

Deno.test("complete() finds the branches of a repository, loose and packed", async () => {
  await using place = await makePlace();
  const git = `${place.cwd}/.git`;
  await Deno.mkdir(`${git}/objects`, { recursive: true });
  await Deno.mkdir(`${git}/refs/heads/feature`, { recursive: true });
  await Deno.writeTextFile(`${git}/HEAD`, "ref: refs/heads/main\n");
  await Deno.writeTextFile(`${git}/refs/heads/feature/x`, "");
  await Deno.writeTextFile(`${git}/packed-refs`, `# pack-refs\n${"a".repeat(40)} refs/heads/main\n`);
  assertEquals(await values(place, "merge", "--into", ""), ["feature/x", "main"]);
});

Deno.test("answerText() quotes for bash, and gives descriptions to others", async () => {
  await using place = await makePlace();
  const gate = { ...storyPlan().gates?.[0], name: "unit: fast" };
  const plan = { ...storyPlan(), gates: [gate] };
  await Deno.writeTextFile(`${place.home}/runs/${RUN}/plan.json`, JSON.stringify(plan));
  const bash = (line: string) => answerText(["bash", line, " \t\n\"'><=;|&(:"], place);
  assertEquals(await bash("omk logs --gate u"), "words\nunit:\\ fast\n");
  assertEquals(await bash("omk logs --gate unit:"), "words\n\\ fast\n");
  assertEquals(await bash('omk logs --gate "u'), "words\nunit: fast\n");
  assertEquals(await bash("omk logs --gate=u"), "words\nunit:\\ fast\n");
  assertEquals(await bash("omk run "), "files\n");
  for (const shell of ["zsh", "fish", "powershell"]) {
    assertEquals(await answerText([shell, "=st"], place), "words\nstatus\tsay how a run stands\n");
    assertEquals(await answerText([shell, "='unit: f", "logs", "--gate"], place), "words\nunit: fast\t\n");
  }
});

Deno.test("argumentsAt() reads the usage of commands", () => {
  assertEquals(argumentsAt(["omk logs [RUN] [TASK…]"], "logs", 0), ["RUN", "TASK"]);
  assertEquals(argumentsAt(["omk logs [RUN] [TASK…]"], "logs", 3), ["TASK"]);
  assertEquals(argumentsAt(["omk answer [RUN] TASK TEXT"], "answer", 1), ["TASK", "TEXT"]);
  assertEquals(argumentsAt(["omk log tail FILE", "omk log tail [RUN]"], "log tail", 0), ["FILE", "RUN"]);
  assertEquals(argumentsAt(["omk retry [RUN] --failed"], "retry", 0), ["RUN"]);
});
