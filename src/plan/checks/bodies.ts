/** Bodies: each task has exactly one, and there is something in it. */

import { commandProblem } from "../command.ts";
import { fieldScopes, type PlanDraft } from "../draft.ts";
import { nearest } from "../nearest.ts";
import { type Finding, jsonPointer, type PlanPath } from "../problem.ts";
import type { TaskFields } from "../task_schema.ts";

/** The fields that say what a task does. */
export const BODY_FIELDS = ["run", "prompt", "loop", "review"] as const;

/** The bodies that these fields give. */
export function bodiesOf(fields: Partial<TaskFields>): (typeof BODY_FIELDS)[number][] {
  return BODY_FIELDS.filter((field) => fields[field] !== undefined);
}

/** Checks the bodies of all tasks. */
export function checkBodies(draft: PlanDraft): Finding[] {
  const findings: Finding[] = [];
  const hasDefault = bodiesOf(draft.defaults ?? {}).length > 0 || hasRefusedBody(draft, ["defaults"]);
  for (const { path, fields } of fieldScopes(draft)) {
    const bodies = bodiesOf(fields);
    if (bodies.length > 1) {
      const list = bodies.map((field) => `"${field}"`).join(" and ");
      findings.push({
        code: "conflict",
        path: [...path, bodies[1] ?? ""],
        target: "key",
        message: `${list} exclude each other`,
        hint: "keep one of them: a task does one thing",
      });
    } else if (bodies.length === 0 && path[0] === "tasks" && !hasDefault && !hasRefusedBody(draft, path)) {
      findings.push({
        code: "missing_field",
        path: [...path, "run"],
        message: "there is nothing to do",
        hint: 'give it a command: "run": "make test"',
      });
    }
    if (fields.run !== undefined) {
      const problem = commandProblem(fields.run);
      if (problem !== undefined) {
        findings.push({ code: "wrong_form", path: [...path, "run"], message: `"run" ${problem}` });
      }
    }
    if (fields.loop !== undefined) findings.push(...checkLoopBody([...path, "loop"], fields.loop));
    if (fields.prompt !== undefined) findings.push(...checkPrompt(path, fields.prompt));
  }
  return findings;
}

function checkPrompt(path: PlanPath, prompt: string): Finding[] {
  if (prompt.trim() !== "") return [];
  return [{ code: "wrong_form", path: [...path, "prompt"], message: '"prompt" is empty' }];
}

function checkLoopBody(path: PlanPath, loop: NonNullable<TaskFields["loop"]>): Finding[] {
  if (loop.run === undefined) {
    if (loop.prompt !== undefined) return checkPrompt(path, loop.prompt);
    const hint = 'give it a command: "run": "make fix"';
    return [{ code: "missing_field", path: [...path, "run"], message: "there is nothing to repeat", hint }];
  }
  if (loop.prompt !== undefined) {
    return [{
      code: "conflict",
      path: [...path, "prompt"],
      target: "key",
      message: '"run" and "prompt" exclude each other',
      hint: "keep one of them: a loop repeats one thing",
    }];
  }
  const problem = commandProblem(loop.run);
  return problem === undefined
    ? []
    : [{ code: "wrong_form", path: [...path, "run"], message: `"run" ${problem}` }];
}

/** Whether the task is no object, or its body has a wrong form or name: that is reported already. */
function hasRefusedBody(draft: PlanDraft, path: PlanPath): boolean {
  const place = String(path.at(-1));
  if (draft.refused.get(jsonPointer(path.slice(0, -1)))?.has(place)) return true;
  const refused = draft.refused.get(jsonPointer(path)) ?? [];
  return [...refused].some((field) => nearest(field, BODY_FIELDS) !== undefined);
}
