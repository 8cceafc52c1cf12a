/** Gives the system's errors their place: which file, and what was tried. */

import { LogIoError } from "./errors.ts";

/** Calls, and throws what the call throws as a {@linkcode LogIoError}. */
export function attempt<T>(path: string, operation: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new LogIoError(path, operation, error);
  }
}

/** As {@linkcode attempt}, for what is done in the background. */
export async function attemptAsync<T>(path: string, operation: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new LogIoError(path, operation, error);
  }
}
