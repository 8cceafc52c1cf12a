/** The agents from the npm registry that the tests drive: how they find the fake model, and where they are. */

import { Sandbox } from "../e2e/harness.ts";

/** Where `deno task test:agents` has installed them: one directory for each. */
const DIRECTORY = Deno.env.get("OMK_AGENTS_DIR") ?? "";

/** An agent, driven in one way. */
export interface InstalledAgent {
  /** Name of the preset. */
  readonly preset: string;
  readonly driver: "acp" | "stream";
  /** Variables that lead it to the model at `url`; `home` is its home directory. */
  readonly env: (url: string, home: string) => Readonly<Record<string, string>>;
  /** A call that makes whatever it keeps in its home: several that start there at once would hinder each other. */
  readonly settle?: readonly string[];
  /** Of what it uses, it does not tell all over the protocol: what came from a cache, or more than its last call. */
  readonly hides?: "cache" | "calls";
  /** Files below its home. */
  readonly files?: (url: string) => Readonly<Record<string, string>>;
}

const KIMI: Omit<InstalledAgent, "driver"> = {
  preset: "kimi",
  env: (url) => ({
    KIMI_MODEL_NAME: "fake-model",
    KIMI_MODEL_API_KEY: "test",
    KIMI_MODEL_BASE_URL: `${url}/v1`,
  }),
};

const CODEX: Omit<InstalledAgent, "driver"> = {
  preset: "codex",
  settle: ["timeout", "5", "codex", "exec", "--skip-git-repo-check", "Settle down"],
  env: (_, home) => ({ CODEX_HOME: `${home}/.codex`, FAKE_API_KEY: "test" }),
  files: (url) => ({
    ".codex/config.toml": `model = "gpt-5-codex"
model_provider = "fake"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.fake]
name = "Fake"
base_url = "${url}/v1"
wire_api = "responses"
env_key = "FAKE_API_KEY"
request_max_retries = 1
stream_max_retries = 1
`,
  }),
};

const CLAUDE: Omit<InstalledAgent, "driver"> = {
  preset: "claude",
  env: (url, home) => ({
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: "test",
    CLAUDE_CONFIG_DIR: `${home}/.claude`,
  }),
};

const GEMINI: Omit<InstalledAgent, "driver"> = {
  preset: "gemini",
  env: (url) => ({ GEMINI_API_KEY: "test", GOOGLE_GEMINI_BASE_URL: url, GEMINI_MODEL: "gemini-2.5-pro" }),
  files: () => ({
    ".gemini/settings.json": JSON.stringify({
      security: { auth: { selectedType: "gemini-api-key" } },
      general: { maxAttempts: 1 },
    }),
  }),
};

const QWEN: Omit<InstalledAgent, "driver"> = {
  preset: "qwen",
  env: (url) => ({ OPENAI_API_KEY: "test", OPENAI_BASE_URL: `${url}/v1`, OPENAI_MODEL: "fake-model" }),
  files: () => ({
    ".qwen/settings.json": JSON.stringify({ security: { auth: { selectedType: "openai" } } }),
  }),
};

const OPENCODE: Omit<InstalledAgent, "driver"> = {
  preset: "opencode",
  env: (url) => ({
    OPENCODE_CONFIG_CONTENT: JSON.stringify({
      model: "fake/fake-model",
      small_model: "fake/fake-model",
      provider: {
        fake: {
          npm: "@ai-sdk/openai-compatible",
          name: "Fake",
          options: { baseURL: `${url}/v1`, apiKey: "test" },
          models: { "fake-model": { name: "Fake" } },
        },
      },
    }),
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
  }),
};

/** What some hide over the protocol; see `InstalledAgent`. */
const HIDDEN: Readonly<Record<string, Pick<InstalledAgent, "hides">>> = {
  gemini: { hides: "cache" },
  opencode: { hides: "calls" },
};

/** Both ways of each. */
export const AGENTS: readonly InstalledAgent[] = [KIMI, CODEX, CLAUDE, GEMINI, QWEN, OPENCODE].flatMap((
  each,
) => [{ ...each, driver: "stream" }, { ...each, driver: "acp", ...HIDDEN[each.preset] }] as const);

/** The ways of driving one of them; none where it is not under test. */
export function waysOf(preset: string): readonly InstalledAgent[] {
  const isWanted = (Deno.env.get("OMK_TESTED_AGENTS") ?? "").split(",").includes(preset);
  return isWanted ? AGENTS.filter((each) => each.preset === preset) : [];
}

/**
 * The variables of `omk run` with which the agent is found, and finds the model at `url`; the files in its home are
 * written, and it has been there before. `homeName`: of the home directory in the sandbox.
 */
export async function environmentFor(
  agent: InstalledAgent,
  sandbox: Sandbox,
  url: string,
  homeName = "home",
): Promise<Record<string, string>> {
  const home = `${sandbox.root}/${homeName}`;
  for (const [path, text] of Object.entries(agent.files?.(url) ?? {})) {
    const full = `${home}/${path}`;
    await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(full, text);
  }
  const binaries = [agent.preset, "node"].map((name) => `${DIRECTORY}/${name}/node_modules/.bin`);
  // The system's own Node may stand anywhere.
  const path = [...binaries, `${sandbox.root}/bin`, Deno.env.get("PATH") ?? ""].join(":");
  const env = { ...agent.env(url, home), PATH: path, HOME: home };
  const [command, ...args] = agent.settle ?? [];
  if (command !== undefined) await sandbox.call(command, args, { env });
  return env;
}
