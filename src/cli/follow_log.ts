/** Follows a log of either form: each event as soon as it is committed. */

import { systemClock } from "../clock.ts";
import { LOG_START } from "../log/commit_scanner.ts";
import type { FreeEvent } from "../log/event.ts";
import { scanLog } from "../log/scan.ts";

/** How often the log is looked at, in milliseconds. */
const LOOK_MS = 200;

/**
 * The events of a log from the index `from` on, in whole commits. Never ends by itself.
 *
 * @throws MalformedEventError, CorruptLogError, LogIoError
 */
export async function* followLog(path: string, from: number): AsyncGenerator<FreeEvent, void> {
  let position = LOG_START;
  let looked = -1;
  for (;;) {
    const { size } = await Deno.stat(path);
    if (size !== looked) {
      // Each look starts behind the last whole commit: what stood there of another may have been cut since.
      for await (const commits of scanLog(path, { position })) {
        for (const commit of commits) {
          yield* commit.events.filter((event) => event.index >= from);
          position = commit.after;
        }
      }
      looked = size;
    }
    await systemClock.sleep(LOOK_MS);
  }
}
