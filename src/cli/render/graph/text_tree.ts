/** A plan's graph as a tree of text: each task under the first of what it depends on. Pure. */

import type { Style } from "../../output.ts";
import { formatDuration } from "../duration.ts";
import { nodeFacts } from "./node_facts.ts";
import type { GraphNode, GraphPicture } from "./picture.ts";
import { COLOURS } from "./state_colours.ts";

/** From this level on lines are not led further in: the tree of a long chain would be mostly its lead. */
const DEEPEST_LEAD = 24;

/** A line to come: a task below another, and how it is led up to. */
interface Step {
  readonly place: number;
  /** The task that it stands under; null at the left. */
  readonly parent: number | null;
  /** What leads up to the lines of its level. */
  readonly before: string;
  readonly level: number;
  readonly isLast: boolean;
}

/**
 * One line for each task, under the first of what it depends on in the order of the picture; at others it is only
 * named, with an ellipsis. `marksCritical` marks the longest chain, and tells what it takes.
 */
export function textTree(picture: GraphPicture, style: Style, marksCritical: boolean): readonly string[] {
  const { nodes } = picture;
  const lines: string[] = [];
  const told = new Set<number>();
  const roots = nodes.flatMap((node, place) => node.dependencies.length === 0 ? [place] : []);
  // A stack instead of recursion: a chain may be longer than the machine's own stack.
  const steps: Step[] = roots.toReversed().map((place) => ({
    place,
    parent: null,
    before: "",
    level: 0,
    isLast: false,
  }));
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    const node = nodes[step.place];
    if (node === undefined) continue;
    const lead = leadOf(step);
    if (told.has(step.place)) {
      lines.push(style.dim(`${lead}${node.id} …`));
      continue;
    }
    told.add(step.place);
    const others = node.dependencies.filter((each) => each !== step.parent).map((each) => nodes[each]?.id);
    lines.push(`${style.dim(lead)}${nodeText(node, others, style, marksCritical)}`);
    const children = node.dependents;
    for (let at = children.length - 1; at >= 0; at--) {
      const place = children[at];
      if (place === undefined) continue;
      const isLast = at === children.length - 1;
      steps.push({ place, parent: step.place, before: continued(step), level: step.level + 1, isLast });
    }
  }
  return marksCritical ? [...lines, ...criticalLines(picture)] : lines;
}

function leadOf({ before, level, isLast }: Step): string {
  if (level === 0) return "";
  const lead = level > DEEPEST_LEAD ? `${before}⋯ ${level} ` : before;
  return `${lead}${isLast ? "└─ " : "├─ "}`;
}

/** What leads up to the lines below a step. */
function continued({ before, level, isLast }: Step): string {
  if (level === 0 || level >= DEEPEST_LEAD) return before;
  return `${before}${isLast ? "   " : "│  "}`;
}

function nodeText(
  node: GraphNode,
  others: readonly (string | undefined)[],
  style: Style,
  marksCritical: boolean,
): string {
  const conditions = [
    ...(others.length === 0 ? [] : [`also after ${others.join(", ")}`]),
    ...(node.trigger_rule === "all_success" ? [] : [node.trigger_rule]),
  ];
  const id = marksCritical && node.critical ? style.bold(`${node.id} *`) : node.id;
  return [
    id,
    ...(node.state === null ? [] : [style[COLOURS[node.state].terminal](node.state)]),
    ...nodeFacts(node),
    ...(conditions.length === 0 ? [] : [style.dim(`(${conditions.join("; ")})`)]),
  ].join("  ");
}

function criticalLines({ critical }: GraphPicture): readonly string[] {
  if (critical.tasks.length === 0) return [];
  const took = critical.known
    ? formatDuration(critical.ms)
    : `about ${formatDuration(critical.ms)}, as not all of it was timed before`;
  return ["", `critical path, ${took}: ${critical.tasks.join(" → ")}`];
}
