/**
 * A plan as far as it can be understood. Where the schema refuses a field, the rest is checked all the same, so
 * that all problems are reported at once.
 */

import { jsonPointer, type PlanPath } from "./problem.ts";
import type { GateInput } from "./gate_schema.ts";
import type { PlanInput } from "./schema.ts";
import type { TaskFields, TaskInput } from "./task_schema.ts";

/** A plan of which any part may be missing; what is there has the type that the schema demands. */
export type PlanDraft = Partial<Omit<PlanInput, "tasks" | "gates" | "pools">> & {
  readonly tasks: readonly Partial<TaskInput>[];
  /** Undefined where there is no list that could be understood. */
  readonly gates?: readonly Partial<GateInput>[] | undefined;
  readonly pools?: Readonly<Record<string, unknown>> | undefined;
  /** Names of the fields that were left out, by the JSON Pointer of the task or object that had them ("": the plan). */
  readonly refused: ReadonlyMap<string, ReadonlySet<string>>;
};

/** The place of a task, or of `defaults`, with its fields. */
export interface FieldScope {
  readonly path: PlanPath;
  readonly fields: Partial<TaskFields>;
}

/** The draft of what was parsed, without the values that an issue of the schema is about. */
export function draftOf(raw: unknown, issuePaths: readonly PlanPath[]): PlanDraft {
  const plan: Record<string, unknown> = isObject(raw) ? { ...raw } : {};
  for (const list of ["tasks", "gates"]) {
    const items = plan[list];
    if (Array.isArray(items)) plan[list] = items.map((item) => (isObject(item) ? { ...item } : {}));
    else delete plan[list];
  }
  for (const object of ["defaults", "worktree", "budget", "watchdog", "limits", "proposals", "approval"]) {
    const value = plan[object];
    if (isObject(value)) plan[object] = { ...value };
  }
  const refused = new Map<string, Set<string>>();
  for (const path of issuePaths) {
    forget(plan, path);
    const isItem = path[0] === "tasks" || path[0] === "gates";
    const depth = Math.min(isItem ? 2 : 1, path.length - 1);
    const scope = jsonPointer(path.slice(0, Math.max(0, depth)));
    const fields = refused.get(scope) ?? new Set();
    refused.set(scope, fields.add(String(path[depth])));
  }
  if (!isObject(plan["pools"])) delete plan["pools"];
  plan["tasks"] ??= [];
  plan["refused"] = refused;
  // The schema has accepted every value that is left; the type only adds that any may be absent.
  return plan as PlanDraft;
}

/** Whether the schema has refused a field of the plan as a whole. */
export function isRefused(draft: PlanDraft, field: string): boolean {
  return draft.refused.get("")?.has(field) ?? false;
}

/** `defaults`, where there are any, and all tasks. */
export function* fieldScopes(draft: PlanDraft): Generator<FieldScope> {
  if (draft.defaults !== undefined) yield { path: ["defaults"], fields: draft.defaults };
  for (const [place, fields] of draft.tasks.entries()) yield { path: ["tasks", place], fields };
}

/** Removes the field that holds the path. Lists of tasks and gates, and names of pools, stay. */
function forget(plan: Record<string, unknown>, path: PlanPath): void {
  const [first, second, third] = path;
  if (typeof first !== "string" || first === "pools" && path.length > 1) return;
  const value = plan[first];
  if ((first === "tasks" || first === "gates") && Array.isArray(value)) {
    const item: unknown = typeof second === "number" ? value[second] : undefined;
    if (isObject(item) && typeof third === "string") delete item[third];
  } else if (isObject(value) && typeof second === "string" && first !== "agents") {
    delete value[second];
  } else {
    delete plan[first];
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
