/** Gives admitted events their place, id and time, and makes one commit of them. */

import type { AdmittedEvent } from "./admission.ts";
import { type CommitEncoder, type EncodedCommit, type LineEnvelope, openLine } from "./commit.ts";
import { EventRefusedError } from "./errors.ts";
import { type RunEvent, SCHEMA_VERSION } from "./event.ts";
import { type LogForm, RUN_LOG } from "./log_form.ts";
import type { IdSource } from "./uuid7.ts";

/** The commit that a batch follows. */
export interface Predecessor {
  readonly index: number;
  readonly sum: string;
  /** `ts` of its last event; empty where there is none. */
  readonly ts: string;
}

/** What a batch needs beside its events. */
export interface BatchSettings {
  readonly runId: string;
  /** The run clock, in milliseconds since 1970. */
  readonly now: number;
  readonly newId: IdSource;
  readonly encoder: CommitEncoder;
  /** What the log is; a run's without it. */
  readonly form?: LogForm;
}

/** A commit as it is written, and what it holds. */
export interface CommitBatch extends EncodedCommit {
  /** Index and `ts` of its last event. */
  readonly last: Pick<RunEvent, "index" | "ts">;
  /** Makes its events as a reader will see them. */
  readonly readBack: () => readonly RunEvent[];
}

/**
 * Makes the commit of some events, at least one. A fact takes the run clock's time or that of the event before it,
 * whichever is later; any other event takes the time of the event before it, since the controller's clock rules.
 *
 * @throws {EventRefusedError} if the first event of the log is not `run_started`.
 */
export function makeCommit(
  admitted: readonly AdmittedEvent[],
  before: Predecessor,
  { runId, now, newId, encoder, form = RUN_LOG }: BatchSettings,
): CommitBatch {
  const [first] = admitted;
  if (before.index < 0 && first !== undefined && !form.canBegin(first.kind)) {
    throw new EventRefusedError(first.kind, "a run's log starts with run_started");
  }
  const nowText = timeText(now);
  let index = before.index;
  let ts = before.ts === "" ? nowText : before.ts;
  const envelopes: LineEnvelope[] = [];
  const lines: string[] = [];
  for (const { kind, subject, actor, payloadJson, isFact } of admitted) {
    if (isFact && nowText > ts) ts = nowText;
    index++;
    const envelope = { index, id: newId(), run_id: runId, ts, kind, subject, actor };
    envelopes.push(envelope);
    lines.push(openLine(envelope, payloadJson));
  }
  const readBack = () => envelopes.map((envelope, i) => readEvent(envelope, admitted[i] as AdmittedEvent));
  return { last: { index, ts }, readBack, ...encoder.encode(lines, before.sum) };
}

/** From the very text that is written: live state and replayed state cannot differ. */
function readEvent(envelope: LineEnvelope, { payloadJson }: AdmittedEvent): RunEvent {
  const payload: unknown = JSON.parse(payloadJson);
  return { ...envelope, schema_version: SCHEMA_VERSION, payload } as RunEvent;
}

let lastTime = NaN;
let lastTimeText = "";

/** ISO 8601 in UTC; the same millisecond is formatted once. */
function timeText(ms: number): string {
  if (ms !== lastTime) {
    lastTimeText = new Date(ms).toISOString();
    lastTime = ms;
  }
  return lastTimeText;
}
