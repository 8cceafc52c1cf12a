/** Times that must fit each other: leases, the thresholds of the watchdog, and the budget. */

import {
  DEFAULT_LEASE_SECS,
  DEFAULT_WATCHDOG,
  HEARTBEAT_INTERVAL_SECS,
  LEASE_PER_MISSING_HEARTBEAT,
  SAMPLE_INTERVAL_SECS,
} from "../defaults.ts";
import type { PlanDraft } from "../draft.ts";
import { durationSecs } from "../duration.ts";
import type { Finding } from "../problem.ts";
import { LONGEST_SECS } from "../schema_values.ts";

/** Checks the times of the plan against each other. */
export function checkTiming(draft: PlanDraft): Finding[] {
  return [...checkWatchdog(draft), ...checkLease(draft), ...checkBudget(draft)];
}

function checkWatchdog(draft: PlanDraft): Finding[] {
  const findings: Finding[] = [];
  const { heartbeat_missing_secs: missing, heartbeat_stale_secs: stale } = draft.watchdog ?? {};
  if (missing !== undefined && missing <= HEARTBEAT_INTERVAL_SECS) {
    findings.push({
      code: "out_of_range",
      path: ["watchdog", "heartbeat_missing_secs"],
      message: `"heartbeat_missing_secs" must be greater than ${HEARTBEAT_INTERVAL_SECS}`,
      hint: `a worker gives a sign of life every ${HEARTBEAT_INTERVAL_SECS} s`,
    });
  }
  if (stale !== undefined && stale < SAMPLE_INTERVAL_SECS) {
    findings.push({
      code: "out_of_range",
      path: ["watchdog", "heartbeat_stale_secs"],
      message: `"heartbeat_stale_secs" must be at least ${SAMPLE_INTERVAL_SECS}`,
      hint: `progress is measured every ${SAMPLE_INTERVAL_SECS} s`,
    });
  }
  return findings;
}

function checkLease(draft: PlanDraft): Finding[] {
  const missing = draft.watchdog?.heartbeat_missing_secs ?? DEFAULT_WATCHDOG.heartbeat_missing_secs;
  const least = LEASE_PER_MISSING_HEARTBEAT * missing;
  if ((draft.lease_secs ?? DEFAULT_LEASE_SECS) >= least) return [];
  return [{
    code: "out_of_range",
    path: draft.lease_secs === undefined ? ["watchdog", "heartbeat_missing_secs"] : ["lease_secs"],
    message: `"lease_secs" (${draft.lease_secs ?? `${DEFAULT_LEASE_SECS} by default`}) must be at least ` +
      `${LEASE_PER_MISSING_HEARTBEAT} times "heartbeat_missing_secs" (${missing})`,
    hint: `set it to ${least} or more`,
  }];
}

function checkBudget(draft: PlanDraft): Finding[] {
  const time = draft.budget?.time;
  if (time === undefined) return [];
  const secs = durationSecs(time);
  if (secs !== undefined && secs > 0 && secs <= LONGEST_SECS) return [];
  return [{
    code: "out_of_range",
    path: ["budget", "time"],
    message: `"budget.time" must be greater than 0 and at most ${LONGEST_SECS} s`,
  }];
}
