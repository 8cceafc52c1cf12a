/** Checks of a proof against the log that it was made from. */

import { systemClock } from "../clock.ts";
import { ALLOWED_AFTER_PROOF, type Kind, KINDS } from "../log/kinds.ts";
import { verifyLog } from "../log/verify.ts";
import { gateDefinition } from "../plan/gate_definition.ts";
import { prettyJson } from "./canonical_file.ts";
import { CheckFailure, expectEqual } from "./checks.ts";
import { firstDifference } from "./difference.ts";
import { buildProof } from "./document.ts";
import { EVENTS_FILE } from "./files.ts";
import type { FoldedRun, RunReading } from "./run_reading.ts";
import type { Proof } from "./schema.ts";
import { requiredGates, runStatus } from "./status.ts";

/** The facts that may besides stand between the log head and `proof_written`: they change nothing that is told. */
const WHILE_WRITING: ReadonlySet<Kind> = new Set([
  "proof_written",
  "clock_jumped",
  "run_paused",
  "run_unpaused",
  "budget_checkpoint",
  "budget_extended",
]);

/** Every commit has its sum and follows the one before it; `reading` folds them meanwhile. */
export async function checkLog(directory: string, reading: RunReading): Promise<string> {
  const path = `${directory}/${EVENTS_FILE}`;
  const { verdict, events, commits, at } = await verifyLog(path, systemClock, (each) => reading.take(each));
  if (verdict === "verified") return `${events} events in ${commits} commits, each with its sum`;
  throw new CheckFailure(
    `${EVENTS_FILE}:${at?.line ?? 1}: expected whole commits, found a log that is ${verdict}: ${at?.why}`,
  );
}

/** The events obey the rules of the fold, and the controller wrote all its facts. */
export function checkRules({ state }: FoldedRun): string {
  const [violation] = state.run.violations;
  if (violation !== undefined) {
    throw new CheckFailure(`event ${violation.index} breaks a rule: ${violation.why}`);
  }
  if (state.run.tampered_at !== null) {
    throw new CheckFailure(`event ${state.run.tampered_at} was not written by the controller`);
  }
  return `every event obeys the rules, up to event ${state.run.next_index - 1}`;
}

/** The log head of the proof is the commit that ends with `proof_writing`, and `proof_written` repeats it. */
export function checkHead(proof: Proof, written: NonNullable<FoldedRun["proof"]>, atHead: FoldedRun): string {
  expectEqual("log index of proof.json", written.head.index, proof.log.index);
  expectEqual("log sum of proof.json", written.head.sum, proof.log.sum);
  expectEqual("event at the log head", "proof_writing", atHead.lastKind);
  expectEqual("end of the commit of the log head", written.head.index, atHead.head.index);
  expectEqual(
    `sum of the commit that ends with event ${written.head.index}`,
    written.head.sum,
    atHead.head.sum,
  );
  return `event ${written.head.index} with sum ${written.head.sum}`;
}

/** Behind the log head stands nothing that the proof should have told. */
export function checkTrail({ trail }: FoldedRun, written: NonNullable<FoldedRun["proof"]>): string {
  const behind = trail.filter(({ index }) => index > written.head.index);
  const end = behind.findLast(({ kind }) => kind === "proof_written")?.index ?? -1;
  const work = behind.find(({ index, kind }) => {
    if (KINDS[kind].class !== "fact" || ALLOWED_AFTER_PROOF.has(kind)) return false;
    return index > end || !WHILE_WRITING.has(kind);
  });
  if (work === undefined) return `${behind.length} events behind the log head, none of them work`;
  throw new CheckFailure(`event ${work.index}: expected nothing that needs a new proof, found ${work.kind}`);
}

/** The log gives the status that the proof claims, at its head and at the end. */
export function checkStatus(proof: Proof, atHead: FoldedRun, atEnd: FoldedRun): string {
  const status = runStatus(atHead.state);
  expectEqual("status in proof.json", status, proof.status);
  expectEqual("status in proof_writing", status, atHead.evidence.judged?.payload.status);
  expectEqual("status in proof_written", status, atEnd.proof?.status);
  expectEqual("status at the end of the log", status, runStatus(atEnd.state));
  if (atEnd.state.run.status !== null) expectEqual("status in run_finished", status, atEnd.state.run.status);
  return status;
}

/** The proof that the log makes is the one that is there, byte for byte. */
export function checkDocument(text: string, proof: Proof, atHead: FoldedRun, atEnd: FoldedRun): string {
  const { state, evidence, head } = atHead;
  const remade = buildProof({
    state,
    evidence,
    status: runStatus(state),
    head,
    patch: atEnd.proof?.patch ?? null,
  });
  const expected = prettyJson(remade);
  if (expected === text) return "proof.json is what the log makes of it";
  throw new CheckFailure(
    firstDifference(remade, proof) ?? "proof.json: expected canonical order and spacing",
  );
}

/** A run that is ready had every required gate pass on the delivered tree, as the plan defines it (P7). */
export function checkGates({ state, evidence }: FoldedRun): string {
  const status = runStatus(state);
  if (status !== "ready") return `nothing is claimed, as the run is ${status}`;
  const tree = state.run.head?.tree ?? null;
  const required = requiredGates(state);
  for (const { gate } of required) {
    const spec = state.plan.gates?.find((each) => each.name === gate);
    const latest = evidence.gates.findLast(({ payload }) =>
      payload.gate === gate && payload.scope === "run" && payload.tree === tree
    );
    expectEqual(`gate "${gate}" on tree ${tree}`, "passed", latest?.result);
    if (latest?.result !== "passed" || spec === undefined) continue;
    expectEqual(`definition of gate "${gate}"`, gateDefinition(spec), latest.payload.definition);
    expectEqual(`tracked paths that gate "${gate}" changed`, 0, latest.payload.changed.length);
    expectEqual(`exit code of gate "${gate}"`, 0, latest.payload.exit_code);
  }
  return `${required.length} required ${required.length === 1 ? "gate" : "gates"} passed on tree ${tree}`;
}
