/** What the schema has against a plan, in the words of its author: field, rule, and the name that was meant. */

import { z } from "zod";
import { type Finding, type PlanPath, quote } from "./problem.ts";
import { planInput } from "./schema.ts";
import { nearest } from "./nearest.ts";

type Issue = z.core.$ZodIssue;

/** The findings for the issues of `planInput.safeParse(…, {reportInput: true})`. */
export function schemaFindings(issues: readonly Issue[]): Finding[] {
  return issues.flatMap((issue) => findingsOf(issue, toPath(issue.path)));
}

function findingsOf(issue: Issue, path: PlanPath): Finding[] {
  const label = quotedField(path);
  switch (issue.code) {
    case "unrecognized_keys":
      // `json_scan.ts` has reported the name that no object may have.
      return issue.keys.filter((key) => key !== "__proto__").map((key) => unknownField(path, key));
    case "invalid_union":
      return unionFindings(issue, path);
    case "invalid_type":
      if (issue.input === undefined) return [missing(path)];
      // `checks/texts.ts` reports those, wherever they stand.
      if (typeof issue.input === "number" && !Number.isFinite(issue.input)) return [];
      return [wrongType(path, typeName(issue.expected), issue.input)];
    case "invalid_value":
      return [notAChoice(path, issue.values.map(String), issue.input)];
    case "too_small": {
      const hint = isTasks(path) ? NO_TASKS : undefined;
      return [{ code: "out_of_range", path, message: `${label} ${lowerLimit(issue)}`, hint }];
    }
    case "too_big":
      return [{ code: "out_of_range", path, message: `${label} ${upperLimit(issue)}` }];
    default:
      return [{ code: "wrong_form", path, message: `${label} ${issue.message}` }];
  }
}

/** The names of all fields are told where there are not more. */
const MOST_NAMED = 12;

function unknownField(path: PlanPath, key: string): Finding {
  const known = fieldsAt(path);
  const suggestion = nearest(key, known);
  return {
    code: "unknown_field",
    path: [...path, key],
    target: "key",
    message: `unknown field ${quote(key)}`,
    ...(suggestion === undefined ? { hint: fieldsHint(known) } : { suggestion }),
  };
}

function fieldsHint(known: readonly string[]): string {
  return known.length > MOST_NAMED
    ? "omk help plan tells all fields"
    : `the fields here are ${known.map(quote).join(", ")}`;
}

function missing(path: PlanPath): Finding {
  const message = `${quote(String(path.at(-1)))} is missing`;
  return { code: "missing_field", path, message, hint: isTasks(path) ? NO_TASKS : undefined };
}

/** What to do about a plan without tasks. */
const NO_TASKS = 'name what is to be done; without tasks it gives settings for omk run "PROMPT" only';

function isTasks(path: PlanPath): boolean {
  return path.length === 1 && path[0] === "tasks";
}

function wrongType(path: PlanPath, expected: string, input: unknown): Finding {
  const message = `${quotedField(path)} must be ${expected}, not ${kindOf(input)}`;
  return { code: "wrong_type", path, message, hint: typeHint(expected, input) };
}

/** How to write what was given as what is wanted, where that is plain. */
function typeHint(expected: string, input: unknown): string | undefined {
  const isScalar = typeof input === "string" || typeof input === "number";
  if (expected === TYPE_NAMES["array"] && isScalar) return "write it in brackets: [ … ]";
  if (typeof input !== "string") return undefined;
  const isNumber = expected.endsWith("number") && /^-?\d+(?:\.\d+)?$/.test(input);
  const isLiteral = expected === TYPE_NAMES["boolean"] && /^(?:true|false)$/.test(input);
  return isNumber || isLiteral ? `write ${input} without quotes` : undefined;
}

function notAChoice(path: PlanPath, choices: readonly string[], input: unknown): Finding {
  if (input === undefined) return missing(path);
  const list = choices.map((each) => /^\d+$/.test(each) ? each : quote(each)).join(", ");
  const suggestion = typeof input === "string" ? nearest(input, choices) : undefined;
  return {
    code: "wrong_choice",
    path,
    message: `${quotedField(path)} must be ${choices.length === 1 ? list : `one of ${list}`}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** A value that fits no alternative: what is wrong inside the one whose type it has, else the types that fit. */
function unionFindings(issue: Extract<Issue, { code: "invalid_union" }>, path: PlanPath): Finding[] {
  if (issue.input === undefined) return [missing(path)];
  // A list of choices does not say that it wants a text.
  const isObject = typeof issue.input === "object";
  const isOtherType = (each: Issue) =>
    each.path.length === 0 &&
    (each.code === "invalid_type" || (isObject && each.code === "invalid_value"));
  const meant = issue.errors.find((errors) => !errors.some(isOtherType));
  if (meant !== undefined) return meant.flatMap((each) => findingsOf(each, [...path, ...toPath(each.path)]));
  const types = issue.errors.flat().flatMap((
    each,
  ) => (each.code === "invalid_type" ? [typeName(each.expected)] : []));
  return [wrongType(path, types.join(" or "), issue.input)];
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
