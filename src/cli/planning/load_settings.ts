/** What plans are loaded with, as the configuration of this call says. */

import type { LoadSettings } from "../../run/planning/project.ts";
import type { CommandContext } from "../command.ts";
import { AGENTS } from "../config/agents.ts";
import { planSettings } from "../config/plan_settings.ts";
import { PRICES } from "../config/prices.ts";

/** See the module. */
export function loadSettings({ env, config }: Pick<CommandContext, "env" | "config">): LoadSettings {
  return {
    env,
    defaults: planSettings(config).defaults,
    prices: config.value(PRICES),
    agents: config.value(AGENTS),
  };
}
