/** Requests: how a process that is not the controller asks for something, and waits for the fact that answers. */

import type { Clock } from "../clock.ts";
import type { EventDraft, RunEvent } from "../log/event.ts";
import { openRunLog } from "../log/file_log.ts";
import type { RunDirectory } from "./directory.ts";

/** How often a waiting process looks for an answer. */
const POLL_MS = 200;

/** What came of a request. */
export type Answer =
  | { readonly kind: "answered"; readonly event: RunEvent }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "unanswered" };

/**
 * Appends a request to a run's log and waits up to `waitMs` for the fact that names it. `unanswered` says that the
 * request stands in the log, and that nobody has answered it in that time.
 */
export async function sendRequest(
  directory: RunDirectory,
  request: EventDraft,
  options: { readonly clock: Clock; readonly waitMs: number; readonly signal?: AbortSignal },
): Promise<{ readonly index: number; readonly answer: Answer }> {
  const { clock, waitMs, signal } = options;
  const log = await openRunLog(directory.events, { runId: directory.runId, durability: "batch" });
  try {
    let answer: Answer = { kind: "unanswered" };
    let index = -1;
    const unsubscribe = log.subscribe((event) => {
      if (index >= 0) answer = answerIn(event, index) ?? answer;
    });
    const [sent] = await log.append([request]);
    index = sent?.index ?? -1;
    const deadline = clock.monotonic() + waitMs;
    while (answer.kind === "unanswered" && clock.monotonic() < deadline && signal?.aborted !== true) {
      await clock.sleep(POLL_MS, signal);
      await log.poll();
    }
    unsubscribe();
    return { index, answer };
  } finally {
    await log.close();
  }
}

function answerIn(event: RunEvent, request: number): Answer | undefined {
  if (!("request" in event.payload) || event.payload.request !== request) return undefined;
  if (event.kind === "request_refused" || event.kind === "result_refused") {
    return { kind: "refused", reason: event.payload.reason };
  }
  return { kind: "answered", event };
}
