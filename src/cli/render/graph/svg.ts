/** A plan's graph as a picture that any browser shows. Pure. */

import { formatDuration } from "../duration.ts";
import { oneLine, widthOf } from "../text.ts";
import { layersOf } from "./layers.ts";
import type { GraphNode, GraphPicture } from "./picture.ts";
import { COLOURS, NO_STATE } from "./state_colours.ts";

/** All in the user's units of the picture. */
const BOX_HEIGHT = 34;
const ROW = 48;
const GAP = 70;
const MARGIN = 20;
const LETTER = 7.4;
const BOX_PADDING = 24;
const LEGEND_HEIGHT = 34;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** The lines of an SVG document; what it shows is in its title and in one title for each task. */
export function svgGraph(picture: GraphPicture, marksCritical: boolean): readonly string[] {
  const { nodes } = picture;
  const layers = layersOf(nodes);
  const tallest = Math.max(1, ...layers.map((layer) => layer.length));
  const boxes: Box[] = [];
  let x = MARGIN;
  for (const layer of layers) {
    const width = Math.max(...layer.map((place) => widthOf(labelOf(nodes[place]))), 4) * LETTER + BOX_PADDING;
    const top = MARGIN + (tallest - layer.length) * ROW / 2;
    layer.forEach((place, at) => boxes[place] = { x, y: top + at * ROW, width });
    x += width + GAP;
  }
  const states = [...new Set(nodes.flatMap(({ state }) => state ?? []))];
  const width = Math.max(x - GAP + MARGIN, states.length * 110 + 2 * MARGIN);
  const graphHeight = tallest * ROW + 2 * MARGIN;
  const height = graphHeight + (states.length > 0 ? LEGEND_HEIGHT : 0);
  const size = `width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${
    round(height)
  }"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" font-family="sans-serif" font-size="13">`,
    `<title>${escaped(picture.name)}</title>`,
    `<desc>${nodes.length} tasks; arrows go from each task to those that depend on it</desc>`,
    "<style>.ground{fill:#fff}.edge{stroke:#6b7280;fill:none;stroke-width:1.4}.critical{stroke:#dc2626;stroke-width:3}" +
    ".legend{fill:#111827}@media (prefers-color-scheme:dark){.ground{fill:#111827}.edge{stroke:#9ca3af}" +
    ".edge.critical{stroke:#f87171}.legend{fill:#f9fafb}}</style>",
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">' +
    '<path d="M0 0L8 4L0 8z" fill="#6b7280"/></marker></defs>',
    `<rect class="ground" width="100%" height="100%"/>`,
    ...edges(nodes, boxes, marksCritical),
    ...nodes.flatMap((node, place) => {
      const box = boxes[place];
      return box === undefined ? [] : [boxElement(node, box, marksCritical)];
    }),
    ...states.map((state, at) => {
      const left = MARGIN + at * 110;
      const top = graphHeight;
      return `<rect x="${left}" y="${top}" width="14" height="14" rx="3" fill="${
        COLOURS[state].fill
      }" stroke="#6b7280"/>` +
        `<text class="legend" x="${left + 20}" y="${top + 12}">${state}</text>`;
    }),
    "</svg>",
  ];
}

function edges(
  nodes: readonly GraphNode[],
  boxes: readonly Box[],
  marksCritical: boolean,
): readonly string[] {
  return nodes.flatMap((node, place) =>
    node.dependencies.flatMap((from) => {
      const [start, end] = [boxes[from], boxes[place]];
      if (start === undefined || end === undefined) return [];
      const x1 = round(start.x + start.width);
      const y1 = round(start.y + BOX_HEIGHT / 2);
      const x2 = round(end.x);
      const y2 = round(end.y + BOX_HEIGHT / 2);
      const bend = round((x2 - x1) / 2);
      const isCritical = marksCritical && node.critical && nodes[from]?.critical === true;
      const path = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
      return [`<path class="edge${isCritical ? " critical" : ""}" d="${path}" marker-end="url(#arrow)"/>`];
    })
  );
}

function boxElement(node: GraphNode, { x, y, width }: Box, marksCritical: boolean): string {
  const { fill, text } = node.state === null ? NO_STATE : COLOURS[node.state];
  const stroke = marksCritical && node.critical ? 'stroke="#dc2626" stroke-width="3"' : 'stroke="#6b7280"';
  const shape = `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${BOX_HEIGHT}" rx="6"`;
  const middle = `x="${round(x + width / 2)}" y="${round(y + BOX_HEIGHT / 2 + 4.5)}"`;
  const title = [node.name, ...(node.state === null ? [] : [node.state])].map((each) => oneLine(each)).join(
    ": ",
  );
  return `<g><title>${escaped(title)}</title><rect ${shape} fill="${fill}" ${stroke}/>` +
    `<text ${middle} text-anchor="middle" fill="${text}">${escaped(labelOf(node))}</text></g>`;
}

function labelOf(node: GraphNode | undefined): string {
  if (node === undefined) return "";
  return node.earlier_ms === null ? node.id : `${node.id} ${formatDuration(node.earlier_ms)}`;
}

function escaped(text: string): string {
  return oneLine(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
