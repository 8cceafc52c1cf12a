import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { explainCommand } from "../../src/cli/commands/explain.ts";
import { graphCommand } from "../../src/cli/commands/graph.ts";
import { dotGraph } from "../../src/cli/render/graph/dot.ts";
import { layersOf } from "../../src/cli/render/graph/layers.ts";
import { mermaidGraph } from "../../src/cli/render/graph/mermaid.ts";
import { graphPicture } from "../../src/cli/render/graph/picture.ts";
import { svgGraph } from "../../src/cli/render/graph/svg.ts";
import { textTree } from "../../src/cli/render/graph/text_tree.ts";
import { UsageError } from "../../src/errors.ts";
import type { TaskStatus } from "../../src/scheduler/task_state.ts";
import { makePlan, makeTask, RUN_ID } from "../run/fixture.ts";
import { callCommand, PLAIN, PlainPlace, recordRun, storyDrafts, storyPlan } from "./fixture.ts";

const PLAN = makePlan([
  makeTask("schema"),
  makeTask("api", { dependencies: ["schema"], name: 'The "API" <v2>\n[new]' }),
  makeTask("docs", { dependencies: ["schema"] }),
  makeTask("release", { dependencies: ["api", "docs"] }),
  makeTask("lint"),
]);
const DURATIONS = new Map([["schema", 2_000], ["api", 30_000], ["docs", 1_500], ["release", 4_000]]);
const STATES: Readonly<Record<string, TaskStatus>> = {
  schema: "completed",
  api: "failed",
  docs: "completed",
  release: "blocked",
  lint: "running",
};

const planPicture = graphPicture(PLAN, { durations: DURATIONS, stateOf: null });
const runPicture = graphPicture(PLAN, { durations: DURATIONS, stateOf: (id) => STATES[id] });

Deno.test("the text tree has each task once, at its first parent, with what else it comes after", () => {
  assertEquals(textTree(planPicture, PLAIN, false), [
    "schema  2.0s",
    '├─ api  30s  The "API" <v2> [new]',
    "│  └─ release  4.0s  (also after docs)",
    "└─ docs  1.5s",
    "   └─ release …",
    "lint",
  ]);
});

Deno.test("--critical marks the chain that takes longest, and says how long", () => {
  const lines = textTree(runPicture, PLAIN, true);
  assertEquals(lines[0], "schema *  completed  2.0s");
  assertEquals(lines.at(-1), "critical path, 36s: schema → api → release");
  const untimed = textTree(graphPicture(PLAN, { durations: new Map(), stateOf: null }), PLAIN, true);
  assertStringIncludes(untimed.at(-1) ?? "", "at least, as not all of it was timed before: 3.0s");
});

Deno.test("--focus keeps a task, what it depends on and what depends on it", () => {
  const ids = (focus: string) =>
    graphPicture(PLAN, { durations: DURATIONS, stateOf: null, focus }).nodes.map(({ id }) => id);
  assertEquals(ids("docs"), ["schema", "docs", "release"]);
  assertEquals(ids("lint"), ["lint"]);
});

Deno.test("dot, mermaid and svg escape what their languages would read", () => {
  const dot = dotGraph(runPicture, true).join("\n");
  assertStringIncludes(dot, '"api" [label="api\\nThe \\"API\\" <v2> [new]\\n30s", fillcolor="#f87171"');
  assertStringIncludes(dot, '"schema" -> "api" [penwidth=3];');
  const mermaid = mermaidGraph(runPicture, true);
  assertEquals(mermaid.slice(0, 2), ["flowchart LR", '  t0["schema<br/>2.0s"]']);
  assertStringIncludes(mermaid.join("\n"), '["api<br/>The #34;API#34; #60;v2#62; #91;new#93;<br/>30s"]');
  const svg = svgGraph(runPicture, true).join("\n");
  assertStringIncludes(svg, "<title>The &quot;API&quot; &lt;v2&gt; [new]: failed</title>");
  assertEquals(svg.match(/<g>/g)?.length, 5);
  assertEquals(svg.match(/class="edge/g)?.length, 4);
  assertEquals(/NaN|undefined/.test(svg), false);
});

Deno.test("layersOf() puts each task after all that it depends on", () => {
  const { nodes } = planPicture;
  const layers = layersOf(nodes);
  assertEquals(layers.map((layer) => layer.map((place) => nodes[place]?.id).sort()), [
    ["lint", "schema"],
    ["api", "docs"],
    ["release"],
  ]);
});

Deno.test("drawings of a chain of a hundred thousand tasks need no deep stack", () => {
  const tasks = Array.from(
    { length: 100_000 },
    (_, at) => makeTask(`t${at}`, at === 0 ? {} : { dependencies: [`t${at - 1}`] }),
  );
  const picture = graphPicture(makePlan(tasks), { durations: new Map(), stateOf: null });
  assertEquals(picture.critical.tasks.length, 100_000);
  assertEquals(layersOf(picture.nodes).length, 100_000);
});

Deno.test("omk graph reads a plan or a run, writes files, and refuses a focus that is no task", async () => {
  await using place = await PlainPlace.make();
  const plan = {
    version: 1,
    defaults: { isolation: "none" },
    tasks: [{ id: "a", run: "true" }, { id: "b", run: "true", dependencies: ["a"] }],
  };
  await Deno.writeTextFile(`${place.cwd}/omk.jsonc`, JSON.stringify(plan));
  const call = (...words: readonly string[]) => callCommand(graphCommand, words, place);
  assertEquals((await call()).stdout, "a\n└─ b\n");
  const json = JSON.parse((await call("--json", "--focus", "b")).stdout);
  assertEquals(json.tasks[1].dependencies, ["a"]);
  assertEquals(
    (await call("--format", "svg", "--file", "plan.svg")).stderr,
    "wrote plan.svg: 2 tasks as svg\n",
  );
  assertMatch(await Deno.readTextFile(`${place.cwd}/plan.svg`), /^<svg /);
  const error = await assertRejects(() => call("--focus", "c"), UsageError);
  assertStringIncludes(error.message, 'The plan has no task "c"');
});

Deno.test("omk explain tells a task's story for people and as JSON", async () => {
  await using place = await PlainPlace.make();
  await recordRun(place.home, RUN_ID, storyPlan(), storyDrafts("finished"));
  const { stdout } = await callCommand(explainCommand, ["flaky"], place);
  assertMatch(stdout, /^task flaky of run \S+: failed\n {2}\d\d:\d\d:\d\d\.\d{3} {2}\S/);
  assertMatch(stdout, /it is tried again, which counts against its retries/);
  const told = JSON.parse((await callCommand(explainCommand, [RUN_ID, "after", "--json"], place)).stdout);
  assertEquals([told.state, told.keeping], ["blocked", []]);
  assertEquals(told.story.at(-1).what, "task_blocked");
  await assertRejects(
    () => callCommand(explainCommand, ["flakey"], place),
    UsageError,
    "did you mean flaky?",
  );
});
