/**
 * The fold: the state of a run is what its log says, event by event (P1). Deterministic, without I/O, clock or
 * randomness; it changes the state that it is given, which nobody else may hold on to.
 */

import { OmkError } from "../errors.ts";
import { type EventOf, type RunEvent, SCHEMA_VERSION } from "../log/event.ts";
import { ALLOWED_AFTER_PROOF, type Kind, KINDS } from "../log/kinds.ts";
import type { RunState } from "../scheduler/run_state.ts";
import { candidateHandlers } from "./state/candidate_events.ts";
import { gateHandlers } from "./state/gate_events.ts";
import { type Handlers, timeOf } from "./state/handler.ts";
import { mergeHandlers } from "./state/merge_events.ts";
import { proposalHandlers } from "./state/proposal_events.ts";
import { requestHandlers } from "./state/request_events.ts";
import { reviewHandlers } from "./state/review_events.ts";
import { runHandlers } from "./state/run_events.ts";
import { taskHandlers } from "./state/task_events.ts";
import { workerHandlers } from "./state/worker_events.ts";

/** The log cannot be folded at all: a gap, another run's plan, or a format that this omk does not know. */
export class FoldError extends OmkError {
  override readonly name = "FoldError";
}

const handlers: Handlers = {
  ...runHandlers,
  ...workerHandlers,
  ...taskHandlers,
  ...mergeHandlers,
  ...reviewHandlers,
  ...candidateHandlers,
  ...proposalHandlers,
  ...gateHandlers,
  ...requestHandlers,
  segment_started: () => undefined,
  log_repaired: () => undefined,
};

/** What the fold asks of a kind. */
interface KindRule {
  readonly isFact: boolean;
  /** Whether the proof holds beside it. */
  readonly mayFollowProof: boolean;
  readonly handle: (state: RunState, event: EventOf<Kind>) => string | undefined;
}

/** By kind, so that one look answers all that is asked of each event. */
const rules = new Map<Kind, KindRule>();

function ruleOf(kind: Kind): KindRule {
  let rule = rules.get(kind);
  if (rule === undefined) {
    rule = {
      isFact: KINDS[kind].class === "fact",
      mayFollowProof: ALLOWED_AFTER_PROOF.has(kind) || kind === "proof_written",
      // The table has one handler for each kind, so the pair always fits; the compiler cannot see that for a union.
      handle: handlers[kind] as KindRule["handle"],
    };
    rules.set(kind, rule);
  }
  return rule;
}

/**
 * Folds one event into the state. A fact of an older incarnation changes nothing; an event that breaks a rule
 * changes nothing either and is listed in `run.violations`, which no later event can undo.
 *
 * @throws {FoldError} for an event out of order or of a newer format version.
 */
export function apply(state: RunState, event: RunEvent): void {
  const { run } = state;
  if (event.index !== run.next_index) {
    throw new FoldError({
      what: "Cannot fold the log",
      where: `event ${event.index}`,
      why: `event ${run.next_index} should come here`,
      fix: "check it with omk log verify",
    });
  }
  if (event.schema_version > SCHEMA_VERSION) {
    throw new FoldError({
      what: "Cannot fold the log",
      where: `event ${event.index}`,
      why:
        `it has format version ${event.schema_version}, and this omk knows versions up to ${SCHEMA_VERSION}`,
      fix: "use a newer omk",
    });
  }
  run.next_index = event.index + 1;
  const rule = ruleOf(event.kind);
  const incarnation = rule.isFact ? incarnationOf(event.actor) : undefined;
  const isIgnored = incarnation !== undefined && incarnation < run.incarnation;
  // A handler sees the time of the event before its own.
  const why = isIgnored
    ? undefined
    : ruleBrokenBy(state, event, rule, incarnation) ?? rule.handle(state, event as EventOf<Kind>);
  run.last_ts = Math.max(run.last_ts, timeOf(event));
  if (isIgnored) return;
  if (why !== undefined) {
    run.violations.push({ index: event.index, why });
    return;
  }
  if (!rule.isFact || run.proof === null || rule.mayFollowProof) return;
  run.work_since_proof = true;
  run.finished_at = null;
}

/** Folds all events of a sequence. */
export function applyAll(state: RunState, events: Iterable<RunEvent>): RunState {
  for (const event of events) apply(state, event);
  return state;
}

/** What was last found: mostly the next fact comes from the same controller. */
let lastFound: { readonly actor: string; readonly incarnation: number | undefined } | undefined;

/** The incarnation in the actor of a fact; undefined where the actor is no controller. */
export function incarnationOf(actor: string): number | undefined {
  if (lastFound?.actor !== actor) {
    const number = /^controller\/([1-9][0-9]*)$/.exec(actor)?.[1];
    lastFound = { actor, incarnation: number === undefined ? undefined : Number(number) };
  }
  return lastFound.incarnation;
}

/** `incarnation` is that of the fact's actor. */
function ruleBrokenBy(
  state: RunState,
  event: RunEvent,
  { isFact }: KindRule,
  incarnation: number | undefined,
): string | undefined {
  const { run } = state;
  if (run.phase === "new" && event.kind !== "run_started") return "the log does not begin with run_started";
  if (run.phase !== "new" && event.run_id !== run.run_id) return `it belongs to run ${event.run_id}`;
  if (!isFact) return undefined;
  const expected = event.kind === "run_started" || event.kind === "run_resumed"
    ? run.incarnation + 1
    : run.incarnation;
  if (incarnation !== expected) return `a fact of "${event.actor}" while incarnation ${expected} was due`;
  if (run.tampered_at !== null && (event.kind === "task_claimed" || event.kind === "run_resumed")) {
    return "the log was tampered with, so no work may follow";
  }
  return undefined;
}
