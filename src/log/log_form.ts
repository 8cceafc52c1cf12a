/** The two forms of a log: a run's, which holds to the table of kinds, and a free one, which takes what users append. */

import { admit, admitFree, type AdmittedEvent } from "./admission.ts";
import type { FreeDraft, FreeEvent } from "./event.ts";
import { freeEventProblem, runEventProblem } from "./run_event.ts";

/** The rules of a form. */
export interface LogForm {
  readonly name: "run" | "free";
  /** What is known of such a log before anything of it was read; `runId` is what the opener calls it. */
  start(runId: string): { readonly runId: string; readonly form: "free" | undefined };
  /** Whether a log may begin with this kind. */
  canBegin(kind: string): boolean;
  /** A draft as it will be appended; throws EventRefusedError. */
  admit(draft: FreeDraft): AdmittedEvent;
  /** Why an event has no place in such a log, or `undefined`. */
  problem(event: FreeEvent): string | undefined;
}

/** Begins with `run_started`; kinds, actors and payloads are those of the table. */
export const RUN_LOG: LogForm = {
  name: "run",
  start: (runId) => ({ runId, form: undefined }),
  canBegin: (kind) => kind === "run_started",
  admit,
  problem: runEventProblem,
};

/** Begins with anything else; its `run_id` is what its first event says. */
export const FREE_LOG: LogForm = {
  name: "free",
  start: () => ({ runId: "", form: "free" }),
  canBegin: () => true,
  admit: admitFree,
  problem: freeEventProblem,
};
