/** What the fields of a plan are for, as its schema says. Loaded only where there is something to report. */

import type { FieldMeaning } from "./problem.ts";
import { planJsonSchema } from "./schema.ts";

/** The parts of a JSON Schema that lead from a place to what is said of it. */
interface Node {
  readonly description?: string;
  readonly properties?: { readonly [name: string]: Node };
  readonly additionalProperties?: boolean | Node;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly allOf?: readonly Node[];
  readonly $ref?: string;
  readonly definitions?: { readonly [name: string]: Node };
}

/** The schema is a tree of plain objects; only the fields above are looked at. */
let root: Node | undefined;

/**
 * What the field at a JSON Pointer is for; undefined for a place that is no field of a plan. What stands in a field
 * (an item of a list, a name that the author chose) has its meaning, unless it has one of its own.
 */
export function fieldMeaning(pointer: string): FieldMeaning | undefined {
  // The shape of what the schema becomes: see `Node`.
  root ??= planJsonSchema() as Node;
  const steps = pointer.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  let found: FieldMeaning | undefined;
  let nodes: readonly Node[] = [root];
  for (const step of steps) {
    nodes = nodes.flatMap(alternatives).flatMap((node) => childrenOf(node, step));
    if (nodes.length === 0) return undefined;
    const meaning = nodes.flatMap(alternatives).find(({ description }) => description !== undefined)
      ?.description;
    if (meaning !== undefined) found = { name: step, meaning };
  }
  return found;
}

function childrenOf(node: Node, step: string): readonly Node[] {
  const named = node.properties?.[step];
  if (named !== undefined) return [named];
  const { additionalProperties, items } = node;
  return [
    ...(typeof additionalProperties === "object" ? [additionalProperties] : []),
    ...(items === undefined || !/^\d+$/.test(step) ? [] : [items]),
  ];
}

/** The node itself and what it may be instead. */
function alternatives(node: Node): readonly Node[] {
  const name = node.$ref?.split("/").at(-1);
  const target = name === undefined ? undefined : root?.definitions?.[name];
  const others = [...(target === undefined ? [] : [target]), ...node.anyOf ?? [], ...node.allOf ?? []];
  return [node, ...others.flatMap(alternatives)];
}
