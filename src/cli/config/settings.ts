/**
 * Every setting of omk. What reads configuration, checks it, documents it and completes it is made from this table.
 * Only small modules are imported here: every command loads it.
 */

import { AGENTS } from "./agents.ts";
import { PRICES } from "./prices.ts";
import { DEFAULT_WORKERS, MOST_WORKERS } from "../../plan/defaults.ts";
import type { ContainmentChoice, Durability, OnFailure } from "../../plan/spec.ts";
import type { ColorChoice } from "../output.ts";
import { AGE, choice, DIRECTORY, NAME, type Setting, wholeNumber } from "./setting.ts";

/** How the output of tasks is shown. */
export type OutputMode = "group" | "prefix" | "stream" | "failed" | "none";

/** How much is told besides. */
export type Verbosity = "quiet" | "normal" | "verbose";

/** Tasks at once. */
export const WORKERS: Setting<number> = {
  name: "workers",
  variable: "OMK_WORKERS",
  kind: wholeNumber(1, MOST_WORKERS),
  fallback: DEFAULT_WORKERS,
  fallbackText: String(DEFAULT_WORKERS),
  inPlan: true,
  options: [{ name: "workers" }],
  commands: "run",
  meaning: "how many tasks run at once",
};

/** What a failed task means for the others. */
export const ON_FAILURE: Setting<OnFailure> = {
  name: "on_failure",
  variable: "OMK_ON_FAILURE",
  kind: choice(["continue", "no-new", "kill"]),
  fallback: "continue",
  fallbackText: "continue",
  inPlan: true,
  options: [{ name: "on-failure" }],
  commands: "run",
  meaning: "after a failed task: go on, start no new ones, or end the others too",
};

/** What the log of a run syncs. */
export const DURABILITY: Setting<Durability> = {
  name: "durability",
  variable: "OMK_DURABILITY",
  kind: choice(["strict", "batch", "none"]),
  fallback: "batch",
  fallbackText: "batch",
  inPlan: true,
  options: [],
  commands: "run",
  meaning: "what of the log survives a power cut: every event, every result, or what the system has written",
};

/** How far processes of tasks are found. */
export const CONTAINMENT: Setting<ContainmentChoice> = {
  name: "containment",
  variable: "OMK_CONTAINMENT",
  kind: choice(["auto", "cgroup", "pidns", "mark", "group"]),
  fallback: undefined,
  fallbackText: "auto",
  inPlan: true,
  options: [{ name: "containment" }],
  commands: "run",
  meaning: "how far processes that tasks leave behind are found; in a plan it is limits.containment",
};

/** What tasks see of a dirty checkout. */
export const BASE: Setting<"HEAD" | "dirty"> = {
  name: "base",
  variable: "OMK_BASE",
  kind: choice(["HEAD", "dirty"]),
  fallback: undefined,
  fallbackText: "asks on a terminal, else refuses",
  inPlan: false,
  options: [{ name: "base" }],
  commands: "run",
  meaning: "what tasks see of a dirty checkout: HEAD leaves its changes out, dirty takes them in",
};

/** Who plans what a prompt asks for. */
export const AGENT: Setting<string> = {
  name: "agent",
  variable: "OMK_AGENT",
  kind: NAME,
  fallback: undefined,
  fallbackText: "that of omk.jsonc (defaults.agent), else the only one that is installed",
  inPlan: false,
  options: [{ name: "agent" }],
  commands: "plan, run",
  meaning: "the agent that plans what a prompt asks for, and does what the plan gives no other",
};

/** What agents that ask for leave are told. */
export const APPROVAL: Setting<"never" | "safe" | "yolo"> = {
  name: "approval",
  variable: "OMK_APPROVAL",
  kind: choice(["never", "safe", "yolo"]),
  fallback: undefined,
  fallbackText: "safe",
  inPlan: true,
  options: [{ name: "approval" }],
  commands: "run",
  meaning: "what agents that ask for leave are told: no, what is safe, or yes; rules stand in a plan",
};

/** Where worktrees lie. */
export const WORKTREE_DIR: Setting<string> = {
  name: "worktree_dir",
  variable: "OMK_WORKTREE_DIR",
  kind: DIRECTORY,
  fallback: undefined,
  fallbackText: "$XDG_STATE_HOME/omk/worktrees",
  inPlan: false,
  options: [{ name: "worktree-dir" }],
  commands: "run, clean, doctor",
  meaning: "the directory for the worktrees of tasks, outside of every project",
};

/** How the output of tasks is shown. */
export const OUTPUT: Setting<OutputMode> = {
  name: "output",
  variable: "OMK_OUTPUT",
  kind: choice(["group", "prefix", "stream", "failed", "none"]),
  fallback: undefined,
  fallbackText: "none on a terminal, else group",
  inPlan: false,
  options: [{ name: "output" }],
  commands: "run, resume, retry",
  meaning: "how the output of tasks is shown while a run goes on",
};

/** How much of a run is told. */
export const VERBOSITY: Setting<Verbosity> = {
  name: "verbosity",
  variable: "OMK_VERBOSITY",
  kind: choice(["quiet", "normal", "verbose"]),
  fallback: "normal",
  fallbackText: "normal",
  inPlan: false,
  options: [{ name: "quiet", standsFor: "quiet" }, { name: "verbose", standsFor: "verbose" }],
  commands: "run, resume, retry",
  meaning: "how much of a run is told: what goes wrong, the usual, or worktrees, pins and merges too",
};

/** When the output is coloured. */
export const COLOR: Setting<ColorChoice> = {
  name: "color",
  variable: "OMK_COLOR",
  kind: choice(["auto", "always", "never"]),
  fallback: "auto",
  fallbackText: "auto",
  inPlan: false,
  options: [{ name: "color" }],
  commands: "all",
  meaning: "whether output is coloured; auto: on a terminal, where NO_COLOR is not set",
};

/** How long finished runs are kept. */
export const KEEP: Setting<string> = {
  name: "keep",
  variable: "OMK_KEEP",
  kind: AGE,
  fallback: "30d",
  fallbackText: "30d",
  inPlan: false,
  options: [{ name: "keep" }],
  commands: "clean",
  meaning: "the age from which omk clean removes finished runs",
};

/** All settings, in the order of the documentation. */
export const SETTINGS: readonly Setting[] = [
  WORKERS,
  ON_FAILURE,
  DURABILITY,
  CONTAINMENT,
  BASE,
  AGENT,
  AGENTS,
  APPROVAL,
  WORKTREE_DIR,
  OUTPUT,
  VERBOSITY,
  COLOR,
  KEEP,
  PRICES,
];
