import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { graphCommand } from "../../src/cli/commands/graph.ts";
import { dotGraph } from "../../src/cli/render/graph/dot.ts";
import { layersOf } from "../../src/cli/render/graph/layers.ts";
import { mermaidGraph, mermaidWarning } from "../../src/cli/render/graph/mermaid.ts";
import { graphPicture } from "../../src/cli/render/graph/picture.ts";
import { svgGraph } from "../../src/cli/render/graph/svg.ts";
import { textTree } from "../../src/cli/render/graph/text_tree.ts";
import { UsageError } from "../../src/errors.ts";
import type { TaskStatus } from "../../src/scheduler/task_state.ts";
import { makePlan, makeTask } from "../run/fixture.ts";
import { callCommand, PLAIN, PlainPlace } from "./fixture.ts";

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
    '├─ api  The "API" <v2> [new]  30s',
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
  assertStringIncludes(untimed.at(-1) ?? "", "about 3.0s, as not all of it was timed before: ");
});

Deno.test("--focus keeps a task, what it depends on and what depends on it", () => {
  const ids = (focus: string) =>
    graphPicture(PLAN, { durations: DURATIONS, stateOf: null, focus }).nodes.map(({ id }) => id);
  assertEquals(ids("docs"), ["schema", "docs", "release"]);
  assertEquals(ids("lint"), ["lint"]);
});

Deno.test("--depth keeps what is at most so many steps from the focus", () => {
  const tasks = "abcdefg".split("").map((id, at, all) =>
    makeTask(id, at === 0 ? {} : { dependencies: [all[at - 1] ?? ""] })
  );
  const ids = (depth: number) =>
    graphPicture(makePlan(tasks), { durations: DURATIONS, stateOf: null, focus: "d", depth })
      .nodes.map(({ id }) => id).join("");
  assertEquals([0, 1, 2, 9].map(ids), ["d", "cde", "bcdef", "abcdefg"]);
});

Deno.test("only steps of the critical path are marked, not other edges between its tasks", () => {
  const picture = graphPicture(
    makePlan([
      makeTask("a"),
      makeTask("b", { dependencies: ["a"] }),
      makeTask("c", { dependencies: ["a", "b"] }),
    ]),
    { durations: new Map(), stateOf: null },
  );
  assertEquals(dotGraph(picture, true).filter((line) => line.includes("->")), [
    '  "a" -> "b" [penwidth="3"];',
    '  "a" -> "c";',
    '  "b" -> "c" [penwidth="3"];',
  ]);
  assertEquals(mermaidGraph(picture, true).at(-1), "  linkStyle 0,2 stroke-width:4px");
  assertEquals(svgGraph(picture, true).filter((line) => line.includes('class="edge critical"')).length, 2);
  assertEquals(textTree(picture, PLAIN, false), ["a", "├─ b", "│  └─ c  (also after a)", "└─ c …"]);
});

Deno.test("mermaidWarning() says when Mermaid will not draw a diagram by itself", () => {
  assertEquals(mermaidWarning(planPicture, mermaidGraph(planPicture, false)), undefined);
  const tasks = Array.from({ length: 40 }, (_, at) => `t${at}`);
  const wide = graphPicture(
    makePlan([
      ...tasks.map((id) => makeTask(id)),
      ...tasks.map((id) => makeTask(`${id}b`, { dependencies: tasks.slice(0, 13) })),
    ]),
    { durations: new Map(), stateOf: null },
  );
  assertStringIncludes(mermaidWarning(wide, mermaidGraph(wide, false)) ?? "", "this diagram has 520 and ");
});

Deno.test("dot, mermaid and svg escape what their languages would read", () => {
  const dot = dotGraph(runPicture, true).join("\n");
  assertStringIncludes(dot, '"api" [label="api\\nThe \\"API\\" <v2> [new]\\n30s", fillcolor="#f87171"');
  assertStringIncludes(dot, '"schema" -> "api" [penwidth="3"];');
  const mermaid = mermaidGraph(runPicture, true);
  assertEquals(mermaid.slice(0, 2), ["flowchart LR", '  t0["schema<br/>2.0s"]']);
  assertStringIncludes(mermaid.join("\n"), '["api<br/>The #34;API#34; #60;v2#62; #91;new#93;<br/>30s"]');
  const svg = svgGraph(runPicture, true).join("\n");
  assertStringIncludes(svg, "<title>api: failed: The &quot;API&quot; &lt;v2&gt; [new]: 30s</title>");
  assertEquals(svg.match(/<g>/g)?.length, 5);
  assertEquals(svg.match(/class="edge/g)?.length, 4);
  assertEquals(/NaN|undefined/.test(svg), false);
});

Deno.test("drawings of a chain of thirty thousand tasks need no deep stack", () => {
  const tasks = Array.from(
    { length: 30_000 },
    (_, at) => makeTask(`t${at}`, at === 0 ? {} : { dependencies: [`t${at - 1}`] }),
  );
  const picture = graphPicture(makePlan(tasks), { durations: new Map(), stateOf: null });
  assertEquals(picture.critical.tasks.length, 30_000);
  assertEquals(layersOf(picture.nodes).layers.length, 30_000);
  const text = textTree(picture, PLAIN, false);
  assertEquals(text.length, 30_000);
  assert(text.every((line) => line.length < 100), "a line does not grow with its level");
  assertStringIncludes(text.at(-1) ?? "", "⋯ 29999 └─ t29999");
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
  await assertRejects(() => call("--depth", "1"), UsageError, "Option --depth needs --focus");
  const error = await assertRejects(() => call("--focus", "c"), UsageError);
  assertStringIncludes(error.message, 'The plan has no task "c"');
});
