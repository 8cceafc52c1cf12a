/** `omk graph`: draw the graph of a plan or of a run. */

import { ExitCode, UsageError } from "../../errors.ts";
import { findTask } from "../../scheduler/run_state.ts";
import type { TaskStatus } from "../../scheduler/task_state.ts";
import type { Command, CommandContext } from "../command.ts";
import { openPlan, requirePlannedTask } from "../open_plan.ts";
import { openRun, requireTasks, splitRunAndTasks } from "../open_run.ts";
import { type GraphPicture, graphPicture } from "../render/graph/picture.ts";

const FORMATS = ["text", "dot", "mermaid", "json", "svg"] as const;
type Format = typeof FORMATS[number];

/** See the module. */
export const graphCommand: Command = {
  name: "graph",
  summary: "draw the graph of a plan or a run",
  usage: ["omk graph [PLAN|RUN]"],
  description: [
    "Draws which task comes after which, with pools, trigger rules and outputs. Of a run, each task has the colour of\n" +
    "its state. Without an argument it takes the plan omk.jsonc; latest, or any unique beginning of a run id, names a\n" +
    "run.",
    "In the tree a task stands under the first that it depends on; under others its id is followed by an ellipsis.\n" +
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
    {
      name: "depth",
      type: "number",
      placeholder: "N",
      description: "With --focus: only what is at most N steps away",
    },
    { name: "file", short: "o", type: "string", placeholder: "FILE", description: "Write to a file" },
  ],
  examples: [
    { command: "omk graph", note: "the plan as a tree" },
    { command: "omk graph latest --critical", note: "the newest run, with what takes longest" },
    { command: "omk graph --format svg --file plan.svg", note: "a picture" },
    { command: "omk graph --focus api --depth 1", note: "a task and its neighbours" },
    {
      command: "omk graph --focus api --format dot | dot -Tpng > api.png",
      note: "one task and its surroundings",
    },
  ],
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    const format: Format = json ? "json" : FORMATS.find((each) => each === args.text("format")) ?? "text";
    if (args.number("depth") !== undefined && args.text("focus") === undefined) {
      throw new UsageError({
        what: "Option --depth needs --focus",
        why: "it counts the steps from that task",
        fix: "give omk graph --focus TASK --depth N",
      });
    }
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
  const around = { focus, depth: args.number("depth") };
  const { run } = await splitRunAndTasks(context, word === undefined ? [] : [word]);
  if (run !== undefined) {
    const { loaded: { plan, state, directory } } = await openRun(context, run);
    if (focus !== undefined) await requireTasks(plan, directory.runId, [focus]);
    const known = plan.tasks.flatMap(({ id }, ordinal) => {
      const ms = findTask(state, id)?.task.outcome?.duration_ms ??
        state.index.ranks.earlierDurationMs(ordinal);
      return ms === undefined ? [] : [[id, ms] as const];
    });
    const stateOf = (id: string): TaskStatus | undefined => findTask(state, id)?.task.state;
    return graphPicture(plan, { durations: new Map(known), stateOf, ...around });
  }
  const { plan, durations } = await openPlan(context, word);
  if (focus !== undefined) requirePlannedTask(plan, focus);
  const known = new Map(durations.map((each) => [each.task_id, each.ms]));
  return graphPicture(plan, { durations: known, stateOf: null, ...around });
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
    case "mermaid": {
      const { mermaidGraph, mermaidWarning } = await import("../render/graph/mermaid.ts");
      const lines = mermaidGraph(picture, critical);
      const warning = mermaidWarning(picture, lines);
      if (warning !== undefined) output.note(`${output.errorStyle.yellow("warning:")} ${warning}`);
      return lines;
    }
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
      pool: node.pool,
      outputs: node.outputs,
      state: node.state,
      earlier_ms: node.earlier_ms,
      critical: node.critical,
    })),
    critical_path: critical,
  };
}
