/** Simulates the seeds that it is sent, in a thread of its own, so that one that hangs can be ended. */

import { simulate } from "./simulation.ts";

/** One run to simulate. */
export interface SeedRequest {
  readonly seed: number;
  readonly largest: number;
}

// The global scope of a worker has these two; the types are those of a page.
const scope = self as unknown as {
  onmessage: (event: MessageEvent<SeedRequest>) => void;
  postMessage(message: unknown): void;
};

scope.onmessage = ({ data }) => {
  simulate(data.seed, data.largest).then((report) => scope.postMessage(report));
};
