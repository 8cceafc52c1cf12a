/** A plan's graph in the language of Graphviz. Pure. */

import { formatDuration } from "../duration.ts";
import { oneLine } from "../text.ts";
import type { GraphPicture } from "./picture.ts";
import { COLOURS, NO_STATE } from "./state_colours.ts";

/** The lines of a `digraph`. */
export function dotGraph({ name, nodes }: GraphPicture, marksCritical: boolean): readonly string[] {
  return [
    `digraph ${quoted(name)} {`,
    '  rankdir="LR";',
    '  node [shape="box", style="rounded,filled", fontname="sans-serif"];',
    ...nodes.map((node) => {
      const { fill, text } = node.state === null ? NO_STATE : COLOURS[node.state];
      const label = [
        node.id,
        ...(node.name === node.id ? [] : [oneLine(node.name)]),
        ...(node.earlier_ms === null ? [] : [formatDuration(node.earlier_ms)]),
      ].map(escaped).join("\\n");
      const width = marksCritical && node.critical ? ", penwidth=3" : "";
      return `  ${quoted(node.id)} [label="${label}", fillcolor="${fill}", fontcolor="${text}"${width}];`;
    }),
    ...nodes.flatMap((node) =>
      node.dependencies.flatMap((place) => {
        const from = nodes[place];
        if (from === undefined) return [];
        const width = marksCritical && node.critical && from.critical ? " [penwidth=3]" : "";
        return [`  ${quoted(from.id)} -> ${quoted(node.id)}${width};`];
      })
    ),
    "}",
  ];
}

function quoted(text: string): string {
  return `"${escaped(text)}"`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", " ");
}
