/** What the schema has against a plan, in the words of its author: field, rule, and the name that was meant. */

import { z } from "zod";
import { type Finding, type PlanPath, quote } from "./problem.ts";
import { planInput } from "./schema.ts";
import { suggest } from "./suggest.ts";

type Issue = z.core.$ZodIssue;

/** The findings for the issues of `planInput.safeParse(…, {reportInput: true})`. */
export function schemaFindings(issues: readonly Issue[]): Finding[] {
  return issues.flatMap((issue) => findingsOf(issue, toPath(issue.path)));
}

function findingsOf(issue: Issue, path: PlanPath): Finding[] {
  const label = quotedField(path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownField(path, key));
    case "invalid_union":
      return unionFindings(issue, path);
    case "invalid_type":
      if (issue.input === undefined) return [missing(path)];
      // `checks/texts.ts` reports those, wherever they stand.
      if (typeof issue.input === "number" && !Number.isFinite(issue.input)) return [];
      return [{ path, message: `${label} must be ${typeName(issue.expected)}, not ${kindOf(issue.input)}` }];
    case "invalid_value":
      return [notAChoice(path, issue.values.map(String), issue.input)];
    case "too_small":
      return [{ path, message: `${label} ${lowerLimit(issue)}` }];
    case "too_big":
      return [{ path, message: `${label} ${upperLimit(issue)}` }];
    default:
      return [{ path, message: `${label} ${issue.message}` }];
  }
}

function unknownField(path: PlanPath, key: string): Finding {
  return {
    path: [...path, key],
    target: "key",
    message: `unknown field ${quote(key)}`,
    hint: suggest(key, fieldsAt(path)),
  };
}

function missing(path: PlanPath): Finding {
  return { path: path.slice(0, -1), message: `${quote(String(path.at(-1)))} is missing` };
}

function notAChoice(path: PlanPath, choices: readonly string[], input: unknown): Finding {
  if (input === undefined) return missing(path);
  const list = choices.map((each) => /^\d+$/.test(each) ? each : quote(each)).join(", ");
  return {
    path,
    message: `${quotedField(path)} must be ${choices.length === 1 ? list : `one of ${list}`}`,
    hint: typeof input === "string" ? suggest(input, choices) : undefined,
  };
}

/** A value that fits no alternative: what is wrong inside the one whose type it has, else the types that fit. */
function unionFindings(issue: Extract<Issue, { code: "invalid_union" }>, path: PlanPath): Finding[] {
  if (issue.input === undefined) return [missing(path)];
  const isOtherType = (each: Issue) => each.path.length === 0 && each.code === "invalid_type";
  const meant = issue.errors.find((errors) => !errors.some(isOtherType));
  if (meant !== undefined) return meant.flatMap((each) => findingsOf(each, [...path, ...toPath(each.path)]));
  const types = issue.errors.flat().flatMap((
    each,
  ) => (each.code === "invalid_type" ? [typeName(each.expected)] : []));
  return [{
    path,
    message: `${quotedField(path)} must be ${types.join(" or ")}, not ${kindOf(issue.input)}`,
  }];
}

function lowerLimit(issue: Extract<Issue, { code: "too_small" }>): string {
  if (issue.origin === "string" || issue.origin === "array") return "must not be empty";
  return `must be ${issue.inclusive ? "at least" : "greater than"} ${issue.minimum}`;
}

function upperLimit(issue: Extract<Issue, { code: "too_big" }>): string {
  if (issue.origin === "string") return `must have at most ${issue.maximum} characters`;
  return `must be at most ${issue.maximum}`;
}

/** The field names that the schema knows at a place of the plan. */
function fieldsAt(path: PlanPath): string[] {
  let schemas: readonly unknown[] = [planInput];
  for (const step of path) {
    schemas = schemas.flatMap(alternatives).flatMap((schema) => childSchema(schema, step));
  }
  return schemas.flatMap(alternatives).flatMap((schema) =>
    schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  );
}

function alternatives(schema: unknown): unknown[] {
  if (schema instanceof z.ZodOptional) return alternatives(schema.unwrap());
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(alternatives);
  return [schema];
}

function childSchema(schema: unknown, step: string | number): unknown[] {
  if (schema instanceof z.ZodArray) return [schema.element];
  if (schema instanceof z.ZodRecord) return [schema.valueType];
  return schema instanceof z.ZodObject ? [schema.shape[step]] : [];
}

/** The field as its author would name it, in quotes: `"retry_policy.jitter"`, `"dependencies[2]"`. */
function quotedField(path: PlanPath): string {
  // The task or gate that it belongs to is named before it.
  const isInList = (path[0] === "tasks" || path[0] === "gates") && path.length > 2;
  const steps = isInList ? path.slice(2) : path[0] === "defaults" && path.length > 1 ? path.slice(1) : path;
  if (steps.length === 0) return "the plan";
  const name = steps.map((each, at) => typeof each === "number" ? `[${each}]` : at === 0 ? each : `.${each}`)
    .join("");
  return quote(name);
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

function typeName(expected: string): string {
  return TYPE_NAMES[expected] ?? expected;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return "a text";
    case "number":
    case "boolean":
      return String(value);
    default:
      return "an object";
  }
}

function toPath(path: readonly PropertyKey[]): PlanPath {
  return path.map((each) => (typeof each === "symbol" ? String(each) : each));
}
