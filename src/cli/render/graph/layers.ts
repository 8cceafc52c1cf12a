/**
 * Which layer of a drawing each task stands in, and in which order (Sugiyama): layers by the longest path, long edges
 * led through a bend in every layer between, and an order by barycentres, so that few lines cross. Pure, deterministic,
 * and linear but for the sorting of layers.
 */

import type { GraphNode } from "./picture.ts";

/** How often the order within layers is improved. */
const SWEEPS = 8;
/** How many bends a drawing has at most, beside one for each task: without room for its bends, an edge runs straight. */
const MOST_BENDS = 20_000;

/** What stands in a layer: a task, or a bend of an edge that goes on to a later layer. */
export interface Cell {
  /** Place of the task in the picture; null for a bend. */
  readonly place: number | null;
  /** Cells of the layer before, and of the layer after, that lines lead to. */
  readonly before: Cell[];
  readonly after: Cell[];
  /** How far down it stands in its layer, up to 1. */
  rank: number;
}

/** An edge from one task to another, through its bends; the first and the last cell are the tasks. */
export type Route = readonly Cell[];

/** See the module. */
export interface Layering {
  readonly layers: readonly (readonly Cell[])[];
  /** In the order of the picture: by task, then by what it depends on. */
  readonly routes: readonly Route[];
}

/** Puts the nodes of a picture into layers. */
export function layersOf(nodes: readonly GraphNode[]): Layering {
  const layers: Cell[][] = [];
  const depths: number[] = [];
  const cells = nodes.map((node, place) => {
    const depth = node.dependencies.reduce((deepest, each) => Math.max(deepest, (depths[each] ?? 0) + 1), 0);
    depths.push(depth);
    return addCell(layers, depth, place);
  });
  const routes: Route[] = [];
  let bends = 0;
  for (const [place, node] of nodes.entries()) {
    for (const from of node.dependencies) {
      const first = depths[from] ?? 0;
      const between = (depths[place] ?? 0) - first - 1;
      const isLed = bends + between <= MOST_BENDS + nodes.length;
      if (isLed) bends += between;
      const route = [cells[from], ...bendsOf(layers, first + 1, isLed ? between : 0), cells[place]];
      routes.push(connect(route.filter((cell) => cell !== undefined)));
    }
  }
  order(layers);
  return { layers, routes };
}

function addCell(layers: Cell[][], depth: number, place: number | null): Cell {
  const cell: Cell = { place, before: [], after: [], rank: 0 };
  (layers[depth] ??= []).push(cell);
  return cell;
}

function bendsOf(layers: Cell[][], from: number, count: number): readonly Cell[] {
  return Array.from({ length: count }, (_, at) => addCell(layers, from + at, null));
}

function connect(route: Route): Route {
  route.forEach((cell, at) => {
    const next = route[at + 1];
    if (next === undefined) return;
    cell.after.push(next);
    next.before.push(cell);
  });
  return route;
}

/** Sorts each layer by the mean rank of each cell's neighbours, from the left, from the right, and again. */
function order(layers: readonly Cell[][]): void {
  layers.forEach(rank);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isForward = sweep % 2 === 0;
    for (const layer of isForward ? layers : layers.toReversed()) {
      const wishes = layer.map((cell) => {
        const neighbours = isForward ? cell.before : cell.after;
        const sum = neighbours.reduce((total, each) => total + each.rank, 0);
        return { cell, rank: neighbours.length === 0 ? cell.rank : sum / neighbours.length };
      });
      // Sorting is stable, so that equals stay in the order in which they were.
      wishes.sort((a, b) => a.rank - b.rank).forEach(({ cell }, at) => layer[at] = cell);
      rank(layer);
    }
  }
}

function rank(layer: readonly Cell[]): void {
  layer.forEach((cell, at) => cell.rank = (at + 1) / layer.length);
}
