/** Where the tasks of a graph stand in a drawing from left to right. Pure, and linear but for the sorting of layers. */

import type { GraphNode } from "./picture.ts";

/** How often the order within layers is improved. */
const SWEEPS = 6;

/**
 * The places of the nodes by layer: each node in the layer after the last of what it depends on, and within its layer
 * near the middle of its neighbours, so that few lines cross (Sugiyama, with barycentres).
 */
export function layersOf(nodes: readonly GraphNode[]): readonly (readonly number[])[] {
  const layers: number[][] = [];
  const depth = nodes.map(() => 0);
  nodes.forEach((node, place) => {
    depth[place] = node.dependencies.reduce((deepest, each) => Math.max(deepest, (depth[each] ?? 0) + 1), 0);
    (layers[depth[place] ?? 0] ??= []).push(place);
  });
  const rank = nodes.map(() => 0);
  const number = (layer: readonly number[]) => layer.forEach((place, at) => rank[place] = at / layer.length);
  layers.forEach(number);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isForward = sweep % 2 === 0;
    for (const layer of isForward ? layers : layers.toReversed()) {
      const middle = new Map(layer.map((place) => {
        const node = nodes[place];
        const neighbours = (isForward ? node?.dependencies : node?.dependents) ?? [];
        const sum = neighbours.reduce((total, each) => total + (rank[each] ?? 0), 0);
        return [place, neighbours.length === 0 ? rank[place] ?? 0 : sum / neighbours.length];
      }));
      layer.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0) || a - b);
      number(layer);
    }
  }
  return layers;
}
