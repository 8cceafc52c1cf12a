/** What a log says about itself: where a segment follows another, and what was removed. */

import { basename, dirname } from "@std/path";
import { sha256 } from "../digest.ts";
import { admitRecord, type AdmittedEvent } from "./admission.ts";
import { attempt } from "./attempt.ts";
import { LogIoError } from "./errors.ts";
import type { FilePort } from "./file_port.ts";
import type { PayloadOf } from "./kinds.ts";
import { segmentPath, segmentsAmong, tornPath } from "./log_paths.ts";

/** The record that a segment begins with; `sum` is that of the last commit before it. */
export function segmentStarted(files: FilePort, log: string, sum: string): AdmittedEvent {
  const names = attempt(log, "read", () => files.list(dirname(log)));
  const previous = segmentPath(log, segmentsAmong(log, names).at(-1) ?? 0);
  return admitRecord("segment_started", { previous: basename(previous), sum });
}

/**
 * Copies bytes that are to be removed to `events.torn-<offset>`, so that nothing that somebody wrote is destroyed.
 * Returns what is to be recorded as `log_repaired`; where there are no bytes, there is no copy either.
 *
 * @param offset where in the log they stand
 * @throws {LogIoError}
 */
export async function keepRemoved(
  files: FilePort,
  log: string,
  offset: number,
  bytes: Uint8Array,
  reason: string,
): Promise<PayloadOf<"log_repaired">> {
  const payload = { offset, bytes: bytes.length, sha256: sha256(bytes), copy: "", reason };
  if (bytes.length === 0) return payload;
  const wanted = tornPath(log, offset);
  let copy = wanted;
  try {
    for (let number = 2; files.status(copy) !== undefined; number++) copy = `${wanted}-${number}`;
    await files.createWhole(copy, bytes);
  } catch (error) {
    throw new LogIoError(copy, "keep a torn commit of", error);
  }
  return { ...payload, copy: basename(copy) };
}
