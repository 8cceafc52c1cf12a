/** From the name of an agent, and what plan and configuration say of it, to what is started. */

import {
  DEFAULT_FIRST_UPDATE_SECS,
  DEFAULT_SILENCE_SECS,
  DEFAULT_START_SECS,
  DEFAULT_TASK_TIMEOUT_SECS,
} from "./defaults.ts";
import type { AgentSpec } from "./spec.ts";
import { type AgentPreset, findPreset } from "./agent_presets.ts";
import type { AgentInput } from "./agent_schema.ts";

/** A program that only prints may work without a word; whether it gets on, its CPU time tells. */
const SILENT_LIMITS = {
  first_update_secs: DEFAULT_TASK_TIMEOUT_SECS,
  silence_secs: DEFAULT_TASK_TIMEOUT_SECS,
} as const;

/** Entries of agents, by name. */
export type AgentInputs = Readonly<Record<string, AgentInput>>;

/** What became of a name. */
export type ResolvedAgent =
  | { readonly ok: true; readonly spec: AgentSpec }
  /** `field`: of the entry, where one of its fields is to blame. */
  | {
    readonly ok: false;
    readonly field?: keyof AgentInput;
    readonly problem: string;
    readonly hint: string;
  };

/** Entries of a plan over those of the configuration: fields of the same agent are merged, the plan's go first. */
export function mergeAgents(under: AgentInputs, over: AgentInputs): AgentInputs {
  const merged: Record<string, AgentInput> = { ...under };
  for (const [name, entry] of Object.entries(over)) {
    const below = Object.hasOwn(under, name) ? under[name] : undefined;
    const env = { ...below?.env, ...entry.env };
    merged[name] = { ...below, ...entry, ...(Object.keys(env).length === 0 ? {} : { env }) };
  }
  return merged;
}

/** What the name stands for. */
export function resolveAgent(name: string, agents: AgentInputs): ResolvedAgent {
  const entry = Object.hasOwn(agents, name) ? agents[name] : undefined;
  const presetName = entry?.preset ?? (findPreset(name) === undefined ? undefined : name);
  const preset = presetName === undefined ? undefined : findPreset(presetName);
  if (preset === undefined) {
    if (entry === undefined) {
      return {
        ok: false,
        problem: "is no agent that omk knows",
        hint: 'say under "agents" how it is started',
      };
    }
    return resolveOwn(entry);
  }
  return resolvePreset(presetName ?? name, preset, entry ?? {});
}

function resolveOwn(entry: AgentInput): ResolvedAgent {
  const { driver = "command", dialect, command } = entry;
  if (command === undefined) {
    return {
      ok: false,
      problem: "has no command",
      hint: 'give it "command", or a "preset" that it is a variant of',
    };
  }
  if (driver === "stream" && dialect === undefined) {
    return {
      ok: false,
      field: "driver",
      problem: "does not say whose JSON lines it prints",
      hint: 'give it a "dialect"',
    };
  }
  const wrong = entry.model !== undefined
    ? "model" as const
    : entry.mode !== undefined && driver !== "acp"
    ? "mode" as const
    : undefined;
  if (wrong !== undefined) {
    return {
      ok: false,
      field: wrong,
      problem: `cannot be told its ${wrong}`,
      hint: `put it into "command"`,
    };
  }
  return {
    ok: true,
    spec: {
      driver,
      ...(driver === "stream" && dialect !== undefined ? { dialect } : {}),
      command,
      prompt: entry.prompt ?? "stdin",
      ...(entry.mode === undefined ? {} : { mode: entry.mode }),
      env: entry.env ?? {},
      ...limitsOf(driver === "command" ? { ...SILENT_LIMITS, ...entry } : entry),
    },
  };
}

function resolvePreset(name: string, preset: AgentPreset, entry: AgentInput): ResolvedAgent {
  const driver = entry.driver ?? preset.driver;
  const way = driver === "command" ? undefined : preset.ways[driver];
  if (way === undefined && entry.command === undefined) {
    return {
      ok: false,
      field: "driver",
      problem: `cannot be driven by "${driver}"`,
      hint: `leave "driver" out, or give it a "command"`,
    };
  }
  const { model, command = way?.command(entry.model) ?? [] } = entry;
  const takesModel = entry.command === undefined && command.includes(model ?? "");
  if (model !== undefined && !takesModel) {
    return {
      ok: false,
      field: "model",
      problem: "cannot be told its model",
      hint: 'choose it in the configuration of the agent, or give a whole "command"',
    };
  }
  const dialect = driver === "stream" ? entry.dialect ?? way?.dialect : undefined;
  const mode = driver === "acp" ? entry.mode ?? way?.mode : undefined;
  return {
    ok: true,
    spec: {
      preset: name,
      driver,
      ...(dialect === undefined ? {} : { dialect }),
      command,
      prompt: entry.prompt ?? way?.prompt ?? "stdin",
      ...(model === undefined ? {} : { model }),
      ...(mode === undefined ? {} : { mode }),
      env: { ...preset.env, ...entry.env },
      ...limitsOf(entry),
    },
  };
}

function limitsOf(entry: AgentInput): Pick<
  AgentSpec,
  "start_secs" | "first_update_secs" | "silence_secs" | "checkout"
> {
  return {
    start_secs: entry.start_secs ?? DEFAULT_START_SECS,
    first_update_secs: entry.first_update_secs ?? DEFAULT_FIRST_UPDATE_SECS,
    silence_secs: entry.silence_secs ?? DEFAULT_SILENCE_SECS,
    checkout: entry.checkout ?? "watch",
  };
}
