/** What many simulated runs did together, and what a campaign of them has to reach. */

import { FAULT_KINDS } from "./faults.ts";
import { LEGAL } from "./task_shadow.ts";
import { REFUSALS } from "./refusals.ts";
import type { Report } from "./simulation.ts";

/** Each kind of fault has to happen so often in a complete campaign. */
const LEAST_FAULTS = 1_000;

/** See the module. */
export class Totals {
  seeds = 0;
  events = 0;
  decisions = 0;
  /** Seeds that broke a rule. */
  readonly broken: Report[] = [];
  readonly faults = new Map<string, number>(FAULT_KINDS.map((kind) => [kind, 0]));
  readonly transitions = new Map<string, number>(LEGAL.map((transition) => [transition, 0]));
  readonly refusals = new Map<string, number>(REFUSALS.map((reason) => [reason, 0]));
  readonly statuses = new Map<string, number>();

  /** Adds one run. */
  add(report: Report): void {
    this.seeds += 1;
    this.events += report.events;
    this.decisions += report.decisions;
    if (report.violations.length > 0) this.broken.push(report);
    addAll(this.faults, report.faults);
    addAll(this.transitions, report.transitions);
    addAll(this.refusals, report.refusals);
    addAll(this.statuses, [[report.status ?? "did not end", 1]]);
  }

  /** What a complete campaign still lacks. */
  missing(leastEvents: number): readonly string[] {
    const rare = [...this.faults].filter(([, count]) => count < LEAST_FAULTS)
      .map(([kind, count]) => `fault ${kind} happened ${count} times, not ${LEAST_FAULTS}`);
    const untouched = [
      ...[...this.transitions].filter(([, count]) => count === 0).map(([each]) => `transition ${each}`),
      ...[...this.refusals].filter(([, count]) => count === 0).map(([each]) => `refusal "${each}"`),
    ].map((each) => `${each} was never reached`);
    const few = this.events < leastEvents ? [`${this.events} events, not ${leastEvents}`] : [];
    return [...few, ...rare, ...untouched];
  }

  /** Reasons of refusals that the list above does not know. */
  unknownRefusals(): readonly string[] {
    return [...this.refusals.keys()].filter((reason) => !REFUSALS.includes(reason));
  }

  /** The last line of a campaign. */
  summary(): string {
    const faults = [...this.faults].map(([kind, count]) => `${kind} ${count}`).join(", ");
    return `simulated: ${this.seeds} seeds, ${this.events} events, faults: ${faults}; ${this.broken.length} violations`;
  }
}

function addAll(counts: Map<string, number>, more: Iterable<readonly [string, number]>): void {
  for (const [key, count] of more) counts.set(key, (counts.get(key) ?? 0) + count);
}
