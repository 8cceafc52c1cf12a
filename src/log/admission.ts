/** What becomes of a draft before it is appended: it is checked, redacted and made into JSON text. */

import type { Json } from "../canonical_json.ts";
import { EventRefusedError } from "./errors.ts";
import type { EventDraft, Subject } from "./event.ts";
import { isKind, type Kind, KINDS } from "./kinds.ts";
import { isSubject } from "./line.ts";
import { redactText } from "./redact.ts";
import { hasFreeParts, redactPayload } from "./redact_payload.ts";
import { actorProblem, payloadProblem } from "./run_event.ts";
import { mayHoldSecret } from "./secret_patterns.ts";

/** A draft that may be appended, and will be as it is. */
export interface AdmittedEvent {
  readonly kind: Kind;
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
export function admit(draft: EventDraft): AdmittedEvent {
  const { kind } = draft;
  if (!isKind(kind)) throw new EventRefusedError(kind, "a run's log has no such kind");
  const entry = KINDS[kind];
  if (entry.class === "record") throw new EventRefusedError(kind, "only the log itself writes it");
  const problem = actorProblem(kind, draft.actor) ?? payloadProblem(kind, draft.payload);
  if (problem !== undefined) throw new EventRefusedError(kind, problem);
  const subject = redactText(draft.subject);
  if (!isSubject(subject)) throw new EventRefusedError(kind, `"${subject}" is not a subject`);
  return {
    kind,
    subject,
    actor: redactText(draft.actor),
    payloadJson: encodePayload(kind, draft.payload),
    isFact: entry.class === "fact",
    synced: entry.synced,
  };
}

/** A record of the log itself, admitted without a check. */
export function admitRecord(kind: "log_repaired", payload: Json): AdmittedEvent {
  return {
    kind,
    subject: "run",
    actor: "log",
    payloadJson: JSON.stringify(payload),
    isFact: false,
    synced: false,
  };
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
