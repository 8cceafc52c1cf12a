/**
 * The logs of the three systems that omk continues: lines of JSON, each system's with fields of its own. Here is how
 * they are told apart, and what a line of each means in the terms of an event. Pure.
 */

import type { FreeEvent, Subject } from "../event.ts";
import { LineError } from "../line.ts";

/**
 * Whose lines a log has:
 * - `omk`: this one's;
 * - `omk-0.5`: `id, run_id, ts, schema_version, kind, actor?, payload?`;
 * - `omne`: `id, ts, run_id, type` and the fields of that type, such as `pipe.started`;
 * - `harn`: the sink's `index, emitted_at_ms, frame_depth, type` and the fields of that type;
 * - `harn-topic`: `id` from 1 and `event {kind, payload, headers, occurred_at_ms}`.
 */
export type LogFormat = "omk" | "omk-0.5" | "omne" | "harn" | "harn-topic";

/** A log that this omk reads, and nobody appends to any more. */
export type LegacyFormat = Exclude<LogFormat, "omk">;

type Fields = Readonly<Record<string, unknown>>;

/** Types of omne's events; only their first words are fixed. */
const OMNE_TYPE = /^(?:pipe|node|gate|iteration)\.[a-z_]+$/;

/** The format that an object is a line of; undefined where it is of none. */
export function formatOf(fields: Fields): LogFormat | undefined {
  const { id, index, kind, type, event } = fields;
  if (typeof index === "number" && typeof kind === "string" && "subject" in fields) return "omk";
  if (typeof fields.emitted_at_ms === "number" && typeof type === "string") return "harn";
  if (typeof id === "number" && isObject(event) && typeof event.kind === "string") return "harn-topic";
  if (typeof id !== "string" || typeof fields.run_id !== "string" || typeof fields.ts !== "string") {
    return undefined;
  }
  if (typeof type === "string" && OMNE_TYPE.test(type)) return "omne";
  return typeof kind === "string" && index === undefined ? "omk-0.5" : undefined;
}

/**
 * The event that a line means. Kinds are kept as they are, also those that their own system did not know; what the
 * envelope has no place for is the payload.
 *
 * @param ordinal how many events stand before it: its index, where the format has none
 * @throws {LineError} if the object is no line of the format
 */
export function legacyEvent(format: LegacyFormat, fields: Fields, ordinal: number): FreeEvent {
  if (formatOf(fields) !== format) throw new LineError(`not a line of a log of ${format}`);
  switch (format) {
    case "omk-0.5": {
      const { id, run_id, ts, kind, schema_version, actor, payload = null } = fields;
      return make({ index: ordinal, id, run_id, ts, schema_version, kind, actor, payload });
    }
    case "omne": {
      const { id, run_id, ts, type, ...payload } = fields;
      return make({ index: ordinal, id, run_id, ts, kind: type, payload });
    }
    case "harn": {
      const { index, emitted_at_ms, frame_depth: _, type, ...payload } = fields;
      const session = payload.session_id;
      const ts = timeOf(emitted_at_ms);
      return make({ index, id: String(index), run_id: session, ts, kind: type, actor: session, payload });
    }
    case "harn-topic": {
      const { kind, payload = null, headers, occurred_at_ms } = fields.event as Fields;
      const session = isObject(headers) ? headers.session_id : undefined;
      const ts = timeOf(occurred_at_ms);
      const id = String(fields.id);
      return make({ index: fields.id, id, run_id: session, ts, kind, actor: session, payload });
    }
  }
}

/** The gate that a line of an earlier system is about; undefined where it is about none. */
export function gateOf({ payload }: FreeEvent): string | undefined {
  return textIn(payload, "gate_id") ?? textIn(payload, "gate") ?? textIn(payload, "name");
}

function make(raw: { readonly [Field in Exclude<keyof FreeEvent, "subject">]?: unknown }): FreeEvent {
  const { index, ts, kind, payload } = raw;
  if (typeof index !== "number" || !Number.isSafeInteger(index) || index < 0) throw wrong("index");
  if (typeof ts !== "string" || Number.isNaN(Date.parse(ts))) throw wrong("ts");
  if (typeof kind !== "string" || kind === "") throw wrong("kind");
  return {
    index,
    id: text(raw.id) ?? "",
    run_id: text(raw.run_id) ?? "",
    ts: new Date(ts).toISOString(),
    schema_version: typeof raw.schema_version === "number" ? raw.schema_version : 1,
    kind,
    subject: subjectOf(payload),
    actor: text(raw.actor) ?? "unknown",
    payload,
  };
}

/** Of the task that the payload names; in omne's terms a node. Old payloads of omk had it under the key "0". */
function subjectOf(payload: unknown): Subject {
  const inner = isObject(payload) ? payload["0"] : undefined;
  const task = textIn(payload, "task_id") ?? textIn(payload, "node_id") ?? textIn(inner, "task_id") ??
    text(inner);
  return task === undefined ? "run" : `task/${task}`;
}

function textIn(value: unknown, name: string): string | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? text(value[name]) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function timeOf(ms: unknown): string {
  if (typeof ms !== "number" || Number.isNaN(new Date(ms).getTime())) throw wrong("time");
  return new Date(ms).toISOString();
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(field: string): LineError {
  return new LineError(`its ${field} has a wrong value`);
}
