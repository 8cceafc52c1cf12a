/** From what an agent did, and said, to the outcome of its attempt: its word can lower an outcome, never raise it (P8). */

import { redactText } from "../../log/redact.ts";
import type { AgentRecord, AttemptOutcome, OutcomeResult } from "../../log/kinds.ts";
import type { AgentSpec } from "../../plan/spec.ts";
import type { AgentEvidence } from "./agent_run.ts";
import type { AgentResult } from "./port.ts";

/** How many paths are named in a reason. */
const PATHS_NAMED = 10;
/** Of what an agent says of its end, no more is kept. */
const LONGEST_DETAIL = 500;

/** What the end of a conversation makes of an attempt whose process ended as it should. */
const RESULTS: Readonly<Record<AgentResult, OutcomeResult>> = {
  ended: "success",
  limit: "reported_partial",
  refused: "refused",
  cancelled: "reported_failed",
  timeout: "timeout",
  model_unreachable: "model_unreachable",
  out_of_credit: "out_of_credit",
  login_required: "login_required",
  died: "agent_died",
  protocol_error: "protocol_error",
  failed: "reported_failed",
};

/** Causes that an agent tells of while it tries again. */
const OUTSIDE: readonly AgentResult[] = ["model_unreachable", "out_of_credit", "login_required"];

/** Ends of the body that nothing an agent says can change. */
const FINAL: readonly OutcomeResult[] = ["timeout", "stalled", "cancelled", "out_of_memory", "spawn_error"];

/** The outcome of an attempt of an agent, by the evidence of its body and what was seen of the agent. Pure. */
export function agentOutcome(
  body: AttemptOutcome,
  name: string,
  { driver }: Pick<AgentSpec, "driver">,
  evidence: AgentEvidence,
): AttemptOutcome {
  const { end, denied, strayed } = evidence;
  const outcome: AttemptOutcome = {
    ...body,
    agent: recordOf(name, driver, evidence),
    ...(end.usage === undefined ? {} : { usage: { ...end.usage } }),
  };
  const because = end.detail === undefined ? {} : { detail: shorten(end.detail) };
  if (FINAL.includes(body.result)) {
    if (body.result !== "timeout") return outcome;
    if (end.result === "timeout") return { ...outcome, ...because };
    // It tried in vain to reach its model until its time was over.
    return OUTSIDE.includes(end.result) ? { ...outcome, result: RESULTS[end.result], ...because } : outcome;
  }
  if (strayed.length > 0) {
    return strayedOutcome(outcome, strayed);
  }
  if (end.result === "cancelled" && denied > 0) {
    return { ...outcome, result: "permission_denied", detail: deniedText(denied) };
  }
  const said = RESULTS[end.result];
  // A result file or an exit status that is worse than the agent's word counts.
  if (said !== "success") return { ...outcome, result: said, ...because };
  // Whoever speaks a protocol has said its last word by it; how its process then went is of no account.
  const isGone = driver === "acp" && (body.result === "exit" || body.result === "signal");
  return isGone ? { ...outcome, result: "success" } : outcome;
}

/** The outcome of an agent that has changed these paths outside of its worktree. */
export function strayedOutcome(outcome: AttemptOutcome, paths: readonly string[]): AttemptOutcome {
  const more = paths.length > PATHS_NAMED ? ` and ${paths.length - PATHS_NAMED} more` : "";
  return { ...outcome, result: "wrote_outside", detail: paths.slice(0, PATHS_NAMED).join(", ") + more };
}

/** What an empty diff of an agent's attempt comes from. */
export function emptyDiff(
  { agent }: AttemptOutcome,
): { readonly result: OutcomeResult; readonly detail: string } {
  const denied = agent?.denied ?? 0;
  if (denied > 0) return { result: "permission_denied", detail: `it changed nothing: ${deniedText(denied)}` };
  if (agent?.doubt !== undefined) {
    return { result: agent.doubt, detail: "it changed nothing, and its last words were those of a failure" };
  }
  return { result: "empty_diff", detail: "it says that it is done, and changed nothing" };
}

function deniedText(denied: number): string {
  return `${denied} ${denied === 1 ? "permission was" : "permissions were"} denied`;
}

function recordOf(name: string, driver: AgentSpec["driver"], { end, denied }: AgentEvidence): AgentRecord {
  return {
    name,
    driver,
    end: end.result,
    ...(end.version === undefined ? {} : { version: shorten(end.version) }),
    ...(end.doubt === undefined ? {} : { doubt: end.doubt }),
    ...(denied === 0 ? {} : { denied }),
  };
}

/** What an agent says goes into the log. */
function shorten(text: string): string {
  return redactText(text).replaceAll(/\s+/g, " ").trim().slice(0, LONGEST_DETAIL);
}
