/**
 * The template that prompts are made of. `{{name}}` stands for a value, and what stands between `{{#name}}` and `{{/name}}`
 * is left out where the value is empty. Pure.
 */

import { DEFAULT_TEMPLATE } from "./default_template.ts";

/** The values of a template, with what they hold. */
export const TEMPLATE_VALUES = {
  task_id: "id of the task",
  task_name: "its name in the plan",
  description: "what the plan says that it is for",
  prompt: "what is to be done, as the plan says it",
  acceptance_criteria: "what must be true in the end, one line each",
  write_set: "files that may be changed, one line each; empty where anything may be",
  read_set: "files that the plan says it reads, one line each",
  outputs: "files that it must leave for others, one line each",
  gates: "checks that its work must pass, one line each",
  iteration: "number of the iteration of its loop, from 1; empty where it has none",
  check: "what the gate of the loop said of the iteration before; empty in the first",
  attempt: "number of the attempt, from 1",
  earlier_attempts: "what earlier attempts failed with, and what shows it; empty in the first",
  answer: "what a person answered to the latest question of the task",
  run_id: "id of the run",
} as const;

/** See {@linkcode TEMPLATE_VALUES}. */
export type TemplateValue = keyof typeof TEMPLATE_VALUES;

/** What a template is filled with; an empty text stands for nothing. */
export type TemplateValues = Readonly<Record<TemplateValue, string>>;

/** What is wrong with a template, and where. Line and column count from 1. */
export interface TemplateFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

const TAG = /\{\{([#/]?)([^{}]*)\}\}/g;

/** The first fault of a template; undefined where it can be used. */
export function templateFault(text: string): TemplateFault | undefined {
  const open: { readonly name: string; readonly at: number }[] = [];
  for (const { 1: sign, 2: name = "", index } of text.matchAll(TAG)) {
    if (!Object.hasOwn(TEMPLATE_VALUES, name)) {
      const known = Object.keys(TEMPLATE_VALUES).join(", ");
      return faultAt(text, index, `"{{${sign}${name}}}" names no value; there are ${known}`);
    }
    if (sign === "#") open.push({ name, at: index });
    if (sign === "/" && open.pop()?.name !== name) {
      return faultAt(text, index, `"{{/${name}}}" closes what is not open`);
    }
  }
  const left = open.at(-1);
  if (left !== undefined) return faultAt(text, left.at, `"{{#${left.name}}}" is never closed`);
  return text.includes("{{prompt}}")
    ? undefined
    : faultAt(text, 0, '"{{prompt}}" is missing: the task itself');
}

/** Fills a template that has no fault. Values are put in as they are: what looks like a tag in them is none. */
export function fillTemplate(values: TemplateValues, text: string = DEFAULT_TEMPLATE): string {
  const kept: boolean[] = [];
  let filled = "";
  let from = 0;
  const add = (piece: string) => {
    if (!kept.includes(false)) filled += piece;
  };
  for (const match of text.matchAll(TAG)) {
    add(text.slice(from, match.index));
    from = match.index + match[0].length;
    // A template without fault names values only.
    const value = values[match[2] as TemplateValue];
    if (match[1] === "") add(value);
    else if (match[1] === "#") kept.push(value !== "");
    else kept.pop();
  }
  add(text.slice(from));
  return `${filled.replaceAll(/\n{3,}/g, "\n\n").trim()}\n`;
}

function faultAt(text: string, index: number, message: string): TemplateFault {
  const before = text.slice(0, index).split("\n");
  return { line: before.length, column: [...before.at(-1) ?? ""].length + 1, message };
}
