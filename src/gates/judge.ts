/** The verdict on a gate that has run, from evidence alone (P8). Pure. */

import type { GateSpec } from "../plan/spec.ts";
import type { BodyOutcome } from "../process/port.ts";

/** Why a gate failed. */
export interface GateFailure {
  /** What the gate did, to be read after its name: `exited with 1`. */
  readonly reason: string;
  /** The machine failed, not the gate's judgement. */
  readonly infrastructure: boolean;
  /** It was ended as nobody waited for its verdict any more, so it is none; absent elsewhere. */
  readonly ended?: true;
}

/** What the gate left in a tree that was compared before and after. */
export interface TreeChanges {
  /** Tracked paths whose bytes or mode differ. */
  readonly changed: readonly string[];
  readonly untracked: readonly string[];
}

/** How many changed paths a reason names. */
const PATHS_NAMED = 10;

/** What `sh` exits with for a program that does not exist, and for one that cannot be executed (POSIX 2.8.2). */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/** Why a body that has run means failure; null where it means that the gate passed. */
export function judgeBody(gate: GateSpec, body: BodyOutcome, lastLine: string): GateFailure | null {
  const failure = judgeEnd(gate, body, lastLine);
  if (failure !== null) return failure;
  const lost = lostOutput(body);
  if (lost !== null) return { reason: `has no complete log: ${lost}`, infrastructure: true };
  if (gate.output_fails && body.output.bytes > 0) {
    return {
      reason: `printed output, and any output counts as failure${quote(lastLine)}`,
      infrastructure: false,
    };
  }
  return null;
}

/** Why changes of the tree mean failure; null where nothing tracked was changed. */
export function judgeTree({ changed }: TreeChanges): GateFailure | null {
  if (changed.length === 0) return null;
  const more = changed.length > PATHS_NAMED ? ` and ${changed.length - PATHS_NAMED} more` : "";
  const named = changed.slice(0, PATHS_NAMED).join(", ");
  return { reason: `changed tracked files: ${named}${more}`, infrastructure: false };
}

/** Why the log of a body is not what the body printed; null where it is. */
export function lostOutput(body: BodyOutcome): string | null {
  const { error } = body.output;
  return error === undefined || error.code === "listener" ? null : error.message;
}

function judgeEnd(gate: GateSpec, body: BodyOutcome, lastLine: string): GateFailure | null {
  switch (body.kind) {
    case "exited":
      if (body.exit_code === 0) return null;
      return { reason: exitReason(body, lastLine), infrastructure: false };
    case "signaled":
      return { reason: `was ended by ${body.signal ?? "a signal"}`, infrastructure: false };
    case "timed_out":
      return { reason: `did not end within ${gate.timeout_secs} s`, infrastructure: true };
    case "ended":
      return body.end_reason === "timed_out"
        ? { reason: `did not end within ${gate.timeout_secs} s`, infrastructure: true }
        : { reason: "was ended before it came to a verdict", infrastructure: false, ended: true };
    case "spawn_error":
      return {
        reason: `could not be started: ${body.error ?? "the system gives no reason"}`,
        infrastructure: true,
      };
  }
}

function exitReason({ exit_code, signal }: BodyOutcome, lastLine: string): string {
  if (exit_code === NOT_FOUND) return `exited with 127: a program was not found${quote(lastLine)}`;
  if (exit_code === NOT_EXECUTABLE) return `exited with 126: a program cannot be executed${quote(lastLine)}`;
  return signal === null ? `exited with ${exit_code}` : `exited with ${exit_code} (${signal})`;
}

function quote(line: string): string {
  return line === "" ? "" : ` ("${line}")`;
}
