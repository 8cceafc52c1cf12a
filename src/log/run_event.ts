/** What a run's log takes: the kinds of the table, each from who may append it, with a payload of its schema. */

import { type FreeEvent, type RunEvent, SCHEMA_VERSION } from "./event.ts";
import { isKind, type Kind, type KindClass, KINDS } from "./kinds.ts";
import { isSurelyPayload } from "./payload_check.ts";

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

/** Why a free log cannot hold an event, or `undefined`: what the log says about itself stands in both forms. */
export function freeEventProblem(event: FreeEvent): string | undefined {
  return event.kind === "run_started" ? reservedKindProblem(event.kind) : undefined;
}

/** Why nobody may append this kind to a free log, or `undefined`. */
export function reservedKindProblem(kind: string): string | undefined {
  if (kind === "run_started") return "only a run's own log has it";
  return isKind(kind) && KINDS[kind].class === "record" ? "only the log itself writes it" : undefined;
}

/** Narrows an event that has passed {@linkcode runEventProblem}. */
export function isRunEvent(event: FreeEvent): event is RunEvent {
  return runEventProblem(event) === undefined;
}

/** The actor that was last found right, by class: most events come from whom the one before them came from. */
const lastActors: Record<KindClass, string> = { fact: "", request: "", record: "" };

/** Why this actor may not append this kind, or `undefined`. */
export function actorProblem(kind: Kind, actor: string): string | undefined {
  const kindClass = KINDS[kind].class;
  if (actor === lastActors[kindClass] && actor !== "") return undefined;
  const { pattern, form } = ACTORS[kindClass];
  if (!pattern.test(actor)) return `"${kind}" comes from ${form}, not from "${actor}"`;
  lastActors[kindClass] = actor;
  return undefined;
}

/** Why the payload is not one of this kind, or `undefined`. */
export function payloadProblem(kind: Kind, payload: unknown): string | undefined {
  if (isSurelyPayload(kind, payload)) return undefined;
  const result = KINDS[kind].payload.safeParse(payload);
  if (result.success) return undefined;
  const [issue] = result.error.issues;
  const path = issue?.path.map(String).join(".") ?? "";
  return `payload${path === "" ? "" : `.${path}`}: ${issue?.message ?? "invalid"}`;
}
