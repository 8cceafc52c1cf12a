/**
 * Redaction of payloads. Values of known shapes are hidden in every string. Values under secret-looking keys are
 * hidden in free-form parts only: a field that its kind declares is no secret, whatever its name (`token`).
 */

import { z } from "zod";
import type { Json } from "../canonical_json.ts";
import { isKind, KINDS } from "./kinds.ts";
import { marker, redactText } from "./redact.ts";

/** Endings of keys, in lower case and without separators, whose values are secrets. */
const SECRET_KEY =
  /(?:token|secret|password|passwd|passphrase|credentials?|cookie|(?:api|access|secret|private|signing|encryption)key)$|authorization/;

/** A marker and nothing else: what a hidden value looks like. */
const HIDDEN = /^\[REDACTED:[a-z_]+\]$/;

/** Which part of a payload is free-form: all of it, none, or what its fields, items or values say. */
type Freedom = "free" | "declared" | FreeFields | FreeItems;
interface FreeFields {
  readonly fields: ReadonlyMap<string, Freedom>;
}
interface FreeItems {
  readonly items: Freedom;
}

/**
 * The payload with its secrets hidden; the very same object where there is none, and never a changed one. The
 * payload of a kind outside the table is free-form.
 */
export function redactPayload(kind: string, payload: Json): Json {
  return redactValue(payload, freedomOf(kind));
}

/** Whether some part of this kind's payload is free-form. */
export function hasFreeParts(kind: string): boolean {
  return freedomOf(kind) !== "declared";
}

/** Whether the value under this key is a secret, whatever it looks like. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key.toLowerCase().replaceAll(/[^a-z0-9]/g, ""));
}

function redactValue(value: Json, freedom: Freedom): Json {
  if (typeof value === "string") return redactText(value);
  if (value === null || typeof value !== "object") return value;
  if (isArray(value)) {
    const items = typeof freedom === "object" && "items" in freedom ? freedom.items : passedOn(freedom);
    const redacted = value.map((item) => redactValue(item, items));
    return redacted.every((item, i) => item === value[i]) ? value : redacted;
  }
  return redactObject(value, freedom);
}

function redactObject(object: { readonly [key: string]: Json }, freedom: Freedom): Json {
  const entries = Object.entries(object);
  // Copied from the first change on: nearly nothing holds a secret.
  let redacted: Record<string, Json> | undefined;
  for (let i = 0; i < entries.length; i++) {
    const [key, value] = entries[i] as [string, Json];
    const name = freedom === "free" ? redactText(key) : key;
    const hidden = freedom === "free" && isSecretKey(key)
      ? hide(value)
      : redactValue(value, freedomOfField(freedom, key));
    if (redacted === undefined) {
      if (name === key && hidden === value) continue;
      redacted = {};
      for (const [before, same] of entries.slice(0, i)) put(redacted, before, same);
    }
    put(redacted, name === key ? key : untaken(name, redacted), hidden);
  }
  return redacted ?? object;
}

/** Defined, not assigned: `__proto__` is a key like any other here. */
function put(object: Record<string, Json>, key: string, value: Json): void {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}

/** A redacted key, told apart from those that are there. */
function untaken(redacted: string, taken: Readonly<Record<string, Json>>): string {
  let name = redacted;
  for (let number = 2; Object.hasOwn(taken, name); number++) name = `${redacted}#${number}`;
  return name;
}

/** What stands in place of the value under a secret-looking key: yes, no and nothing are no secrets. */
function hide(value: Json): Json {
  if (value === null || typeof value === "boolean" || value === "") return value;
  return typeof value === "string" && HIDDEN.test(value) ? value : marker("key");
}

function freedomOfField(freedom: Freedom, key: string): Freedom {
  return typeof freedom === "object" && "fields" in freedom
    ? freedom.fields.get(key) ?? "declared"
    : passedOn(freedom);
}

function passedOn(freedom: Freedom): Freedom {
  return freedom === "free" ? "free" : "declared";
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

const freedoms = new Map<string, Freedom>();

function freedomOf(kind: string): Freedom {
  let freedom = freedoms.get(kind);
  if (freedom === undefined) {
    freedom = isKind(kind) ? freedomOfSchema(KINDS[kind].payload) : "free";
    freedoms.set(kind, freedom);
  }
  return freedom;
}

/** What a schema leaves open: `unknown`, `any` and records. */
function freedomOfSchema(schema: z.core.$ZodType): Freedom {
  if (schema instanceof z.ZodObject) {
    const fields = new Map<string, Freedom>();
    for (const [name, field] of Object.entries(schema.shape)) {
      const freedom = freedomOfSchema(field as z.core.$ZodType);
      if (freedom !== "declared") fields.set(name, freedom);
    }
    return fields.size === 0 ? "declared" : { fields };
  }
  if (schema instanceof z.ZodArray) {
    const items = freedomOfSchema(schema.element);
    return items === "declared" ? "declared" : { items };
  }
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return freedomOfSchema(schema.unwrap());
  }
  if (schema instanceof z.ZodUnion) {
    const options = schema.options.map((option) => freedomOfSchema(option));
    return options.find((option) => option !== "declared") ?? "declared";
  }
  return schema instanceof z.ZodUnknown || schema instanceof z.ZodAny || schema instanceof z.ZodRecord
    ? "free"
    : "declared";
}
