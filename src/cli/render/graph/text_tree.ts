/** A plan's graph as a tree of text: each task under the first of what it depends on. Pure. */

import type { Style } from "../../output.ts";
import { formatDuration } from "../duration.ts";
import { oneLine } from "../text.ts";
import type { GraphNode, GraphPicture } from "./picture.ts";
import { COLOURS } from "./state_colours.ts";

/** A line to come: a task below another, and how it is led up to. */
interface Step {
  readonly place: number;
  readonly before: string;
  readonly isLast: boolean;
  readonly isRoot: boolean;
}

/**
 * One line for each task, at its first parent in the order of the picture; at further parents a task is only named.
 * `critical` marks the longest chain and tells what it takes.
 */
export function textTree(
  { nodes, critical }: GraphPicture,
  style: Style,
  marksCritical: boolean,
): readonly string[] {
  const lines: string[] = [];
  const told = new Set<number>();
  const roots = nodes.flatMap((node, place) => node.dependencies.length === 0 ? [place] : []);
  // A stack instead of recursion: a chain may be longer than the machine's own stack.
  const steps: Step[] = roots.toReversed().map((place) => ({
    place,
    before: "",
    isLast: false,
    isRoot: true,
  }));
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    const node = nodes[step.place];
    if (node === undefined) continue;
    const lead = step.isRoot ? "" : `${step.before}${step.isLast ? "└─ " : "├─ "}`;
    if (told.has(step.place)) {
      lines.push(style.dim(`${lead}${node.id} …`));
      continue;
    }
    told.add(step.place);
    lines.push(`${style.dim(lead)}${nodeText(nodes, node, style, marksCritical)}`);
    const before = step.isRoot ? "" : `${step.before}${step.isLast ? "   " : "│  "}`;
    const children = node.dependents;
    for (let at = children.length - 1; at >= 0; at--) {
      const place = children[at];
      if (place === undefined) continue;
      steps.push({ place, before, isLast: at === children.length - 1, isRoot: false });
    }
  }
  if (!marksCritical || critical.tasks.length === 0) return lines;
  const about = critical.known ? "" : "at least, as not all of it was timed before: ";
  return [
    ...lines,
    "",
    `critical path, ${about}${formatDuration(critical.ms)}: ${critical.tasks.join(" → ")}`,
  ];
}

function nodeText(
  nodes: readonly GraphNode[],
  node: GraphNode,
  style: Style,
  marksCritical: boolean,
): string {
  const others = node.dependencies.slice(1).map((place) => nodes[place]?.id);
  const rule = node.trigger_rule === "all_success" ? "" : `, ${node.trigger_rule}`;
  const facts = [
    ...(node.state === null ? [] : [style[COLOURS[node.state].terminal](node.state)]),
    ...(node.earlier_ms === null ? [] : [style.dim(formatDuration(node.earlier_ms))]),
    ...(node.name === node.id ? [] : [oneLine(node.name)]),
    ...(others.length === 0 && rule === "" ? [] : [style.dim(`(also after ${others.join(", ")}${rule})`)]),
  ];
  const id = marksCritical && node.critical ? style.bold(`${node.id} *`) : node.id;
  return [id, ...facts].join("  ");
}
