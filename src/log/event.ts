/** The envelope of an event: what every line of a log holds. */

import type { Kind, PayloadOf } from "./kinds.ts";

/** The version of the event format that this omk writes; the fold refuses a newer one. */
export const SCHEMA_VERSION = 1;

/** What an event is about. */
export type Subject = "run" | `task/${string}`;

/** The fields around a payload. */
export interface Envelope {
  /** From 0, without gaps. */
  readonly index: number;
  /** UUID version 7. */
  readonly id: string;
  readonly run_id: string;
  /** ISO 8601 in UTC with milliseconds, on the run clock; never decreases. */
  readonly ts: string;
  readonly schema_version: number;
  readonly subject: Subject;
  /** `controller/<incarnation>`, `worker/<name>`, `cli/<pid>`, `log`. */
  readonly actor: string;
}

/** An event of one kind as it stands in the log. */
export type EventOf<K extends Kind> = Envelope & { readonly kind: K; readonly payload: PayloadOf<K> };

/** Any event of a run's log, told apart by `kind`. */
export type RunEvent = { [K in Kind]: EventOf<K> }[Kind];

/** What a writer gives; index, id, time and sums are the log's. */
export type DraftOf<K extends Kind> = {
  readonly kind: K;
  readonly subject: Subject;
  readonly actor: string;
  readonly payload: PayloadOf<K>;
};

/** Any event to be appended to a run's log. */
export type EventDraft = { [K in Kind]: DraftOf<K> }[Kind];

/** An event of a free log, or of a kind that this omk does not know: kept as it is. */
export interface FreeEvent extends Envelope {
  readonly kind: string;
  readonly payload: unknown;
}

/** An event to be appended to a free log. */
export interface FreeDraft {
  readonly kind: string;
  readonly subject: string;
  readonly actor: string;
  readonly payload: unknown;
}

/** The subject of a task's events. */
export function taskSubject(taskId: string): Subject {
  return `task/${taskId}`;
}

/** A draft with its kind and payload checked against each other by the compiler. */
export function draft<K extends Kind>(
  kind: K,
  subject: Subject,
  actor: string,
  payload: PayloadOf<K>,
): DraftOf<K> {
  return { kind, subject, actor, payload };
}
