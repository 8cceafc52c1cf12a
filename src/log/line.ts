/** One line of a log: its envelope, and the keys that mark the borders of a commit. */

import type { FreeEvent, Subject } from "./event.ts";

/** An event with what its line says about its commit. */
export interface ParsedLine {
  readonly event: FreeEvent;
  /** Only in the first line of a commit: `sum` of the commit before it. */
  readonly prev: string | undefined;
  /** Only in the first line of a commit: how many lines it has; 0 elsewhere. */
  readonly count: number;
  /** Only in the last line of a commit: its sum. */
  readonly sum: string | undefined;
}

/** Why a line is not an event. */
export class LineError extends Error {
  override readonly name = "LineError";
}

const ENVELOPE = ["index", "id", "run_id", "ts", "schema_version", "kind", "subject", "actor", "payload"];
/** Behind the envelope stand `sum`, or `prev` and `commit`, or all three, and nothing else. */
const KEYS = [...ENVELOPE, "prev", "commit", "sum"];
const LAST_KEYS = [...ENVELOPE, "sum"];
/** The first line of a commit has at least so many. */
const FIRST_COUNT = ENVELOPE.length + 2;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const KIND = /^[a-z][a-z0-9_]*$/;
/** Lengths of a UUID and of a sum: what they are beyond that is for the chain to say. */
const ID_LENGTH = 36;
const SUM_LENGTH = 64;

/**
 * Reads a line, given without its line feed.
 *
 * @throws {LineError} if it is not a JSON object with the keys of an event in their order, each of its type.
 */
export function parseLine(text: string): ParsedLine {
  const fields = parseObject(text);
  const keys = countKeys(fields);
  checkEnvelope(fields);
  if (keys === ENVELOPE.length) return { event: fields, prev: undefined, count: 0, sum: undefined };
  const isFirst = keys >= FIRST_COUNT;
  const isLast = keys === LAST_KEYS.length || keys === KEYS.length;
  return {
    event: withoutBorders(fields),
    prev: isFirst ? readSum(fields, "prev") : undefined,
    count: isFirst ? readCount(fields) : 0,
    sum: isLast ? readSum(fields, "sum") : undefined,
  };
}

/** How many keys a line has; throws {@linkcode LineError} where they are not those that it should have, in order. */
function countKeys(fields: Readonly<Record<string, unknown>>): number {
  let expected = KEYS;
  let count = 0;
  for (const key in fields) {
    if (count === ENVELOPE.length && key === "sum") expected = LAST_KEYS;
    if (key !== expected[count]) {
      throw new LineError(count < ENVELOPE.length ? missing(count) : `unknown key "${key}"`);
    }
    count++;
  }
  if (count < ENVELOPE.length) throw new LineError(missing(count));
  if (count === FIRST_COUNT - 1 && expected === KEYS) throw new LineError(`"commit" should be behind "prev"`);
  return count;
}

function missing(count: number): string {
  return `"${ENVELOPE[count]}" should be key ${count + 1}`;
}

/** The JSON object in `text`; throws {@linkcode LineError}. */
export function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new LineError("not JSON", { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new LineError("not a JSON object");
  }
  return value as Record<string, unknown>;
}

/** What was last found right: it is mostly the same in the line behind. */
let lastTime = "";
/** A kind that was found right, and the one that last came behind it: to look there first saves a twelfth of reading a line. */
interface KnownKind {
  readonly text: string;
  next: KnownKind | undefined;
}
let lastKind: KnownKind = { text: "", next: undefined };
/** Those that were found right: a run's log has some dozens, and others are forgotten when they become many. */
const knownKinds = new Map<string, KnownKind>();
const MANY_KINDS = 500;

/**
 * Holds the envelope to its types; throws {@linkcode LineError}. Of equal texts it keeps one: its hash is known, and the
 * others take no memory.
 */
function checkEnvelope(
  fields: Record<string, unknown>,
): asserts fields is Record<string, unknown> & FreeEvent {
  const { index, id, run_id, ts, schema_version, kind, subject, actor } = fields;
  if (typeof index !== "number" || !Number.isSafeInteger(index) || index < 0) throw wrong("index");
  if (typeof id !== "string" || id.length !== ID_LENGTH) throw wrong("id");
  if (typeof run_id !== "string" || run_id === "") throw wrong("run_id");
  if (typeof ts !== "string" || (ts !== lastTime && !TIME.test(ts))) throw wrong("ts");
  if (typeof schema_version !== "number" || !Number.isInteger(schema_version) || schema_version < 1) {
    throw wrong("schema_version");
  }
  if (typeof kind !== "string") throw wrong("kind");
  if (!isSubject(subject)) throw wrong("subject");
  if (typeof actor !== "string" || actor === "") throw wrong("actor");
  if (ts !== lastTime) lastTime = ts;
  lastKind = knownKindOf(kind);
  fields.ts = lastTime;
  fields.kind = lastKind.text;
}

/** The event of a line that says something of its commit too. */
function withoutBorders(fields: FreeEvent): FreeEvent {
  const { index, id, run_id, ts, schema_version, kind, subject, actor, payload } = fields;
  return { index, id, run_id, ts, schema_version, kind, subject, actor, payload };
}

/** Throws {@linkcode LineError} for what is no word. */
function knownKindOf(kind: string): KnownKind {
  const { next } = lastKind;
  if (next?.text === kind) return next;
  let known = knownKinds.get(kind);
  if (known === undefined) {
    if (!KIND.test(kind)) throw wrong("kind");
    if (knownKinds.size >= MANY_KINDS) knownKinds.clear();
    known = { text: kind, next: undefined };
    knownKinds.set(kind, known);
  }
  lastKind.next = known;
  return known;
}

/** Whether a value is `run` or `task/<id>`. */
export function isSubject(value: unknown): value is Subject {
  return value === "run" || (typeof value === "string" && value.startsWith("task/") && value.length > 5);
}

/** The sum in the last line of a commit, or that of the commit before in its first. */
function readSum(fields: Readonly<Record<string, unknown>>, key: "sum" | "prev"): string {
  const sum = fields[key];
  if (typeof sum !== "string" || sum.length !== SUM_LENGTH) throw wrong(key);
  return sum;
}

/** How many lines a commit has, as its first line says. */
function readCount({ commit }: Readonly<Record<string, unknown>>): number {
  if (typeof commit !== "number" || !Number.isSafeInteger(commit) || commit < 1) throw wrong("commit");
  return commit;
}

function wrong(key: string): LineError {
  return new LineError(`"${key}" has a wrong value`);
}
