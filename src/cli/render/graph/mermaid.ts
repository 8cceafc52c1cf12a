/** A plan's graph as a Mermaid flowchart, as forges draw it in Markdown. Pure. */

import { nodeFacts } from "./node_facts.ts";
import type { GraphNode, GraphPicture } from "./picture.ts";
import { COLOURS, statesIn } from "./state_colours.ts";

/** What Mermaid draws unless its configuration (`maxEdges`, `maxTextSize`) says otherwise; no diagram can change that. */
const MOST_EDGES = 500;
const MOST_CHARACTERS = 50_000;

/** What to know where a diagram is larger than Mermaid draws by itself; undefined where it is not. */
export function mermaidWarning({ nodes }: GraphPicture, lines: readonly string[]): string | undefined {
  const edges = nodes.reduce((sum, { dependencies }) => sum + dependencies.length, 0);
  const characters = lines.reduce((sum, line) => sum + line.length + 1, 0);
  if (edges <= MOST_EDGES && characters <= MOST_CHARACTERS) return undefined;
  return `Mermaid draws at most ${MOST_EDGES} arrows and ${MOST_CHARACTERS} characters unless it is configured ` +
    `otherwise, and this diagram has ${edges} and ${characters}; omk graph --focus or --format svg shows it`;
}

/**
 * The lines of a `flowchart`; of a run, with a legend of its states. Tasks are `t0`, `t1` …, so that no id can be
 * taken for a word of the language.
 */
export function mermaidGraph({ nodes }: GraphPicture, marksCritical: boolean): readonly string[] {
  const states = statesIn(nodes);
  const inState = new Map(states.map((state) => [state, [] as string[]]));
  nodes.forEach(({ state }, place) => state !== null && inState.get(state)?.push(`t${place}`));
  const critical = nodes.flatMap((node, place) => marksCritical && node.critical ? [`t${place}`] : []);
  const edges = nodes.flatMap((node, place) => node.dependencies.map((from) => ({ node, place, from })));
  const thick = edges.flatMap(({ node, from }, at) =>
    marksCritical && node.critical_after === from ? [at] : []
  );
  return [
    "flowchart LR",
    ...nodes.map((node, place) => `  t${place}["${labelOf(node)}"]`),
    ...edges.map(({ node, place, from }) => `  t${from} ${arrow(node)} t${place}`),
    ...(states.length === 0 ? [] : [
      "  subgraph legend [states]",
      ...states.map((state) => `    s_${state}["${state}"]`),
      "  end",
    ]),
    ...states.flatMap((state) => [
      `  classDef ${state} fill:${COLOURS[state].fill},color:${COLOURS[state].text},stroke:#6b7280`,
      `  class ${[...inState.get(state) ?? [], `s_${state}`].join(",")} ${state}`,
    ]),
    ...(critical.length === 0
      ? []
      : ["  classDef critical stroke-width:4px", `  class ${critical.join(",")} critical`]),
    ...(thick.length === 0 ? [] : [`  linkStyle ${thick.join(",")} stroke-width:4px`]),
  ];
}

function labelOf(node: GraphNode): string {
  return [node.id, ...nodeFacts(node)].map(escaped).join("<br/>");
}

function arrow({ trigger_rule }: GraphNode): string {
  return trigger_rule === "all_success" ? "-->" : `-. ${trigger_rule} .->`;
}

/**
 * Entities stand for everything that Mermaid or HTML would read, and for what would make a Markdown list of a line:
 * `1. ` and `- `.
 */
function escaped(text: string): string {
  return text.replaceAll(
    /[^\p{L}\p{N} ._:,()/-]|[.)-](?=\s)/gu,
    (character) => `#${character.codePointAt(0)};`,
  );
}
