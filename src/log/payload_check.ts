/**
 * A quick check of payloads, made from their schemas. It only ever says yes where the schema does; whatever it does not
 * know or does not accept is for the schema itself to judge, which also says why. An event costs it a fraction of what
 * the schema does, and nearly all of them are as they should be.
 */

import type * as z from "zod";
import { type Kind, KINDS } from "./kinds.ts";

/** Whether a value is surely one of the schema that the check was made from. */
export type Check = (value: unknown) => boolean;

/** What is read of a schema; the rest of its definition is not looked at. */
interface Definition {
  readonly type: string;
  readonly check?: string;
  readonly format?: string;
  readonly checks?: readonly { readonly _zod: { readonly def: Rule } }[];
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly catchall?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly keyType?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly values?: readonly unknown[];
}

/** A rule beside the type of a value: a bound, a pattern. */
interface Rule {
  readonly check: string;
  readonly format?: string;
  readonly pattern?: RegExp;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly value?: number;
  readonly inclusive?: boolean;
}

/** The check of the payloads of a kind; making it costs more than a check, so it is to be kept. */
export function payloadCheckOf(kind: Kind): Check {
  return checkOf(KINDS[kind].payload) ?? (() => false);
}

/** The check of a schema; undefined where something in it is not known here. */
function checkOf(schema: z.core.$ZodType): Check | undefined {
  const definition = schema._zod.def as Definition;
  switch (definition.type) {
    case "unknown":
      return (value) => value !== undefined;
    case "boolean":
      return (value) => typeof value === "boolean";
    case "string":
      return stringCheck(definition);
    case "number":
      return numberCheck(definition);
    case "enum":
    case "literal": {
      const values = new Set(definition.values ?? Object.values(definition.entries ?? {}));
      return (value) => values.has(value);
    }
    case "nullable":
      return wrapped(definition, (inner) => (value) => value === null || inner(value));
    case "optional":
      return wrapped(definition, (inner) => (value) => value === undefined || inner(value));
    case "array":
      return arrayCheck(definition);
    case "object":
      return objectCheck(definition);
    case "record":
      return recordCheck(definition);
    default:
      return undefined;
  }
}

function wrapped({ innerType }: Definition, wrap: (inner: Check) => Check): Check | undefined {
  const inner = innerType && checkOf(innerType);
  return inner && wrap(inner);
}

function arrayCheck({ element, checks = [] }: Definition): Check | undefined {
  const item = element && checkOf(element);
  if (item === undefined || checks.length > 0) return undefined;
  return (value) => {
    if (!Array.isArray(value)) return false;
    // By index: `every` passes over holes.
    for (let i = 0; i < value.length; i++) if (!item(value[i])) return false;
    return true;
  };
}

/** Only objects that take no other keys than their own: what else a schema does with them is not known here. */
function objectCheck({ shape, catchall, checks = [] }: Definition): Check | undefined {
  const isStrict = (catchall?._zod.def as Definition | undefined)?.type === "never";
  if (shape === undefined || !isStrict || checks.length > 0) return undefined;
  const names = Object.keys(shape);
  const fields: Check[] = [];
  for (const schema of Object.values(shape)) {
    const check = checkOf(schema);
    if (check === undefined) return undefined;
    fields.push(check);
  }
  return (value) =>
    isPlainObject(value) && (isInOrder(value, names, fields) || isComplete(value, names, fields));
}

type Fields = Readonly<Record<string, unknown>>;

/** Whether the keys stand in the order of the schema, as nearly always: reading them on the way takes half of looking each up. */
function isInOrder(value: Fields, names: readonly string[], checks: readonly Check[]): boolean {
  let at = 0;
  for (const key in value) {
    while (names[at] !== key) {
      if (at === names.length || !(checks[at++] as Check)(undefined)) return false;
    }
    if (!(checks[at++] as Check)(value[key])) return false;
  }
  while (at < checks.length) {
    if (!(checks[at++] as Check)(undefined)) return false;
  }
  return true;
}

function isComplete(value: Fields, names: readonly string[], checks: readonly Check[]): boolean {
  let present = 0;
  for (let i = 0; i < checks.length; i++) {
    const field = value[names[i] as string];
    if (!(checks[i] as Check)(field)) return false;
    if (field !== undefined) present++;
  }
  // A key with the value `undefined` makes the count differ, and the schema decides.
  for (const _key in value) present--;
  return present === 0;
}

/** Only objects with any keys and values. */
function recordCheck({ keyType, valueType, checks = [] }: Definition): Check | undefined {
  const key = keyType?._zod.def as Definition | undefined;
  const isAny = key?.type === "string" && (key.checks ?? []).length === 0 && key.format === undefined;
  if (!isAny || valueType?._zod.def.type !== "unknown" || checks.length > 0) return undefined;
  return (value) => isPlainObject(value) && Object.values(value).every((each) => each !== undefined);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** One call for the type and all bounds: numbers are half of what payloads hold. */
function numberCheck({ check, format, checks = [] }: Definition): Check | undefined {
  if (check !== undefined && format !== "safeint") return undefined;
  const isSound = check === undefined ? Number.isFinite : Number.isSafeInteger;
  let [least, above, most, below] = [-Infinity, -Infinity, Infinity, Infinity];
  for (const { _zod } of checks) {
    const { check: rule, value: bound = NaN, inclusive = false } = _zod.def;
    if (Number.isNaN(bound)) return undefined;
    if (rule === "greater_than" && inclusive) least = Math.max(least, bound);
    else if (rule === "greater_than") above = Math.max(above, bound);
    else if (rule === "less_than" && inclusive) most = Math.min(most, bound);
    else if (rule === "less_than") below = Math.min(below, bound);
    else return undefined;
  }
  return (value) =>
    typeof value === "number" && isSound(value) && value >= least && value > above && value <= most &&
    value < below;
}

function stringCheck({ checks = [] }: Definition): Check | undefined {
  let whole: Check = (value) => typeof value === "string";
  for (const { _zod } of checks) {
    const rule = stringRule(_zod.def);
    if (rule === undefined) return undefined;
    const before = whole;
    whole = (value) => before(value) && rule(value);
  }
  return whole;
}

/** Called with strings only. */
function stringRule({ check, format, pattern, minimum = 0, maximum = Infinity }: Rule): Check | undefined {
  switch (check) {
    case "min_length":
      return (value) => String(value).length >= minimum;
    case "max_length":
      return (value) => String(value).length <= maximum;
    case "string_format":
      if (format !== "regex" || pattern === undefined || pattern.global || pattern.sticky) return undefined;
      return matchOf(pattern);
    default:
      return undefined;
  }
}

/** Remembers what has matched last: a base or a digest is mostly the same in the event behind. */
function matchOf(pattern: RegExp): Check {
  let last: unknown;
  return (value) => {
    if (value === last) return true;
    if (!pattern.test(String(value))) return false;
    last = value;
    return true;
  };
}
