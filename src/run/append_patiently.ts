/** Appending for a controller or a worker: a lock that is held too long, or a full disk, is waited for before it ends a run. */

import type { EventDraft, RunEvent } from "../log/event.ts";
import { LockTimeoutError, LogIoError } from "../log/errors.ts";
import type { AppendOptions, EventLog } from "../log/port.ts";
import type { ControllerClock } from "./ports.ts";

/** How long a controller retries. */
const PATIENCE_MS = 60_000;
/** Between two tries on a full disk; a lock's own budget is wait enough. */
const PAUSE_MS = 1_000;

/**
 * Appends the drafts; a lock time-out and a refused write, such as on a full disk, are retried for a minute.
 *
 * @throws what the log throws, at once where trying again cannot help.
 */
export async function appendPatiently(
  ports: { readonly log: EventLog; readonly clock: Pick<ControllerClock, "monotonic" | "sleep"> },
  drafts: readonly EventDraft[],
  options: AppendOptions,
): Promise<readonly RunEvent[]> {
  const { log, clock } = ports;
  const deadline = clock.monotonic() + PATIENCE_MS;
  while (true) {
    try {
      return await log.append(drafts, options);
    } catch (error) {
      const isWorthWaiting = error instanceof LockTimeoutError || error instanceof LogIoError;
      if (!isWorthWaiting || clock.monotonic() >= deadline || options.signal?.aborted === true) throw error;
      if (error instanceof LogIoError) await clock.sleep(PAUSE_MS, options.signal);
    }
  }
}
