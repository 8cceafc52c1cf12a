/** Checks of the configuration, and what holds of each setting here. */

import { UsageError } from "../../errors.ts";
import { formatProblem } from "../../plan/problem.ts";
import type { CommandContext } from "../command.ts";
import type { Config, Source } from "../config/config.ts";
import { configPath } from "../config/config_file.ts";
import { describeUnknown, unknownVariables } from "../config/environment.ts";
import { ConfigError } from "../config/errors.ts";
import { loadConfig } from "../config/load_config.ts";
import type { Setting } from "../config/setting.ts";
import { SETTINGS } from "../config/settings.ts";
import type { SettingsOfPlan } from "./check_plan.ts";
import { type Finding, finding, findingOf } from "./finding.ts";

/** A setting with what holds of it. */
export interface SettingRow {
  readonly setting: string;
  /** Null where nobody said anything, and what omk does depends on the place. */
  readonly value: unknown;
  readonly source: Source;
  /** The variable, or the file with line and column; null for a default. */
  readonly origin: string | null;
  /** What a person reads of the value. */
  readonly text: string;
}

/** The configuration, as far as it can be used, and what is wrong with it. */
export interface ConfigFindings {
  readonly config: Config;
  readonly findings: readonly Finding[];
}

/** Reads the configuration. */
export async function checkConfig(context: CommandContext): Promise<ConfigFindings> {
  const { env, args } = context;
  const unknown = await Promise.all(unknownVariables(env).map(describeUnknown));
  const warnings = unknown.map((text) => finding("environment", "warning", text));
  try {
    const config = await loadConfig(args, env);
    return { config, findings: [ofFile(config, env), ...warnings] };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { config: context.config, findings: [...ofError(error), ...warnings] };
  }
}

function ofFile({ file }: Config, env: Readonly<Record<string, string>>): Finding {
  if (file !== null) return finding("configuration", "ok", file.path);
  const path = configPath(env);
  if (path !== undefined) return finding("configuration", "ok", `there is no ${path}`);
  return finding(
    "configuration",
    "note",
    "neither XDG_CONFIG_HOME nor HOME names a directory: no file is read",
  );
}

function ofError(error: UsageError): readonly Finding[] {
  const advice = { why: "every command but omk doctor and omk help refuses to work with it" };
  if (!(error instanceof ConfigError)) {
    return [{ ...findingOf("configuration", "error", error), why: advice.why }];
  }
  return error.problems.map((problem) => finding("configuration", "error", formatProblem(problem), advice));
}

/** What holds of every setting, after what the plan says. */
export function settingRows(config: Config, plan: SettingsOfPlan | null): readonly SettingRow[] {
  return SETTINGS.map((setting) => {
    const { value, source, origin } = config.resolve(setting, planValue(setting, plan));
    const text = value === undefined ? setting.fallbackText : String(value);
    return { setting: setting.name, value: value ?? null, source, origin, text };
  });
}

function planValue(
  setting: Setting,
  plan: SettingsOfPlan | null,
): { value: unknown; path: string } | undefined {
  if (plan === null || !setting.inPlan || !plan.fields.has(setting.name)) return undefined;
  return { value: plan.fields.get(setting.name), path: plan.path };
}
