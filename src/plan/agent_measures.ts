/** What can be known of what an agent uses, by the way it is driven. */

import type { AgentSpec } from "./spec.ts";

/** How far a figure can be known beforehand. */
export type Measurable = "measured" | "estimated" | "unknown";

/** Tokens and money of an agent. */
export interface Measures {
  readonly tokens: Measurable;
  readonly usd: Measurable;
}

/** Of an agent that tells nothing. */
export const NO_MEASURES: Measures = { tokens: "unknown", usd: "unknown" };

/** What each dialect of JSON lines tells at the end of a session. */
const OF_DIALECT = {
  // From the files that it keeps of its session.
  kimi: { tokens: "measured", usd: "unknown" },
  claude: { tokens: "measured", usd: "measured" },
  codex: { tokens: "measured", usd: "unknown" },
  gemini: { tokens: "measured", usd: "unknown" },
  qwen: { tokens: "measured", usd: "unknown" },
  opencode: { tokens: "measured", usd: "measured" },
} as const satisfies Readonly<Record<string, Measures>>;

/**
 * What each agent tells over the Agent Client Protocol, whose stable form has no tokens: measured with one version of
 * each. Kimi Code tells nothing, but keeps files of its session; OpenCode reports its last call only.
 */
const OVER_ACP: Readonly<Record<string, Measures>> = {
  kimi: { tokens: "measured", usd: "unknown" },
  claude: { tokens: "measured", usd: "unknown" },
  codex: { tokens: "measured", usd: "unknown" },
  gemini: { tokens: "measured", usd: "unknown" },
  qwen: { tokens: "measured", usd: "unknown" },
  opencode: { tokens: "estimated", usd: "measured" },
};

/** See the module. An agent of the user's own over `acp` may tell more than is known here. */
export function measuresOf({ driver, dialect, preset }: AgentSpec): Measures {
  if (driver === "stream") return dialect === undefined ? NO_MEASURES : OF_DIALECT[dialect];
  if (driver === "acp" && preset !== undefined) return OVER_ACP[preset] ?? NO_MEASURES;
  return NO_MEASURES;
}
