/** Loading of plans in tests: a small environment, and a redactor that knows one shape of secret. */

import { type LoadedPlan, loadPlan, type PlanSource } from "../../src/plan/load.ts";
import { formatProblem } from "../../src/plan/problem.ts";
import type { Plan, TaskSpec } from "../../src/plan/spec.ts";

/** Loads a text, or a value written as JSON, with the file name `omk.jsonc`. */
export function load(source: unknown, options: Partial<PlanSource> = {}): Promise<LoadedPlan> {
  return loadPlan({
    text: typeof source === "string" ? source : JSON.stringify(source),
    path: "omk.jsonc",
    env: { HOME: "/home/a" },
    redact: (text) => text.replaceAll(/SECRET-\d+/g, "[REDACTED]"),
    ...options,
  });
}

/** The plan of a source that must be fine. */
export async function planOf(source: unknown, options: Partial<PlanSource> = {}): Promise<Plan> {
  const loaded = await load(source, options);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join("\n"));
  return loaded.plan;
}

/** The task of a plan that holds only this one. */
export async function taskOf(
  fields: object,
  plan: object = {},
  options: Partial<PlanSource> = {},
): Promise<TaskSpec> {
  const { tasks } = await planOf({ tasks: [{ id: "t", run: "true", ...fields }], ...plan }, options);
  const [task] = tasks;
  if (task === undefined) throw new Error("the plan has no task");
  return task;
}

/** The problems of a source as lines without the file name; empty where it is fine. */
export async function problemsOf(source: unknown, options: Partial<PlanSource> = {}): Promise<string[]> {
  const loaded = await load(source, options);
  return loaded.ok ? [] : loaded.problems.map((each) => formatProblem(each).replace(/^omk\.jsonc:/, ""));
}

/** The messages of a source without places and hints. */
export async function messagesOf(source: unknown, options: Partial<PlanSource> = {}): Promise<string[]> {
  const loaded = await load(source, options);
  return loaded.ok ? [] : loaded.problems.map((each) => each.message);
}

/** The messages about the one task of a plan, or about other fields of the plan, each without the task. */
export async function aboutTask(fields: object, plan: object = {}): Promise<string[]> {
  const messages = await messagesOf({ tasks: [{ id: "t", run: "true", ...fields }], ...plan });
  return messages.map((each) => each.replace('task "t": ', ""));
}

/** The messages about a plan of one task and these fields. */
export function aboutPlan(fields: object): Promise<string[]> {
  return messagesOf({ tasks: [{ id: "t", run: "true" }], ...fields });
}
