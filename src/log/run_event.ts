/** What a run's log takes: the kinds of the table, each from who may append it, with a payload of its schema. */

import { type FreeEvent, type RunEvent, SCHEMA_VERSION } from "./event.ts";
import { isKind, type Kind, type KindClass, KINDS } from "./kinds.ts";
import { type Check, payloadCheckOf } from "./payload_check.ts";

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
  const { kind, actor, payload } = event;
  if (event.schema_version > SCHEMA_VERSION) return undefined;
  const rule = rules.get(kind) ?? (isKind(kind) ? ruleOf(kind) : undefined);
  if (rule === undefined) return `"${kind}" is not a kind of a run's log`;
  if (actor === rule.lastActor && rule.isSurelyPayload(payload)) return undefined;
  return actorProblem(rule.kind, actor) ?? payloadProblem(rule.kind, payload);
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

/** What is asked of the events of a kind. */
interface Rule {
  readonly kind: Kind;
  readonly class: KindClass;
  readonly isSurelyPayload: Check;
  /** Was last found right: most events come from whom the one before them came from. */
  lastActor: string | undefined;
}

const rules = new Map<string, Rule>();

/** The rule of a kind that is in the table. */
function ruleOf(kind: Kind): Rule {
  let rule = rules.get(kind);
  if (rule === undefined) {
    rule = { kind, class: KINDS[kind].class, isSurelyPayload: payloadCheckOf(kind), lastActor: undefined };
    rules.set(kind, rule);
  }
  return rule;
}

/** Why this actor may not append this kind, or `undefined`. */
export function actorProblem(kind: Kind, actor: string): string | undefined {
  const rule = ruleOf(kind);
  if (actor === rule.lastActor) return undefined;
  const { pattern, form } = ACTORS[rule.class];
  if (!pattern.test(actor)) return `"${kind}" comes from ${form}, not from "${actor}"`;
  rule.lastActor = actor;
  return undefined;
}

/** Why the payload is not one of this kind, or `undefined`. */
export function payloadProblem(kind: Kind, payload: unknown): string | undefined {
  if (ruleOf(kind).isSurelyPayload(payload)) return undefined;
  const result = KINDS[kind].payload.safeParse(payload);
  if (result.success) return undefined;
  const [issue] = result.error.issues;
  const path = issue?.path.map(String).join(".") ?? "";
  return `payload${path === "" ? "" : `.${path}`}: ${issue?.message ?? "invalid"}`;
}
