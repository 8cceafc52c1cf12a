/** Events as rows of the index, and filters as conditions on them. Pure. */

import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { FreeEvent, Subject } from "../event.ts";
import type { EventFilter } from "../event_filter.ts";

/** Stores an event; its parameters are those of {@linkcode rowOf}. */
export const INSERT_EVENT =
  "INSERT INTO events (run_id, event_index, id, ts, schema_version, kind, subject, task, actor, gate, payload) " +
  "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/** What {@linkcode eventOf} needs of a row. */
export const EVENT_COLUMNS = "run_id, event_index, id, ts, schema_version, kind, subject, actor, payload";

/** The row of an event. */
export function rowOf(event: FreeEvent): SQLInputValue[] {
  const { run_id, index, id, ts, schema_version, kind, subject, actor, payload } = event;
  const about = subject.startsWith("task/") ? subject.slice("task/".length) : null;
  return [
    run_id,
    index,
    id,
    ts,
    schema_version,
    kind,
    subject,
    textOf(payload, "task_id") ?? about,
    actor,
    textOf(payload, "gate"),
    JSON.stringify(payload),
  ];
}

/** The event of a row, its keys in the order of the log. */
export function eventOf(row: Readonly<Record<string, SQLOutputValue>>): FreeEvent {
  return {
    index: Number(row.event_index),
    id: String(row.id),
    run_id: String(row.run_id),
    ts: String(row.ts),
    schema_version: Number(row.schema_version),
    kind: String(row.kind),
    subject: String(row.subject) as Subject,
    actor: String(row.actor),
    payload: JSON.parse(String(row.payload)),
  };
}

/** A condition with the values of its parameters. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** The condition that holds for the rows of just those events that pass the filter. */
export function conditionOf({ kinds, actors, task, gate, since, until }: EventFilter): Condition {
  const terms: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (sql: string, ...more: readonly SQLInputValue[]) => {
    terms.push(sql);
    values.push(...more);
  };
  const anyOf = (items: ReadonlySet<string>) => [...items].map(() => "?").join(", ");
  if (kinds !== undefined) add(`kind IN (${anyOf(kinds)})`, ...kinds);
  if (actors !== undefined) add(`actor IN (${anyOf(actors)})`, ...actors);
  if (task !== undefined) add("(task = ? OR subject = ?)", task, `task/${task}`);
  if (gate !== undefined) add("gate = ?", gate);
  if (since !== undefined) add("ts >= ?", new Date(Math.ceil(since)).toISOString());
  if (until !== undefined) add("ts <= ?", new Date(Math.floor(until)).toISOString());
  return { sql: terms.length === 0 ? "1" : terms.join(" AND "), values };
}

function textOf(payload: unknown, name: string): string | null {
  if (typeof payload !== "object" || payload === null) return null;
  const value: unknown = Object.getOwnPropertyDescriptor(payload, name)?.value;
  return typeof value === "string" ? value : null;
}
