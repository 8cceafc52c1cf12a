/** A plan's graph as a picture that any browser shows, on light and on dark ground. Pure. */

import { formatDuration } from "../duration.ts";
import { counted, cut, widthOf } from "../text.ts";
import { escapedXml } from "../xml.ts";
import { heightsOf } from "./heights.ts";
import { type Cell, layersOf, type Route } from "./layers.ts";
import { nodeFacts } from "./node_facts.ts";
import type { GraphNode, GraphPicture } from "./picture.ts";
import { COLOURS, NO_STATE, statesIn } from "./state_colours.ts";

/** All in the user's units of the picture. */
const BOX_HEIGHT = 40;
/** Height that a task takes, and that a bend of a line takes. */
const BOX_ROOM = 54;
const BEND_ROOM = 14;
const GAP = 70;
const MARGIN = 20;
/** Width of a column of text, in the large and in the small letters. */
const LETTER = 7.6;
const SMALL_LETTER = 6;
const BOX_PADDING = 22;
const LEGEND_HEIGHT = 34;
const LEGEND_STEP = 110;
/** The facts about a task are cut after so many columns; all of them are in its title. */
const FACT_COLUMNS = 32;

const STYLE =
  ".ground{fill:#fff}.edge{stroke:#6b7280;fill:none;stroke-width:1.4}.rule{stroke-dasharray:5 4}" +
  ".critical{stroke:#dc2626;stroke-width:3}.tip{fill:#6b7280}.tip.critical{fill:#dc2626;stroke:none}" +
  ".box{stroke:#6b7280}.box.critical{stroke:#dc2626}.small{font-size:10.5px}.legend{fill:#111827}" +
  "@media (prefers-color-scheme:dark){.ground{fill:#111827}.edge{stroke:#9ca3af}.tip{fill:#9ca3af}" +
  ".edge.critical{stroke:#f87171}.tip.critical{fill:#f87171}.legend{fill:#f9fafb}}";

/** Where a cell stands: the left end and the middle of its height, and how wide its layer's boxes are. */
interface Spot {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** The lines of an SVG document. What it shows is told in its description, too, and in one title for each task. */
export function svgGraph(picture: GraphPicture, marksCritical: boolean): readonly string[] {
  const { nodes } = picture;
  const { layers, routes } = layersOf(nodes);
  const spots = spotsOf(layers, nodes);
  const states = statesIn(nodes);
  const { right, bottom } = extent(spots);
  const width = round(Math.max(right, states.length * LEGEND_STEP) + 2 * MARGIN);
  const graphHeight = bottom + 2 * MARGIN;
  const height = round(graphHeight + (states.length > 0 ? LEGEND_HEIGHT : 0));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"` +
    ' role="img" aria-labelledby="omk-title omk-description" font-family="sans-serif" font-size="13">',
    `<title id="omk-title">${escapedXml(picture.name)}</title>`,
    `<desc id="omk-description">${escapedXml(describe(picture, layers.length, marksCritical))}</desc>`,
    `<style>${STYLE}</style>`,
    `<defs>${marker("omk-tip", "tip")}${marker("omk-critical-tip", "tip critical")}</defs>`,
    '<rect class="ground" width="100%" height="100%"/>',
    ...edges(routes, spots, nodes, marksCritical),
    ...layers.flat().flatMap((cell) => {
      const [node, spot] = [nodes[cell.place ?? -1], spots.get(cell)];
      return node === undefined || spot === undefined ? [] : [box(node, spot, marksCritical)];
    }),
    ...states.map((state, at) => {
      const left = MARGIN + at * LEGEND_STEP;
      const top = round(graphHeight);
      return `<rect class="box" x="${left}" y="${top}" width="14" height="14" rx="3" fill="${
        COLOURS[state].fill
      }"/><text class="legend" x="${left + 20}" y="${round(top + 12)}">${state}</text>`;
    }),
    "</svg>",
  ];
}

function spotsOf(
  layers: readonly (readonly Cell[])[],
  nodes: readonly GraphNode[],
): ReadonlyMap<Cell, Spot> {
  const heights = heightsOf(layers, ({ place }) => place === null ? BEND_ROOM : BOX_ROOM);
  const spots = new Map<Cell, Spot>();
  let x = MARGIN;
  for (const layer of layers) {
    const width = layer.reduce((widest, { place }) => Math.max(widest, boxWidth(nodes[place ?? -1])), 0);
    for (const cell of layer) spots.set(cell, { x, y: MARGIN + (heights.get(cell) ?? 0), width });
    x += width + GAP;
  }
  return spots;
}

function extent(spots: ReadonlyMap<Cell, Spot>): { readonly right: number; readonly bottom: number } {
  let [right, bottom] = [0, 0];
  for (const { x, y, width } of spots.values()) {
    right = Math.max(right, x + width - MARGIN);
    bottom = Math.max(bottom, y - MARGIN + BOX_ROOM / 2);
  }
  return { right, bottom };
}

function boxWidth(node: GraphNode | undefined): number {
  if (node === undefined) return 0;
  return Math.max(widthOf(node.id) * LETTER, widthOf(factsOf(node)) * SMALL_LETTER) + BOX_PADDING;
}

function factsOf(node: GraphNode): string {
  return cut(everythingOf(node).join(" · "), FACT_COLUMNS);
}

/** Told in words, too: a colour alone does not reach everybody. */
function everythingOf(node: GraphNode): readonly string[] {
  const { state, trigger_rule } = node;
  return [
    ...(state === null ? [] : [state]),
    ...nodeFacts(node),
    ...(trigger_rule === "all_success" ? [] : [trigger_rule]),
  ];
}

function box(node: GraphNode, { x, y, width }: Spot, marksCritical: boolean): string {
  const { fill, text } = node.state === null ? NO_STATE : COLOURS[node.state];
  const isCritical = marksCritical && node.critical;
  const facts = factsOf(node);
  const middle = round(x + width / 2);
  const line = (content: string, down: number, style: string) =>
    `<text${style} x="${middle}" y="${round(y + down)}" text-anchor="middle" fill="${text}">${
      escapedXml(content)
    }</text>`;
  return `<g><title>${escapedXml([node.id, ...everythingOf(node)].join(": "))}</title>` +
    `<rect class="box${isCritical ? " critical" : ""}" x="${round(x)}" y="${
      round(y - BOX_HEIGHT / 2)
    }" width="${round(width)}" height="${BOX_HEIGHT}" rx="6" fill="${fill}"/>` +
    (facts === "" ? line(node.id, 4.5, "") : line(node.id, -2.5, "") + line(facts, 12, ' class="small"')) +
    "</g>";
}

/** The lines, those of the critical path above the others. */
function edges(
  routes: readonly Route[],
  spots: ReadonlyMap<Cell, Spot>,
  nodes: readonly GraphNode[],
  marksCritical: boolean,
): readonly string[] {
  const isCritical = (route: Route) => {
    const to = nodes[route.at(-1)?.place ?? -1];
    return marksCritical && to !== undefined && to.critical_after === (route[0]?.place ?? null);
  };
  const { above = [], below = [] } = Object.groupBy(routes, (each) => isCritical(each) ? "above" : "below");
  return [
    ...below.map((route) => edge(route, spots, nodes, false)),
    ...above.map((route) => edge(route, spots, nodes, true)),
  ];
}

/** From the right of the first box through the bends, straight past the boxes of their layers, to the last one. */
function edge(
  route: Route,
  spots: ReadonlyMap<Cell, Spot>,
  nodes: readonly GraphNode[],
  isCritical: boolean,
): string {
  const to = nodes[route.at(-1)?.place ?? -1];
  const rule = to?.trigger_rule === "all_success" ? "" : " rule";
  const classes = `edge${rule}${isCritical ? " critical" : ""}`;
  let path = "";
  let [x, y] = [0, 0];
  for (const [at, cell] of route.entries()) {
    const spot = spots.get(cell);
    if (spot === undefined) continue;
    if (at === 0) path = `M${round(spot.x + spot.width)} ${round(spot.y)}`;
    else {
      const half = (spot.x - x) / 2;
      path += `C${round(x + half)} ${round(y)} ${round(spot.x - half)} ${round(spot.y)} ${round(spot.x)} ${
        round(spot.y)
      }`;
      if (at < route.length - 1) path += `H${round(spot.x + spot.width)}`;
    }
    [x, y] = [spot.x + spot.width, spot.y];
  }
  const tip = isCritical ? "omk-critical-tip" : "omk-tip";
  return `<path class="${classes}" d="${path}" marker-end="url(#${tip})"/>`;
}

/** An arrowhead that does not grow with its line. */
function marker(id: string, style: string): string {
  return `<marker id="${id}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="9" markerHeight="9" orient="auto" ` +
    `markerUnits="userSpaceOnUse"><path class="${style}" d="M0 0L8 4L0 8z"/></marker>`;
}

function describe({ nodes, critical }: GraphPicture, layers: number, marksCritical: boolean): string {
  const standing = statesIn(nodes).map((state) =>
    `${nodes.filter((node) => node.state === state).length} ${state}`
  );
  return [
    `${counted(nodes.length, "task")} in ${
      counted(layers, "layer")
    }; arrows go from each task to those that depend on it`,
    ...(nodes.some(({ trigger_rule }) => trigger_rule !== "all_success")
      ? ["dashed ones to tasks that do not need all of them completed"]
      : []),
    ...(standing.length === 0 ? [] : [standing.join(", ")]),
    ...(marksCritical && critical.tasks.length > 0
      ? [`the critical path takes ${formatDuration(critical.ms)}: ${critical.tasks.join(", ")}`]
      : []),
  ].join("; ");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
