/** Cycles of dependencies, found in linear time and without recursion (Tarjan's strongly connected components). */

/**
 * One shortest cycle through the first task of each group of tasks that depend on each other, in the order of the
 * plan. A cycle `[a, b]` means that a depends on b and b on a. `dependencies[n]` is what task number n depends on;
 * numbers outside of it are ignored, and so is a task that depends on itself.
 */
export function findCycles(dependencies: readonly (readonly number[])[]): number[][] {
  const components = componentsOf(dependencies);
  const firsts = new Map<number, number>();
  const sizes = new Map<number, number>();
  components.forEach((component, ordinal) => {
    if (!firsts.has(component)) firsts.set(component, ordinal);
    sizes.set(component, (sizes.get(component) ?? 0) + 1);
  });
  const cycles: number[][] = [];
  for (const [component, first] of firsts) {
    if ((sizes.get(component) ?? 0) > 1) cycles.push(shortestCycle(dependencies, components, first));
  }
  return cycles;
}

/** A walk along dependencies that comes back to `start`, inside its component. */
function shortestCycle(
  dependencies: readonly (readonly number[])[],
  components: readonly number[],
  start: number,
): number[] {
  const cameFrom = new Map<number, number>();
  const queue = [start];
  for (const ordinal of queue) {
    for (const next of dependencies[ordinal] ?? []) {
      if (next === ordinal || components[next] !== components[start]) continue;
      if (next === start) {
        const cycle: number[] = [];
        for (let at: number | undefined = ordinal; at !== undefined; at = cameFrom.get(at)) cycle.push(at);
        return cycle.reverse();
      }
      if (!cameFrom.has(next)) {
        cameFrom.set(next, ordinal);
        queue.push(next);
      }
    }
  }
  throw new Error("A strongly connected component without a cycle");
}

/** For each task, a number that it shares with exactly the tasks that it depends on and that depend on it. */
function componentsOf(dependencies: readonly (readonly number[])[]): number[] {
  const count = dependencies.length;
  const order = new Array<number>(count).fill(-1);
  const low = new Array<number>(count).fill(0);
  const components = new Array<number>(count).fill(-1);
  const open: number[] = [];
  let visited = 0;
  let found = 0;
  for (let root = 0; root < count; root++) {
    if (order[root] !== -1) continue;
    const path = [{ ordinal: root, next: 0 }];
    for (let frame = path.at(-1); frame !== undefined; frame = path.at(-1)) {
      const { ordinal } = frame;
      if (frame.next === 0) {
        order[ordinal] = low[ordinal] = visited++;
        open.push(ordinal);
      }
      const dependency = dependencies[ordinal]?.[frame.next++];
      if (dependency !== undefined) {
        if (order[dependency] === -1) path.push({ ordinal: dependency, next: 0 });
        else if (components[dependency] === -1) lower(low, ordinal, order[dependency]);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lower(low, parent.ordinal, low[ordinal]);
      if (low[ordinal] !== order[ordinal]) continue;
      for (let member = open.pop(); member !== undefined; member = open.pop()) {
        components[member] = found;
        if (member === ordinal) break;
      }
      found++;
    }
  }
  return components;
}

function lower(low: number[], ordinal: number, value: number | undefined): void {
  if (value !== undefined) low[ordinal] = Math.min(low[ordinal] ?? value, value);
}
