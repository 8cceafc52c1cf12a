/** Which agents are installed here, which version of each, and how omk would drive them. */

import { measuresOf } from "../plan/agent_measures.ts";
import { AGENT_PRESETS, findPreset, PRESET_NAMES } from "../plan/agent_presets.ts";
import { type AgentInputs, resolveAgent } from "../plan/resolve_agent.ts";
import type { AgentSpec } from "../plan/spec.ts";
import { findProgram } from "../process/find_program.ts";
import { VERSION } from "../version.ts";
import { askProgram } from "./doctor/probe.ts";

/** What was found of one agent. */
export interface AgentReport {
  /** Name by which plans call it. */
  readonly name: string;
  /** What people call it; of two programs with one name, the one that is here; of one of the user's own, its description. */
  readonly title: string;
  readonly program: string;
  /** Absolute path of the program; null where it is not installed. */
  readonly path: string | null;
  /** Null where it is not installed, or does not say. */
  readonly version: string | null;
  readonly driver: AgentSpec["driver"];
  readonly command: readonly string[];
  readonly tokens: "measured" | "estimated" | "unknown";
  readonly usd: "measured" | "estimated" | "unknown";
  /** How it is installed, for people. */
  readonly install: string;
  /** What came of starting it; null where it was not tried. */
  readonly probe: { readonly ok: boolean; readonly detail: string } | null;
}

/** The first message of the Agent Client Protocol. */
const HELLO = JSON.stringify({
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: {
    protocolVersion: 1,
    clientInfo: { name: "omk", version: VERSION },
    clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
  },
});

/** What is looked for, and where. */
export interface AgentQuestion {
  readonly env: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly cwd: string;
  /** Whether each that is installed is started, without a prompt. */
  readonly probe: boolean;
  /** Agents of the user's configuration. */
  readonly agents: AgentInputs;
}

/** Looks for every agent that omk knows, and for those of the configuration. */
export async function examineAgents(question: AgentQuestion): Promise<readonly AgentReport[]> {
  const own = Object.keys(question.agents).filter((name) => findPreset(name) === undefined);
  return await Promise.all([...PRESET_NAMES, ...own].map((name) => examine(name, question)));
}

async function examine(name: string, { env, cwd, probe, agents }: AgentQuestion): Promise<AgentReport> {
  const resolved = resolveAgent(name, agents);
  if (!resolved.ok) throw new RangeError(`The agent "${name}" ${resolved.problem}`);
  const { spec } = resolved;
  const preset = findPreset(spec.preset ?? "");
  const command = typeof spec.command === "string" ? ["sh", "-c", spec.command] : spec.command;
  const [program = ""] = command;
  const path = findProgram(program, env["PATH"] ?? "", cwd) ?? null;
  const { description } = agents[name] ?? {};
  const report = {
    name,
    title: description ?? preset?.title ?? "an agent of your configuration",
    program,
    path,
    version: null,
    driver: spec.driver,
    command,
    ...measuresOf(spec),
    install: preset?.install ?? "it is one of your own",
    probe: null,
  };
  if (path === null) return report;
  // Who knows what a program that omk does not know makes of options that it may not have.
  const isKnown = preset !== undefined && program === preset.program;
  const [version, title] = await Promise.all([
    isKnown ? versionOf(path, cwd) : null,
    isKnown && spec.preset === "kimi" && description === undefined ? kimiTitle(path, cwd) : report.title,
  ]);
  return {
    ...report,
    version,
    title,
    probe: probe && (isKnown || spec.driver === "acp")
      ? await tryOut(spec, [path, ...command.slice(1)], version, cwd)
      : null,
  };
}

/** The version that a program tells of itself; null where it does not, or takes too long. */
export async function versionOf(path: string, cwd: string): Promise<string | null> {
  const answer = await askProgram(path, ["--version"], { cwd });
  return /\d+\.\d+[\w.+-]*/.exec(answer?.stdout ?? "")?.[0] ?? null;
}

/** Two programs are called kimi: only the older one, written in Python, has the option for its own protocol. */
async function kimiTitle(path: string, cwd: string): Promise<string> {
  const answer = await askProgram(path, ["--help"], { cwd });
  return /--wire\b/.test(`${answer?.stdout}${answer?.stderr}`)
    ? "Kimi CLI (Python)"
    : AGENT_PRESETS.kimi.title;
}

async function tryOut(
  { driver }: AgentSpec,
  command: readonly string[],
  version: string | null,
  cwd: string,
): Promise<AgentReport["probe"]> {
  if (driver !== "acp") {
    return version === null
      ? { ok: false, detail: "it does not tell its version" }
      : { ok: true, detail: "it starts; whether its model answers, a prompt shows" };
  }
  // Its input ends after the message, and with it the agent.
  const answer = await askProgram("sh", ["-c", 'printf "%s\\n" "$0" | exec "$@"', HELLO, ...command], {
    cwd,
  });
  if (answer === null) return { ok: false, detail: "it did not answer and end within 10 s" };
  const spoken = /"protocolVersion"\s*:\s*(\d+)/.exec(answer.stdout)?.[1];
  if (spoken === "1") return { ok: true, detail: "it speaks version 1 of the protocol" };
  if (spoken !== undefined) {
    return { ok: false, detail: `it speaks version ${spoken} of the protocol, and omk 1` };
  }
  return { ok: false, detail: `it exited with ${answer.code} and without an answer` };
}
