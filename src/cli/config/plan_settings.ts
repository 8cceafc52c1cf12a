/** The settings that a plan can say too, on both sides of the plan. */

import type { PlanSettings } from "../../plan/normalize.ts";
import { normalizeApproval } from "../../plan/approval.ts";
import type { Config } from "./config.ts";
import type { Setting } from "./setting.ts";
import { APPROVAL, CONTAINMENT, DURABILITY, ON_FAILURE, WORKERS } from "./settings.ts";

/** What beats the plan, and what it beats. */
export interface SettingsAroundPlan {
  readonly overrides: Partial<PlanSettings>;
  readonly defaults: Partial<PlanSettings>;
}

/** What options, variables and the user's file say of the settings of a plan. */
export function planSettings(config: Config): SettingsAroundPlan {
  const over = <T>(setting: Setting<T>) => config.overPlan(setting)?.value;
  const under = <T>(setting: Setting<T>) => config.underPlan(setting).value;
  return { overrides: collect(over), defaults: collect(under) };
}

function collect(valueOf: <T>(setting: Setting<T>) => T | undefined): Partial<PlanSettings> {
  const workers = valueOf(WORKERS);
  const on_failure = valueOf(ON_FAILURE);
  const durability = valueOf(DURABILITY);
  const containment = valueOf(CONTAINMENT);
  const approval = valueOf(APPROVAL);
  return {
    ...(containment === undefined ? {} : { containment }),
    ...(approval === undefined ? {} : { approval: normalizeApproval(approval) }),
    ...(workers === undefined ? {} : { workers }),
    ...(on_failure === undefined ? {} : { on_failure }),
    ...(durability === undefined ? {} : { durability }),
  };
}
