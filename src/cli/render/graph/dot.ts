/** A plan's graph in the language of Graphviz. Pure. */

import type { TaskStatus } from "../../../scheduler/task_state.ts";
import { nodeFacts } from "./node_facts.ts";
import type { GraphNode, GraphPicture } from "./picture.ts";
import { COLOURS, NO_STATE, statesIn } from "./state_colours.ts";

/** The lines of a `digraph`; of a run, with a legend of its states. */
export function dotGraph({ name, nodes }: GraphPicture, marksCritical: boolean): readonly string[] {
  return [
    `digraph ${quoted(name)} {`,
    '  rankdir="LR";',
    '  node [shape="box", style="rounded,filled", fontname="sans-serif"];',
    '  edge [fontname="sans-serif", fontsize="10"];',
    ...nodes.map((node) => {
      const width = marksCritical && node.critical ? ', penwidth="3"' : "";
      return `  ${quoted(node.id)} [label="${labelOf(node)}", ${fill(node.state)}${width}];`;
    }),
    ...nodes.flatMap((node) =>
      node.dependencies.flatMap((place) => {
        const from = nodes[place];
        if (from === undefined) return [];
        const isCritical = marksCritical && node.critical_after === place;
        return [`  ${quoted(from.id)} -> ${quoted(node.id)}${edgeStyle(node, isCritical)};`];
      })
    ),
    ...legend(statesIn(nodes)),
    "}",
  ];
}

function labelOf(node: GraphNode): string {
  return [node.id, ...nodeFacts(node)].map(inLabel).join("\\n");
}

function fill(state: TaskStatus | null): string {
  const { fill, text } = state === null ? NO_STATE : COLOURS[state];
  return `fillcolor="${fill}", fontcolor="${text}"`;
}

function edgeStyle({ trigger_rule }: GraphNode, isCritical: boolean): string {
  const attributes = [
    ...(trigger_rule === "all_success" ? [] : [`style="dashed", label="${trigger_rule}"`]),
    ...(isCritical ? ['penwidth="3"'] : []),
  ];
  return attributes.length === 0 ? "" : ` [${attributes.join(", ")}]`;
}

/** The names of its nodes hold what no task id may: a blank. */
function legend(states: readonly TaskStatus[]): readonly string[] {
  if (states.length === 0) return [];
  return [
    '  subgraph "cluster legend" {',
    '    label="states"; color="#9ca3af";',
    ...states.map((state) => `    "state ${state}" [label="${state}", ${fill(state)}];`),
    "  }",
  ];
}

function quoted(text: string): string {
  return `"${escaped(text)}"`;
}

/** Labels may hold HTML entities, so that an ampersand is one. */
function inLabel(text: string): string {
  return escaped(text).replaceAll("&", "&amp;");
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll(/[\r\n]+/g, " ");
}
