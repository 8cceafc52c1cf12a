import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { findCycles } from "../../src/plan/cycles.ts";
import { buildGraph, remainingPaths, selectTasks, topologicalOrder } from "../../src/plan/graph.ts";

/** A graph from "a: b c; d": a depends on b and c. */
function graphOf(text: string) {
  const tasks = text.split(";").map((part) => {
    const [id = "", dependencies = ""] = part.split(":").map((each) => each.trim());
    return { id, dependencies: dependencies.split(" ").filter((each) => each !== "") };
  });
  const ids = tasks.map((task) => task.id);
  const graph = buildGraph(tasks);
  return {
    graph,
    name: (ordinals: Iterable<number>) => [...ordinals].map((each) => ids[each]).join(" "),
    ids,
  };
}

/** Dependencies of random tasks on earlier ones. */
const anyDag = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 30 }).map((rows) =>
  rows.map((row, ordinal) => [...new Set(ordinal === 0 ? [] : row.map((each) => each % ordinal))])
);
const tasksOf = (dependencies: readonly (readonly number[])[]) =>
  dependencies.map((each, ordinal) => ({ id: String(ordinal), dependencies: each.map(String) }));

Deno.test("buildGraph() links both ways and refuses unknown names", () => {
  const { graph } = graphOf("a; b: a; c: a b");
  assertEquals(graph.dependencies, [[], [0], [0, 1]]);
  assertEquals(graph.dependents, [[1, 2], [2], []]);
  assertThrows(() => graphOf("a: x"), RangeError, '"x"');
});

Deno.test("topologicalOrder() puts dependencies first and keeps the order of the plan otherwise", () => {
  const { graph, name } = graphOf("d: b c; b: a; c: a; a; e");
  assertEquals(name(topologicalOrder(graph)), "a e b c d");
  const cyclic = graphOf("a: b; b: a; c; d: b");
  assertEquals(cyclic.name(topologicalOrder(cyclic.graph)), "c");
});

Deno.test("topologicalOrder() holds every task of a random plan after its dependencies", () => {
  fc.assert(fc.property(anyDag, (dependencies) => {
    const order = topologicalOrder(buildGraph(tasksOf(dependencies)));
    assertEquals(order.length, dependencies.length);
    const places = new Map(order.map((ordinal, place) => [ordinal, place]));
    const placeOf = (ordinal: number) => places.get(ordinal) ?? -1;
    for (const [ordinal, each] of dependencies.entries()) {
      for (const dependency of each) assert(placeOf(dependency) < placeOf(ordinal));
    }
  }));
});

Deno.test("remainingPaths() is the heaviest chain from each task on", () => {
  const { graph } = graphOf("a; b: a; c: a; d: b c; e");
  const weights = [1, 10, 100, 1000, 5];
  assertEquals(remainingPaths(graph, (ordinal) => weights[ordinal] ?? 0), [1101, 1010, 1100, 1000, 5]);
});

Deno.test("selectTasks() adds dependencies to only, and what comes after to from", () => {
  const { graph, name, ids } = graphOf("a; b: a; c: b; d: b x; x; y: x");
  const select = (only: string, from: string) => {
    const ordinals = (text: string) =>
      text.split(" ").filter((each) => each !== "").map((each) => ids.indexOf(each));
    const chosen = selectTasks(graph, { only: ordinals(only), from: ordinals(from) });
    return name([...chosen].sort((p, q) => p - q));
  };
  assertEquals(select("c", ""), "a b c");
  assertEquals(select("", "b"), "a b c d x");
  assertEquals(select("y", "c"), "a b c x y");
  assertEquals(select("", ""), "");
});

Deno.test("findCycles() gives one cycle per group, whatever its length", () => {
  const cyclesOf = (text: string) => {
    const { graph, name } = graphOf(text);
    return findCycles(graph.dependencies).map(name);
  };
  assertEquals(cyclesOf("a; b: a"), []);
  assertEquals(cyclesOf("a: b; b: a"), ["a b"]);
  assertEquals(cyclesOf("x; a: b x; b: c; c: a x; d: a"), ["a b c"]);
  assertEquals(cyclesOf("a: b; b: a; c: d; d: e; e: c a"), ["a b", "c d e"]);
  // Two cycles through one task: the shorter one.
  assertEquals(cyclesOf("a: b d; b: c; c: a; d: a"), ["a d"]);
  // A task that depends on itself is told about elsewhere.
  assertEquals(findCycles([[0]]), []);
});

Deno.test("findCycles() finds a cycle exactly where the topological order is incomplete, and it is one", () => {
  const anyGraph = fc.integer({ min: 1, max: 12 }).chain((count) =>
    fc.array(fc.uniqueArray(fc.nat(count - 1), { maxLength: 3 }), { minLength: count, maxLength: count })
  ).map((rows) => rows.map((row, ordinal) => row.filter((each) => each !== ordinal)));
  fc.assert(fc.property(anyGraph, (dependencies) => {
    const cycles = findCycles(dependencies);
    const order = topologicalOrder(buildGraph(tasksOf(dependencies)));
    assertEquals(cycles.length > 0, order.length < dependencies.length);
    for (const cycle of cycles) {
      cycle.forEach((each, at) => assert(dependencies[each]?.includes(cycle[(at + 1) % cycle.length] ?? -1)));
    }
  }));
});

Deno.test("every walk over a chain of 100,000 tasks is iterative", () => {
  const count = 100_000;
  const chain = Array.from({ length: count }, (_, at) => (at === 0 ? [] : [at - 1]));
  const graph = buildGraph(tasksOf(chain));
  assertEquals(topologicalOrder(graph).length, count);
  assertEquals(remainingPaths(graph, () => 1)[0], count);
  assertEquals(selectTasks(graph, { only: [count - 1], from: [] }).size, count);
  assertEquals(selectTasks(graph, { only: [], from: [0] }).size, count);
  assertEquals(findCycles(chain), []);
  const ring = [[count - 1], ...chain.slice(1)];
  assertEquals(findCycles(ring)[0]?.length, count);
});
