/** From what a body did to the outcome of its attempt (P8). Pure. */

import { reasonOf } from "../errors.ts";
import type { AttemptOutcome, OutcomeResult } from "../log/kinds.ts";
import { PROPOSALS_READ } from "../log/payloads.ts";
import type { BodyOutcome } from "../process/port.ts";
import type { ResultReading } from "../process/result_file.ts";

/**
 * The outcome of a body that was run. What the task reports about itself can lower the outcome, never raise it.
 *
 * @param paths of the output artifact and of the result file, relative to the run directory
 */
export function bodyOutcome(
  body: BodyOutcome,
  paths: { readonly output: string; readonly result: string },
  reading: ResultReading,
): AttemptOutcome {
  const evidence: AttemptOutcome = {
    result: resultOf(body),
    exit_code: body.exit_code,
    signal: body.signal,
    duration_ms: Math.round(body.duration_ms),
    // An artifact that somebody took away is no evidence.
    output: body.output.error?.code === "missing" ? null : {
      path: paths.output,
      bytes: body.output.bytes,
      kept_bytes: body.output.kept_bytes,
      truncated: body.output.truncated || isCutShort(body),
      sha256: body.output.sha256,
    },
    strays_ended: body.strays_ended,
    proven_dead: body.proven_dead,
    ...detailOf(body),
  };
  return reading.kind === "absent" ? evidence : lower(evidence, reading, paths.result);
}

function detailOf(body: BodyOutcome): { readonly detail?: string } {
  if (body.error !== undefined) return { detail: body.error };
  const isRefused = body.limit_met === "processes" && resultOf(body) !== "success";
  return isRefused ? { detail: "it was refused more processes than its limit" } : {};
}

/** Whether the disk, not the limit, kept a part of the output out of the artifact. */
function isCutShort({ output }: BodyOutcome): boolean {
  return output.error !== undefined && output.error.code !== "listener";
}

/** The outcome of an attempt whose body never ran, with the error or the sentence that says why. */
export function failureOutcome(result: OutcomeResult, why: unknown): AttemptOutcome {
  return {
    result,
    exit_code: null,
    signal: null,
    duration_ms: 0,
    output: null,
    strays_ended: 0,
    proven_dead: true,
    detail: reasonOf(why),
  };
}

function resultOf(body: BodyOutcome): OutcomeResult {
  const isOver = body.kind === "exited" || body.kind === "signaled";
  if (body.limit_met === "memory" && isOver && body.exit_code !== 0) return "out_of_memory";
  switch (body.kind) {
    case "exited":
      return body.exit_code === 0 ? "success" : "exit";
    case "signaled":
      return "signal";
    case "timed_out":
      return "timeout";
    case "spawn_error":
      return "spawn_error";
    case "ended":
      return body.end_reason === "stalled"
        ? "stalled"
        : body.end_reason === "timed_out"
        ? "timeout"
        : body.end_reason === "done"
        ? "success"
        : "cancelled";
  }
}

function lower(
  evidence: AttemptOutcome,
  reading: Exclude<ResultReading, { kind: "absent" }>,
  path: string,
): AttemptOutcome {
  if (reading.kind === "malformed") {
    return evidence.result === "success"
      ? {
        ...evidence,
        result: "reported_failed",
        detail: `its result file cannot be read: ${reading.reason}`,
      }
      : evidence;
  }
  const { status, summary, question, artifacts, proposals = [] } = reading.result;
  const more = proposals.length - PROPOSALS_READ;
  const { file } = reading;
  const told = {
    ...evidence,
    ...(file === null ? {} : { result_file: { path, truncated: false, ...file } }),
    reported: {
      status,
      ...(summary === undefined ? {} : { summary }),
      ...(question === undefined ? {} : { question }),
      ...(artifacts === undefined ? {} : { artifacts: [...artifacts] }),
      ...(proposals.length === 0 ? {} : { proposals: proposals.slice(0, PROPOSALS_READ) }),
      ...(more > 0 ? { more_proposals: more } : {}),
    },
  };
  if (evidence.result !== "success" || status === "success") return told;
  const result: OutcomeResult = status === "failed" || status === "partial" ? `reported_${status}` : status;
  return summary === undefined ? { ...told, result } : { ...told, result, detail: summary };
}
