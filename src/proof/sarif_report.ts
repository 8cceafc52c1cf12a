/** The findings of all gates of a run as one SARIF log, within the limits of GitHub. Pure. */

import { SARIF_VERSION, type SarifLog } from "../sarif.ts";

/** GitHub takes at most so many runs in a file, and so many results in a run. */
const MOST_RUNS = 20;
const MOST_RESULTS = 25_000;

/** A SARIF log that a gate wrote. */
export interface GateFindings {
  readonly gate: string;
  readonly log: SarifLog;
}

/** One log of all, and what had to be left out of it. */
export interface MergedSarif {
  readonly log: SarifLog;
  readonly runsLeftOut: number;
  readonly resultsLeftOut: number;
}

/** Merges the logs in their order. Each run is named after its gate, so that they are kept apart where they are shown. */
export function mergeSarif(findings: readonly GateFindings[]): MergedSarif {
  let resultsLeftOut = 0;
  const all = findings.flatMap(({ gate, log }) => log.runs.map((run, at) => ({ gate, run, at })));
  const runs = all.slice(0, MOST_RUNS).map(({ gate, run, at }) => {
    const results = run.results?.slice(0, MOST_RESULTS);
    resultsLeftOut += (run.results?.length ?? 0) - (results?.length ?? 0);
    const id = `omk/${gate}/${run.automationDetails?.id ?? `${run.tool.driver.name}/${at + 1}`}`;
    return {
      ...run,
      ...(results === undefined ? {} : { results }),
      automationDetails: { ...run.automationDetails, id },
    };
  });
  return {
    log: { $schema: "https://json.schemastore.org/sarif-2.1.0.json", version: SARIF_VERSION, runs },
    runsLeftOut: all.length - runs.length,
    resultsLeftOut,
  };
}
