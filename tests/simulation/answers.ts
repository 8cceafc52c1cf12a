/** Which requests the events have answered, and with which refusals. */

import type { RunEvent } from "../../src/log/event.ts";
import { KINDS } from "../../src/log/kinds.ts";
import { plainReason } from "./refusals.ts";

/** The ends of an attempt, each of which answers what its worker has said of it. */
const ENDS = ["task_finished", "task_failed", "task_cancelled", "task_waiting", "retry_scheduled"];

/** See the module. */
export class Answers {
  /** How often each reason of a refusal was given, without names and numbers. */
  readonly refusals = new Map<string, number>();
  /** Requests that no fact has answered. */
  readonly #open = new Set<number>();
  /** What workers have said of attempts, by its place in the log. */
  readonly #reports = new Map<number, { readonly kind: string; readonly token: number }>();

  /** Takes note of an event. */
  read(event: RunEvent): void {
    const { kind, payload } = event;
    if (KINDS[kind].class === "request") this.#open.add(event.index);
    else if ("request" in payload && payload.request !== undefined) this.#open.delete(payload.request);
    if (kind === "attempt_started" || kind === "attempt_reported") {
      this.#reports.set(event.index, { kind, token: payload.token });
    } else this.#readAnswerToReport(event);
    if (kind === "request_refused" || kind === "result_refused" || kind === "task_rejected") {
      const reason = plainReason(payload.reason);
      this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
    }
  }

  /** The first request before this place of the log that nothing has answered. */
  openBefore(index: number): number | undefined {
    return [...this.#open].find((each) => each < index);
  }

  /** What a worker says of an attempt is answered by what becomes of that attempt. */
  #readAnswerToReport({ kind, payload }: RunEvent): void {
    const answersStart = kind === "task_started" || kind === "attempt_pinning" || ENDS.includes(kind);
    if (!answersStart || !("token" in payload)) return;
    const answersReport = kind !== "task_started" && kind !== "retry_scheduled";
    for (const [index, report] of this.#reports) {
      const isAnswered = report.kind === "attempt_started" || answersReport;
      if (report.token === payload.token && isAnswered) this.#open.delete(index);
    }
  }
}
