/** A plan's graph as a Mermaid flowchart, as forges draw it in Markdown. Pure. */

import { formatDuration } from "../duration.ts";
import { oneLine } from "../text.ts";
import type { GraphPicture } from "./picture.ts";
import { COLOURS } from "./state_colours.ts";

/** The lines of a `flowchart`. Tasks are `t0`, `t1` …, so that no id can be taken for a word of the language. */
export function mermaidGraph({ nodes }: GraphPicture, marksCritical: boolean): readonly string[] {
  const states = [...new Set(nodes.flatMap(({ state }) => state ?? []))];
  const placesOf = (wanted: (place: number) => boolean) =>
    nodes.flatMap((_, place) => wanted(place) ? [`t${place}`] : []).join(",");
  const critical = placesOf((place) => marksCritical && nodes[place]?.critical === true);
  return [
    "flowchart LR",
    ...nodes.map((node, place) => {
      const label = [
        node.id,
        ...(node.name === node.id ? [] : [oneLine(node.name)]),
        ...(node.earlier_ms === null ? [] : [formatDuration(node.earlier_ms)]),
      ].map(escaped).join("<br/>");
      return `  t${place}["${label}"]`;
    }),
    ...nodes.flatMap((node, place) => node.dependencies.map((from) => `  t${from} --> t${place}`)),
    ...states.flatMap((state) => [
      `  classDef ${state} fill:${COLOURS[state].fill},color:${COLOURS[state].text},stroke:#6b7280`,
      `  class ${placesOf((place) => nodes[place]?.state === state)} ${state}`,
    ]),
    ...(critical === "" ? [] : ["  classDef critical stroke-width:4px", `  class ${critical} critical`]),
  ];
}

/** Entities stand for everything that Mermaid or HTML would read. */
function escaped(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} ._:,()/-]/gu, (character) => `#${character.codePointAt(0)};`);
}
