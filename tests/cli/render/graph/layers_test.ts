import { assert, assertEquals } from "@std/assert";
import { heightsOf } from "../../../../src/cli/render/graph/heights.ts";
import { layersOf } from "../../../../src/cli/render/graph/layers.ts";
import { type GraphPicture, graphPicture } from "../../../../src/cli/render/graph/picture.ts";
import { makePlan, makeTask } from "../../../run/fixture.ts";

/** A picture of tasks that are given by what they depend on. */
function pictureOf(tasks: Readonly<Record<string, readonly string[]>>): GraphPicture {
  const specs = Object.entries(tasks).map(([id, dependencies]) => makeTask(id, { dependencies }));
  return graphPicture(makePlan(specs), { durations: new Map(), stateOf: null });
}

Deno.test("layersOf() puts each task after all that it depends on, and leads long edges through each layer", () => {
  const { nodes } = pictureOf({ a: [], b: ["a"], c: ["b"], d: ["c", "a"], alone: [] });
  const { layers, routes } = layersOf(nodes);
  const idOf = (place: number | null) => place === null ? "bend" : nodes[place]?.id;
  assertEquals(layers.map((layer) => layer.map(({ place }) => idOf(place)).sort()), [
    ["a", "alone"],
    ["b", "bend"],
    ["bend", "c"],
    ["d"],
  ]);
  assertEquals(routes.map((route) => route.map(({ place }) => idOf(place)).join(" ")), [
    "a b",
    "b c",
    "c d",
    "a bend bend d",
  ]);
});

Deno.test("layersOf() orders layers so that lines that need not cross do not", () => {
  const { nodes } = pictureOf({ a: [], b: [], c: [], x: ["c"], y: ["b"], z: ["a"] });
  const { layers } = layersOf(nodes);
  const ids = layers.map((layer) => layer.map(({ place }) => nodes[place ?? -1]?.id).join(""));
  assertEquals(ids, ["abc", "zyx"]);
});

Deno.test("heightsOf() leaves each cell its room, in the order of its layer, and begins at the top", () => {
  const { nodes } = pictureOf({
    a: [],
    b: [],
    c: [],
    d: [],
    all: ["a", "b", "c", "d"],
    one: ["d"],
    two: ["d"],
    last: ["all", "one", "a"],
  });
  const { layers } = layersOf(nodes);
  const roomOf = ({ place }: { readonly place: number | null }) => place === null ? 10 : 40;
  const heights = heightsOf(layers, roomOf);
  const tops: number[] = [];
  for (const layer of layers) {
    let end = -Infinity;
    for (const cell of layer) {
      const middle = heights.get(cell) ?? Number.NaN;
      assert(middle - roomOf(cell) / 2 >= end - 1e-9, "no cell takes the room of another");
      end = middle + roomOf(cell) / 2;
      tops.push(middle - roomOf(cell) / 2);
    }
  }
  assertEquals(Math.min(...tops), 0);
});

Deno.test("layersOf() keeps the bends of many long edges within bounds", () => {
  const tasks: Record<string, readonly string[]> = { t0: [] };
  for (let at = 1; at < 5_000; at++) tasks[`t${at}`] = at === 1 ? ["t0"] : [`t${at - 1}`, "t0"];
  const { nodes } = pictureOf(tasks);
  const { layers, routes } = layersOf(nodes);
  assertEquals(layers.length, 5_000);
  assertEquals(routes.length, 9_997);
  assert(layers.flat().length <= 5_000 + 25_000);
});
