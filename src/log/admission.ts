/** What becomes of a draft before it is appended: it is checked, redacted and made into JSON text. */

import type { Json } from "../canonical_json.ts";
import { EventRefusedError } from "./errors.ts";
import type { FreeDraft, Subject } from "./event.ts";
import { isKind, type Kind, KINDS, type PayloadOf } from "./kinds.ts";
import { isSubject } from "./line.ts";
import { redactText } from "./redact.ts";
import { hasFreeParts, redactPayload } from "./redact_payload.ts";
import { actorProblem, payloadProblem, reservedKindProblem } from "./run_event.ts";
import { mayHoldSecret } from "./secret_patterns.ts";

/** A draft that may be appended, and will be as it is. */
export interface AdmittedEvent {
  readonly kind: string;
  readonly subject: Subject;
  readonly actor: string;
  /** The redacted payload as JSON text. */
  readonly payloadJson: string;
  /** A fact takes the run clock; anything else the time of the event before it. */
  readonly isFact: boolean;
  /** Synced under `batch` durability before its effect is visible. */
  readonly synced: boolean;
}

/** Words of secret-looking keys. */
const MAY_HAVE_SECRET_KEY = /token|secret|passw|passphrase|credential|cookie|key|authorization/i;

/**
 * Admits a draft to a run's log. Log records are not admitted: the log writes them itself.
 *
 * @throws {EventRefusedError} for a kind outside the table, from an actor who may not append it, or with a payload
 * that is not of its schema.
 */
export function admit(draft: FreeDraft): AdmittedEvent {
  const { kind } = draft;
  if (!isKind(kind)) throw new EventRefusedError(kind, "a run's log has no such kind");
  const entry = KINDS[kind];
  if (entry.class === "record") throw new EventRefusedError(kind, "only the log itself writes it");
  const problem = actorProblem(kind, draft.actor) ?? payloadProblem(kind, draft.payload);
  if (problem !== undefined) throw new EventRefusedError(kind, problem);
  return {
    kind,
    subject: redactedSubject(kind, draft.subject),
    actor: redactName("actor", draft.actor),
    payloadJson: encodePayload(kind, draft.payload),
    isFact: entry.class === "fact",
    synced: entry.synced,
  };
}

/** Kinds of free events. */
const FREE_KIND = /^[a-z][a-z0-9_]{0,63}$/;

/**
 * Admits a draft to a free log, with all of its payload redacted as free-form.
 *
 * @throws {EventRefusedError} for a kind that is no word of lower-case letters, digits and underscores, or is one
 * that only a run's log or the log itself has; and for a wrong subject or an empty actor.
 */
export function admitFree({ kind, subject, actor, payload }: FreeDraft): AdmittedEvent {
  if (!FREE_KIND.test(kind)) {
    throw new EventRefusedError(kind, "a kind is a word of lower-case letters, digits and underscores");
  }
  const problem = reservedKindProblem(kind);
  if (problem !== undefined) throw new EventRefusedError(kind, problem);
  if (actor === "") throw new EventRefusedError(kind, "its actor is empty");
  const json = JSON.stringify(payload ?? null);
  // Of a kind that is not in the table, everything is free-form.
  const plain: Json = JSON.parse(json);
  const redacted = redactPayload("", plain);
  return {
    kind,
    subject: redactedSubject(kind, subject),
    actor: redactName("actor", actor),
    payloadJson: redacted === plain ? json : JSON.stringify(redacted),
    isFact: true,
    synced: false,
  };
}

/** A record of the log itself, admitted without a check. */
export function admitRecord<K extends "log_repaired" | "segment_started">(
  kind: K,
  payload: PayloadOf<K>,
): AdmittedEvent {
  return {
    kind,
    subject: "run",
    actor: "log",
    payloadJson: JSON.stringify(payload),
    isFact: false,
    synced: false,
  };
}

/** What was last found without a secret: mostly the next event names the same. */
const plainNames = { subject: "", actor: "" };

function redactName(field: keyof typeof plainNames, name: string): string {
  if (name === plainNames[field]) return name;
  const redacted = redactText(name);
  if (redacted === name) plainNames[field] = name;
  return redacted;
}

function redactedSubject(kind: string, text: string): Subject {
  const subject = redactName("subject", text);
  if (isSubject(subject)) return subject;
  throw new EventRefusedError(kind, `"${subject}" is not a subject`);
}

function encodePayload(kind: Kind, payload: unknown): string {
  const json = JSON.stringify(payload);
  const isSuspect = mayHoldSecret(json) || (hasFreeParts(kind) && MAY_HAVE_SECRET_KEY.test(json));
  if (!isSuspect) return json;
  const plain: Json = JSON.parse(json);
  const redacted = redactPayload(kind, plain);
  if (redacted === plain) return json;
  const problem = payloadProblem(kind, redacted);
  if (problem !== undefined) {
    throw new EventRefusedError(kind, `it holds a secret where it cannot be hidden: ${problem}`);
  }
  return JSON.stringify(redacted);
}
