/** Every format as it was last looked at, of a plan and of a run whose names hold what the formats would read. */

import { createStyle } from "../../../../src/cli/output.ts";
import { dotGraph } from "../../../../src/cli/render/graph/dot.ts";
import { mermaidGraph } from "../../../../src/cli/render/graph/mermaid.ts";
import { type GraphPicture, graphPicture } from "../../../../src/cli/render/graph/picture.ts";
import { svgGraph } from "../../../../src/cli/render/graph/svg.ts";
import { textTree } from "../../../../src/cli/render/graph/text_tree.ts";
import { loadMeasure } from "../../../../src/cli/render/text.ts";
import type { TaskStatus } from "../../../../src/scheduler/task_state.ts";
import { Snapshots } from "../../../snapshot.ts";
import { makePlan, makeTask } from "../../../run/fixture.ts";

const PLAN = makePlan([
  makeTask("schema", { outputs: ["dist/schema.json", 'odd "name" <&>.json'] }),
  makeTask("api", {
    dependencies: ["schema"],
    name: 'The "API" <v2> & `more`\n[new] {x} | y \\N',
    pool: "db",
  }),
  makeTask("docs-1.2", { dependencies: ["schema"], name: "1. Dokumentation für 日本語 – 🎉" }),
  makeTask("notify", { dependencies: ["api", "docs-1.2"], trigger_rule: "all_done" }),
  makeTask("release", { dependencies: ["schema", "api", "docs-1.2"] }),
  makeTask("end", { trigger_rule: "one_success", dependencies: ["release", "lint"] }),
  makeTask("lint"),
], { name: 'odd "plan"\n<&>', pools: { db: 1 } });

const DURATIONS = new Map([["schema", 2_000], ["api", 30_000], ["docs-1.2", 1_500], ["release", 4_000]]);

const STATES: Readonly<Record<string, TaskStatus>> = {
  schema: "completed",
  api: "failed",
  "docs-1.2": "completed",
  notify: "pending",
  release: "blocked",
  end: "waiting",
  lint: "running",
};

const FORMATS: readonly [ending: string, draw: (picture: GraphPicture) => readonly string[]][] = [
  ["txt", (picture) => textTree(picture, createStyle(false), true)],
  ["coloured.txt", (picture) => textTree(picture, createStyle(true), true)],
  ["dot", (picture) => dotGraph(picture, true)],
  ["mmd", (picture) => mermaidGraph(picture, true)],
  ["svg", (picture) => svgGraph(picture, true)],
];

Deno.test("omk graph draws plans and runs as they were last looked at, in every format", async () => {
  await loadMeasure();
  const snapshots = new Snapshots("graph");
  const pictures = {
    plan: graphPicture(PLAN, { durations: DURATIONS, stateOf: null }),
    run: graphPicture(PLAN, { durations: DURATIONS, stateOf: (id) => STATES[id] }),
    focus: graphPicture(PLAN, { durations: new Map(), stateOf: null, focus: "release", depth: 1 }),
  };
  for (const [name, picture] of Object.entries(pictures)) {
    for (const [ending, draw] of FORMATS) {
      await snapshots.check(`${name}.${ending}`, `${draw(picture).join("\n")}\n`);
    }
  }
  await snapshots.checkNoOthers();
});
