/** What a run's log takes: the kinds of the table, each from who may append it, with a payload of its schema. */

import { type FreeEvent, type RunEvent, SCHEMA_VERSION } from "./event.ts";
import { isKind, type Kind, KINDS } from "./kinds.ts";

/** Who appends what. */
const ACTORS = {
  fact: { pattern: /^controller\/[1-9]\d*$/, form: "controller/<incarnation>" },
  request: { pattern: /^(?:cli\/\d+|worker\/.+)$/, form: "cli/<pid> or worker/<name>" },
  record: { pattern: /^log$/, form: "log" },
} as const;

/**
 * Why an event has no place in a run's log, or `undefined`. An event of a newer format version is not judged: the
 * fold refuses it.
 */
export function runEventProblem(event: FreeEvent): string | undefined {
  if (event.schema_version > SCHEMA_VERSION) return undefined;
  if (!isKind(event.kind)) return `"${event.kind}" is not a kind of a run's log`;
  return actorProblem(event.kind, event.actor) ?? payloadProblem(event.kind, event.payload);
}

/** Narrows an event that has passed {@linkcode runEventProblem}. */
export function isRunEvent(event: FreeEvent): event is RunEvent {
  return runEventProblem(event) === undefined;
}

/** Why this actor may not append this kind, or `undefined`. */
export function actorProblem(kind: Kind, actor: string): string | undefined {
  const { pattern, form } = ACTORS[KINDS[kind].class];
  return pattern.test(actor) ? undefined : `"${kind}" comes from ${form}, not from "${actor}"`;
}

/** Why the payload is not one of this kind, or `undefined`. */
export function payloadProblem(kind: Kind, payload: unknown): string | undefined {
  const result = KINDS[kind].payload.safeParse(payload);
  if (result.success) return undefined;
  const [issue] = result.error.issues;
  const path = issue?.path.map(String).join(".") ?? "";
  return `payload${path === "" ? "" : `.${path}`}: ${issue?.message ?? "invalid"}`;
}
