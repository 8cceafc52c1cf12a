/** The extra workers of a run as its controller sees them: processes of this machine that come and go by themselves. */

import type { ProcessIdentity } from "../process/port.ts";
import type { LocalSupervisor } from "../process/supervisor.ts";
import type { WorkerRecord } from "../scheduler/run_record.ts";
import type { LocalWorker } from "../worker/local_worker.ts";
import { type RunDirectory, workerLock } from "./directory.ts";
import type { ExtraWorkers } from "./ports.ts";
import { ProcessLock } from "./process_lock.ts";

/** Makes the port on this machine. */
export function createExtraWorkers(options: {
  readonly directory: RunDirectory;
  readonly supervisor: LocalSupervisor;
  readonly attempts: Pick<LocalWorker, "takeOver">;
}): ExtraWorkers {
  const { directory, supervisor, attempts } = options;
  return {
    isPresent: (worker) => ProcessLock.isHeld(workerLock(directory, worker)),
    async settle({ mark }: WorkerRecord) {
      if (mark !== undefined) await supervisor.endMarked(mark);
    },
    async signal(body: ProcessIdentity, signal) {
      await supervisor.signalBody(body, signal);
    },
    takeOver: (request, outcome) => attempts.takeOver(request, outcome),
  };
}
