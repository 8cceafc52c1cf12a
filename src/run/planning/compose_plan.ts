/**
 * The plan that is run, of what a lead agent has answered and of the settings of the project: an agent says what is to be
 * done, and people under which rules. Pure.
 */

import { redactText } from "../../log/redact.ts";
import type { PlanningSpec } from "../../plan/spec.ts";
import { sortCriteria } from "./criteria.ts";

/** What an agent may say of a plan as a whole. */
const PLAN_FIELDS = ["version", "name", "workers", "pools", "gates", "tasks"] as const;
/** What it may not say of a task: where it works, what it gets from outside, and what it may reach are for people to say. */
const RESERVED_TASK_FIELDS = ["isolation", "env", "sandbox", "limits"] as const;
/** Longer names are cut. */
const LONGEST_NAME = 80;

/** A plan as it is written, before anybody has checked it. */
export interface ComposedPlan {
  /** JSON that a plan file may hold. */
  readonly text: string;
  /** What the agent said that it may not, one sentence each. */
  readonly objections: readonly string[];
}

/** Puts the answer of the agent and the settings of the project together; `agent` does what names no other. */
export function composePlan(
  answer: object,
  planning: Pick<PlanningSpec, "request" | "settings">,
  agent: string,
): ComposedPlan {
  const said: Record<string, unknown> = { ...answer };
  const { settings } = planning;
  const own = settingsOf(settings);
  const tasks = said.tasks;
  const plan = {
    version: said.version ?? 1,
    name: said.name ?? nameOf(planning.request),
    ...own,
    ...given("workers", own.workers ?? said.workers),
    ...given("pools", merged(said.pools, own.pools)),
    ...given("gates", joined(own.gates, said.gates)),
    defaults: { ...objectOf(own.defaults), agent },
    tasks: Array.isArray(tasks) ? tasks.map(sortCriteria) : tasks,
  };
  return { text: `${JSON.stringify(plan, null, 2)}\n`, objections: objectionsTo(said) };
}

/** The plan of one task with the whole request, where no agent has made another. */
export function singleTaskPlan(planning: Pick<PlanningSpec, "request" | "settings">, agent: string): string {
  const answer = { tasks: [{ id: "work", prompt: planning.request }] };
  return composePlan(answer, planning, agent).text;
}

/** A name of one short line for what was asked. */
export function nameOf(request: string): string {
  const line = redactText(request).replaceAll(/\s+/g, " ").trim();
  return line.length <= LONGEST_NAME ? line : `${[...line].slice(0, LONGEST_NAME - 1).join("").trimEnd()}…`;
}

/** The comments at the head of a kept plan. */
export function planHeader(request: string, lines: readonly string[]): string {
  return [...lines, `It was asked for: ${nameOf(request)}`].map((line) => `// ${line}\n`).join("");
}

/** The project's own settings: its plan without what that plan is to do. */
function settingsOf(settings: PlanningSpec["settings"]): Record<string, unknown> {
  const { $schema: _schema, version: _version, name: _name, tasks: _tasks, ...own } = settings;
  return own;
}

function objectionsTo(said: Record<string, unknown>): readonly string[] {
  const allowed: readonly string[] = PLAN_FIELDS;
  const ofPlan = Object.keys(said).filter((key) => !allowed.includes(key)).map((key) =>
    `"${key}" is not for you to say: a plan that you make has ${PLAN_FIELDS.join(", ")}, and nothing else`
  );
  const tasks = Array.isArray(said.tasks) ? said.tasks : [];
  const ofTasks = tasks.flatMap((task: unknown, at) => {
    const fields = objectOf(task);
    const refused: string[] = RESERVED_TASK_FIELDS.filter((key) => Object.hasOwn(fields, key));
    // What a file of this machine holds is not for an agent to put before another one.
    if (Object.hasOwn(objectOf(objectOf(fields.review).rubric), "file")) refused.push("review.rubric.file");
    return refused.map((key) =>
      `task ${JSON.stringify(fields.id ?? at + 1)}: "${key}" is not for you to say; leave it out`
    );
  });
  return [...ofPlan, ...ofTasks].map(redactText);
}

function given(key: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [key]: value };
}

/** Of two objects the fields of both, the second one's first; a value that is no object is left for the checks. */
function merged(under: unknown, over: unknown): unknown {
  if (over === undefined) return under;
  return under === undefined ? over : { ...objectOf(under), ...objectOf(over) };
}

function joined(first: unknown, second: unknown): unknown {
  if (!Array.isArray(first)) return second;
  return Array.isArray(second) ? [...first, ...second] : first;
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
