/** The facts about the processes that do the work. */

import * as z from "zod";
import { attemptRef, mark, processIdentity, runTime } from "../payloads.ts";
import { fact } from "./entry.ts";
import { answers, reason } from "./parts.ts";

/** See the module. */
export const workerFacts = {
  /** A process has given its first sign of life under this name. */
  worker_started: fact({
    ...answers,
    worker: z.string(),
    process: processIdentity,
    slots: z.int().min(1),
    /** The element that its process adds to OMK_MARK: it finds what an extra worker has started. */
    mark: mark.optional(),
  }),
  worker_stalled: fact({
    worker: z.string(),
    ...attemptRef,
    /** The last sign of progress. */
    since: runTime,
    reason: reason.optional(),
  }),
  worker_dead: fact({ worker: z.string(), reason }),
  worker_recovered: fact({
    worker: z.string(),
    /** The attempt that makes progress again; absent where the worker itself is alive again. */
    attempt: z.strictObject(attemptRef).optional(),
  }),
  worker_stopped: fact({ ...answers, worker: z.string(), reason }),
};
