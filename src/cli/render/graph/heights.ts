/**
 * How high each cell of a layered drawing stands: near the middle of its neighbours, so that lines run straight where
 * they can, in the order of its layer and with room between. Pure, deterministic and linear.
 */

import type { Cell } from "./layers.ts";

/** How often the cells are drawn to their neighbours. */
const SWEEPS = 6;

/** Cells of one layer that stand as close as they may, and where the first of them would best be. */
interface Block {
  best: number;
  count: number;
}

/** The middle of each cell, from 0 down; `roomOf` says how much height a cell takes, with the gap around it. */
export function heightsOf(
  layers: readonly (readonly Cell[])[],
  roomOf: (cell: Cell) => number,
): ReadonlyMap<Cell, number> {
  const middles = new Map<Cell, number>();
  for (const layer of layers) place(layer, layer.map(() => 0), roomOf, middles);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isForward = sweep % 2 === 0;
    for (const layer of isForward ? layers : layers.toReversed()) {
      const wanted = layer.map((cell) => {
        const ahead = isForward ? cell.before : cell.after;
        const neighbours = ahead.length > 0 ? ahead : isForward ? cell.after : cell.before;
        return mean(neighbours, middles) ?? middles.get(cell) ?? 0;
      });
      place(layer, wanted, roomOf, middles);
    }
  }
  const top = layers.flat().reduce(
    (least, cell) => Math.min(least, (middles.get(cell) ?? 0) - roomOf(cell) / 2),
    Infinity,
  );
  return new Map([...middles].map(([cell, middle]) => [cell, middle - top]));
}

/**
 * Puts the cells of a layer as near to what each wants as their order allows: the least squares, found by pooling
 * neighbours that would overlap (isotonic regression).
 */
function place(
  layer: readonly Cell[],
  wanted: readonly number[],
  roomOf: (cell: Cell) => number,
  middles: Map<Cell, number>,
): void {
  // What is wanted, less the room that the cells before take: these only must not decrease.
  const offsets: number[] = [];
  let offset = 0;
  layer.forEach((cell, at) => {
    const before = layer[at - 1];
    if (before !== undefined) offset += (roomOf(before) + roomOf(cell)) / 2;
    offsets.push(offset);
  });
  const blocks: Block[] = [];
  offsets.forEach((each, at) => {
    blocks.push({ best: (wanted[at] ?? 0) - each, count: 1 });
    for (let last = blocks.at(-1), before = blocks.at(-2); last !== undefined && before !== undefined;) {
      if (before.best <= last.best) break;
      blocks.pop();
      before.best = (before.best * before.count + last.best * last.count) / (before.count + last.count);
      before.count += last.count;
      [last, before] = [before, blocks.at(-2)];
    }
  });
  let at = 0;
  for (const { best, count } of blocks) {
    for (const cell of layer.slice(at, at + count)) {
      middles.set(cell, best + (offsets[at] ?? 0));
      at += 1;
    }
  }
}

function mean(cells: readonly Cell[], middles: ReadonlyMap<Cell, number>): number | undefined {
  if (cells.length === 0) return undefined;
  return cells.reduce((sum, cell) => sum + (middles.get(cell) ?? 0), 0) / cells.length;
}
