/** Many simulated runs at once, each in one of several threads. */

import type { Report } from "./simulation.ts";
import type { SeedRequest } from "./seed_worker.ts";
import { Totals } from "./totals.ts";

/** A seed that takes longer hangs, milliseconds, unless a campaign of larger plans says otherwise. */
const HANG_MS = 180_000;

/** What to simulate. */
export interface Campaign {
  readonly from: number;
  /** Most tasks of a plan. */
  readonly largest: number;
  /** How many threads simulate. */
  readonly jobs: number;
  /** Whether the next seed is simulated, after what the runs so far did; `started` seeds were begun. */
  readonly goesOn: (totals: Totals, started: number) => boolean;
  readonly hangMs?: number;
}

/** Simulates seed after seed; one that hangs counts as one that broke a rule. */
export async function simulateCampaign(campaign: Campaign): Promise<Totals> {
  const totals = new Totals();
  let started = 0;
  const work = async () => {
    let thread = startThread();
    while (campaign.goesOn(totals, started)) {
      const request = { seed: campaign.from + started, largest: campaign.largest };
      started += 1;
      const report = await ask(thread, request, campaign.hangMs ?? HANG_MS);
      if (report === null) {
        thread.terminate();
        thread = startThread();
      }
      totals.add(report ?? hung(request.seed));
    }
    thread.terminate();
  };
  await Promise.all(Array.from({ length: campaign.jobs }, work));
  return totals;
}

function startThread(): Worker {
  return new Worker(new URL("./seed_worker.ts", import.meta.url), { type: "module" });
}

async function ask(thread: Worker, request: SeedRequest, hangMs: number): Promise<Report | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Report | null>();
  const timer = setTimeout(() => resolve(null), hangMs);
  thread.onmessage = ({ data }: MessageEvent<Report>) => resolve(data);
  thread.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`Cannot simulate seed ${request.seed}: ${event.message}`));
  };
  thread.postMessage(request);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

function hung(seed: number): Report {
  return {
    seed,
    tasks: 0,
    events: 0,
    decisions: 0,
    faults: new Map(),
    transitions: new Map(),
    refusals: new Map(),
    status: null,
    violations: ["it hangs: no time passes, and nothing happens"],
  };
}
