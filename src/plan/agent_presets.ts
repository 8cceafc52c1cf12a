/** The agents that omk knows how to start: what a plan means that only names one. */

import type { AgentSpec, EnvValue, StreamDialect } from "./spec.ts";

/** One way to drive an agent. */
interface Way {
  readonly dialect?: StreamDialect;
  readonly command: (model: string | undefined) => readonly string[];
  readonly prompt: AgentSpec["prompt"];
  /** Mode of the session, for `acp`. */
  readonly mode?: string;
}

/** What is known of an agent. */
export interface AgentPreset {
  /** What people call it. */
  readonly title: string;
  /** The program that must be installed. */
  readonly program: string;
  /** How it is installed, for people. */
  readonly install: string;
  /** The way that is taken where nobody chooses. */
  readonly driver: "acp" | "stream";
  readonly ways: { readonly acp?: Way; readonly stream?: Way };
  /** What keeps it from retrying for minutes, asking for updates, or sending what nobody needs. */
  readonly env: Readonly<Record<string, EnvValue>>;
}

/** An option with the model, where one is chosen. */
function option(name: string, model: string | undefined): readonly string[] {
  return model === undefined ? [] : [name, model];
}

/** Every preset, by name, in the order of the documentation. */
export const AGENT_PRESETS = {
  kimi: {
    title: "Kimi Code",
    program: "kimi",
    install: "npm install -g @moonshot-ai/kimi-code",
    driver: "acp",
    ways: {
      // The option must stand before the subcommand.
      acp: { command: (model) => ["kimi", ...option("-m", model), "acp"], prompt: "stdin" },
      stream: {
        dialect: "kimi",
        command: (model) => [
          ...["kimi", ...option("-m", model)],
          ...["--output-format", "stream-json", "-p", "{prompt}"],
        ],
        prompt: "argument",
      },
    },
    env: { KIMI_DISABLE_TELEMETRY: "1", KIMI_LOOP_MAX_ATTEMPTS_PER_STEP: "2" },
  },
  claude: {
    title: "Claude Code",
    program: "claude",
    install: "npm install -g @anthropic-ai/claude-code",
    driver: "stream",
    ways: {
      stream: {
        dialect: "claude",
        command: (model) => [
          ...["claude", "-p", "--output-format", "stream-json", "--verbose"],
          ...["--permission-mode", "acceptEdits", ...option("--model", model)],
        ],
        prompt: "stdin",
      },
      acp: { command: () => ["claude-agent-acp"], prompt: "stdin" },
    },
    env: {
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      CLAUDE_CODE_MAX_RETRIES: "2",
      DISABLE_AUTOUPDATER: "1",
    },
  },
  codex: {
    title: "Codex",
    program: "codex",
    install: "npm install -g @openai/codex",
    driver: "stream",
    ways: {
      stream: {
        dialect: "codex",
        command: (model) => [
          ...["codex", "exec", "--json", "--skip-git-repo-check", "--sandbox", "workspace-write"],
          ...[...option("--model", model), "-"],
        ],
        prompt: "stdin",
      },
      acp: { command: () => ["codex-acp"], prompt: "stdin" },
    },
    env: {},
  },
  gemini: {
    title: "Gemini CLI",
    program: "gemini",
    install: "npm install -g @google/gemini-cli",
    driver: "acp",
    ways: {
      acp: { command: (model) => ["gemini", "--acp", ...option("-m", model)], prompt: "stdin" },
      stream: {
        dialect: "gemini",
        command: (model) => [
          ...["gemini", "--yolo", "-o", "stream-json", ...option("-m", model)],
          ...["-p", "{prompt}"],
        ],
        prompt: "argument",
      },
    },
    env: { GEMINI_CLI_TRUST_WORKSPACE: "true" },
  },
  qwen: {
    title: "Qwen Code",
    program: "qwen",
    install: "npm install -g @qwen-code/qwen-code",
    driver: "acp",
    ways: {
      // Its own default has a model judge each command.
      acp: {
        command: (model) => ["qwen", "--acp", ...option("-m", model)],
        prompt: "stdin",
        mode: "default",
      },
      stream: {
        dialect: "qwen",
        command: (model) => [
          ...["qwen", "--yolo", "-o", "stream-json", ...option("-m", model)],
          ...["-p", "{prompt}"],
        ],
        prompt: "argument",
      },
    },
    env: {},
  },
  opencode: {
    title: "OpenCode",
    program: "opencode",
    install: "npm install -g opencode-ai",
    driver: "acp",
    ways: {
      acp: { command: () => ["opencode", "acp"], prompt: "stdin" },
      stream: {
        dialect: "opencode",
        command: (model) => ["opencode", "run", "--format", "json", ...option("-m", model), "{prompt}"],
        prompt: "argument",
      },
    },
    env: { OPENCODE_DISABLE_AUTOUPDATE: "1", OPENCODE_DISABLE_LSP_DOWNLOAD: "1" },
  },
  cursor: {
    title: "Cursor",
    program: "cursor-agent",
    install: "see cursor.com/cli",
    driver: "acp",
    ways: { acp: { command: () => ["cursor-agent", "acp"], prompt: "stdin" } },
    env: {},
  },
  copilot: {
    title: "GitHub Copilot",
    program: "copilot",
    install: "npm install -g @github/copilot",
    driver: "acp",
    ways: { acp: { command: () => ["copilot", "--acp", "--stdio"], prompt: "stdin" } },
    env: {},
  },
} as const satisfies Readonly<Record<string, AgentPreset>>;

/** Name of a preset. */
export type PresetName = keyof typeof AGENT_PRESETS;

/** Their names. */
export const PRESET_NAMES = [
  "kimi",
  "claude",
  "codex",
  "gemini",
  "qwen",
  "opencode",
  "cursor",
  "copilot",
] as const;

/** The preset of that name; undefined where there is none. */
export function findPreset(name: string): AgentPreset | undefined {
  return Object.hasOwn(AGENT_PRESETS, name) ? AGENT_PRESETS[name as PresetName] : undefined;
}
