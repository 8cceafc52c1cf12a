/** The coding agents that tests drive: where they come from, installed once, with nothing but the `npm` command. */

import { join } from "@std/path";

/** Versions are pinned: a new one may behave in new ways, and then a preset has to follow. */
const PACKAGES = {
  kimi: ["@moonshot-ai/kimi-code@2.1.0"],
  // The adapter brings an executable of Codex along; with the same version both share it.
  codex: ["@openai/codex@0.166.0", "@agentclientprotocol/codex-acp@2.6.0"],
  claude: ["@anthropic-ai/claude-code@2.1.329", "@agentclientprotocol/claude-agent-acp@0.100.0"],
  gemini: ["@google/gemini-cli@0.61.0"],
  qwen: ["@qwen-code/qwen-code@0.24.4"],
  opencode: ["opencode-ai@1.18.33"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Name of an agent that can be installed. */
export type AgentName = keyof typeof PACKAGES;

/** Names of all. */
export const AGENT_NAMES: readonly AgentName[] = ["kimi", "codex", "claude", "gemini", "qwen", "opencode"];

/** Most agents need it; older systems have an older one. */
const NODE = { least: 22, version: "22.23.3" } as const;

/** An installation of all that is there takes a quarter of a minute, and over a slow network some minutes. */
const INSTALL_MS = 300_000;
const INSTALL_TRIES = 2;
/** Of what npm says, no more is told. */
const LONGEST_REASON = 500;

/** A package cannot be installed. */
export class InstallError extends Error {
  override readonly name = "InstallError";
}

/**
 * Installs the agents, and Node where that of the system is too old, each into a directory of its name below
 * `directory`; what is there in the wanted version stays.
 *
 * @throws {InstallError} with what npm said
 */
export async function installAgents(directory: string, agents: readonly AgentName[]): Promise<void> {
  await Deno.mkdir(directory, { recursive: true });
  const node = await nodePackages();
  // Others need it for their own installation.
  if (node.length > 0) await install(directory, "node", node);
  for (const agent of agents) await install(directory, agent, PACKAGES[agent]);
}

/** The package with Node; none where the system has one that will do. */
async function nodePackages(): Promise<readonly string[]> {
  const version = await outputOf("node", ["--version"]);
  if (Number(/^v(\d+)\./.exec(version)?.[1] ?? 0) >= NODE.least) return [];
  const { os, arch } = Deno.build;
  const name = `node-${os}-${arch === "x86_64" ? "x64" : "arm64"}`;
  return [`${name}@${NODE.version}`];
}

async function install(directory: string, name: string, packages: readonly string[]): Promise<void> {
  const prefix = join(directory, name);
  const marker = join(prefix, "installed");
  const wanted = packages.join("\n");
  if (await Deno.readTextFile(marker).catch(ignoreMissing) === wanted) return;
  console.log(`installing ${packages.join(" and ")}`);
  let said = "";
  for (let attempt = 1; attempt <= INSTALL_TRIES; attempt += 1) {
    await Deno.remove(prefix, { recursive: true }).catch(ignoreMissing);
    await Deno.mkdir(prefix, { recursive: true });
    const { success, stderr } = await new Deno.Command("npm", {
      args: ["install", "--prefix", prefix, "--no-audit", "--no-fund", "--loglevel=error", ...packages],
      env: { PATH: pathWithNode(directory), npm_config_update_notifier: "false" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(INSTALL_MS),
    }).output().catch((error: unknown) => {
      if (error instanceof Deno.errors.NotFound) {
        throw new InstallError("npm is not installed: install Node with npm");
      }
      throw error;
    });
    if (success) return await Deno.writeTextFile(marker, wanted);
    said = new TextDecoder().decode(stderr).trim();
  }
  const reason = said === "" ? "nothing; it was ended for taking too long" : said.slice(0, LONGEST_REASON);
  throw new InstallError(`Cannot install ${packages.join(" and ")}: npm says: ${reason}`);
}

/** The PATH of an installation: a Node of its own comes first. */
function pathWithNode(directory: string): string {
  return `${join(directory, "node/node_modules/.bin")}:${Deno.env.get("PATH")}`;
}

/** What a program prints; "" where it cannot be run. */
async function outputOf(command: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await new Deno.Command(command, { args: [...args], stdin: "null", stderr: "null" })
      .output();
    return new TextDecoder().decode(stdout);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
