/** What a drawing tells of a task beside its id. Pure. */

import { formatDuration } from "../duration.ts";
import { oneLine } from "../text.ts";
import type { GraphNode } from "./picture.ts";

/** Its name where that is another than its id, how long it took, its pool, and what it makes. */
export function nodeFacts({ id, name, earlier_ms, pool, outputs }: GraphNode): readonly string[] {
  return [
    ...(name === id ? [] : [oneLine(name)]),
    ...(earlier_ms === null ? [] : [formatDuration(earlier_ms)]),
    ...(pool === null ? [] : [`pool ${pool}`]),
    ...(outputs.length === 0 ? [] : [`makes ${outputs.map(oneLine).join(", ")}`]),
  ];
}
