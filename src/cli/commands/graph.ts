/** `omk graph`: draw the graph of a plan or of a run. */

import { ExitCode, UsageError } from "../../errors.ts";
import { loadPlan, PlanError } from "../../plan/load.ts";
import { nearest } from "../../plan/nearest.ts";
import type { Plan } from "../../plan/spec.ts";
import { redactText } from "../../log/redact.ts";
import { earlierDurations } from "../../run/earlier_durations.ts";
import { findPlan } from "../../run/prepare.ts";
import { findTask } from "../../scheduler/run_state.ts";
import type { TaskStatus } from "../../scheduler/task_state.ts";
import type { Command, CommandContext } from "../command.ts";
import { openRun, splitRunAndTasks } from "../open_run.ts";
import { locate } from "../place.ts";
import { type GraphPicture, graphPicture } from "../render/graph/picture.ts";

const FORMATS = ["text", "dot", "mermaid", "json", "svg"] as const;
type Format = typeof FORMATS[number];

/** See the module. */
export const graphCommand: Command = {
  name: "graph",
  summary: "draw the graph of a plan or a run",
  usage: ["omk graph [PLAN|RUN]"],
  description: [
    "Draws which task comes after which. Of a run, each task has the colour of its state. Without an argument it takes\n" +
    "the plan omk.jsonc; latest, or any unique beginning of a run id, names a run.",
    "Durations are those of the newest run that has a proof.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    {
      name: "format",
      short: "f",
      type: "string",
      placeholder: "FORMAT",
      choices: FORMATS,
      description: "text (a tree, default), dot (Graphviz), mermaid, json or svg",
    },
    { name: "critical", type: "boolean", description: "Mark the chain of tasks that takes longest" },
    {
      name: "focus",
      type: "string",
      placeholder: "TASK",
      description: "Only this task, what it depends on, and what depends on it",
    },
    { name: "file", short: "o", type: "string", placeholder: "FILE", description: "Write to a file" },
  ],
  examples: [
    { command: "omk graph", note: "the plan as a tree" },
    { command: "omk graph latest --critical", note: "the newest run, with what takes longest" },
    { command: "omk graph --format svg --file plan.svg", note: "a picture" },
    {
      command: "omk graph --focus api --format dot | dot -Tpng > api.png",
      note: "one task and its surroundings",
    },
  ],
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    const format: Format = json ? "json" : FORMATS.find((each) => each === args.text("format")) ?? "text";
    const picture = await pictureOf(context);
    const path = args.text("file");
    const lines = await draw(picture, format, args.flag("critical"), context, path !== undefined);
    const text = `${lines.join("\n")}\n`;
    if (path === undefined) output.write(text);
    else {
      await Deno.writeTextFile(path.startsWith("/") ? path : `${context.cwd}/${path}`, text);
      output.note(`wrote ${path}: ${picture.nodes.length} tasks as ${format}`);
    }
    return ExitCode.OK;
  },
};

async function pictureOf(context: CommandContext): Promise<GraphPicture> {
  const { args } = context;
  const [word] = args.positionals;
  const focus = args.text("focus");
  const { run } = await splitRunAndTasks(context, word === undefined ? [] : [word]);
  if (run !== undefined) {
    const { loaded: { plan, state, directory } } = await openRun(context, run);
    requireFocus(plan, focus, `Run ${directory.runId}`);
    const known = plan.tasks.flatMap(({ id }, ordinal) => {
      const ms = findTask(state, id)?.task.outcome?.duration_ms ?? state.index.earlierDurationMs(ordinal);
      return ms === undefined ? [] : [[id, ms] as const];
    });
    const stateOf = (id: string): TaskStatus | undefined => findTask(state, id)?.task.state;
    return graphPicture(plan, { durations: new Map(known), stateOf, focus });
  }
  const plan = await readPlan(context, word);
  requireFocus(plan, focus, "The plan");
  const { home } = await locate(context);
  const durations = new Map((await earlierDurations(home, plan)).map((each) => [each.task_id, each.ms]));
  return graphPicture(plan, { durations, stateOf: null, focus });
}

async function readPlan(context: CommandContext, planPath: string | undefined): Promise<Plan> {
  const { cwd, env } = context;
  const { root } = await locate(context);
  const path = await findPlan({ cwd, env, planPath }, root ?? cwd);
  const loaded = await loadPlan({ text: await Deno.readTextFile(path), path, env, redact: redactText });
  if (!loaded.ok) throw new PlanError(loaded.problems);
  return loaded.plan;
}

function requireFocus(plan: Plan, focus: string | undefined, where: string): void {
  if (focus === undefined || plan.tasks.some(({ id }) => id === focus)) return;
  const guess = nearest(focus, plan.tasks.map(({ id }) => id));
  throw new UsageError({
    what: `${where} has no task "${focus}"`,
    why: guess === undefined ? undefined : `did you mean ${guess}?`,
    fix: "omk graph shows all tasks",
  });
}

async function draw(
  picture: GraphPicture,
  format: Format,
  critical: boolean,
  { output }: CommandContext,
  toFile: boolean,
): Promise<readonly string[]> {
  switch (format) {
    case "text": {
      const { textTree } = await import("../render/graph/text_tree.ts");
      const { createStyle } = await import("../output.ts");
      return textTree(picture, toFile ? createStyle(false) : output.style, critical);
    }
    case "dot":
      return (await import("../render/graph/dot.ts")).dotGraph(picture, critical);
    case "mermaid":
      return (await import("../render/graph/mermaid.ts")).mermaidGraph(picture, critical);
    case "svg": {
      await (await import("../render/text.ts")).loadMeasure();
      return (await import("../render/graph/svg.ts")).svgGraph(picture, critical);
    }
    case "json":
      return [JSON.stringify(documentOf(picture))];
  }
}

function documentOf({ name, nodes, critical }: GraphPicture): unknown {
  return {
    schema_version: 1,
    name,
    tasks: nodes.map((node) => ({
      id: node.id,
      name: node.name,
      dependencies: node.dependencies.map((place) => nodes[place]?.id),
      trigger_rule: node.trigger_rule,
      state: node.state,
      earlier_ms: node.earlier_ms,
      critical: node.critical,
    })),
    critical_path: critical,
  };
}
