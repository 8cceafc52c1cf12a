/** `omk agents`: which agents are here, and how they are driven. */

import { ExitCode } from "../../errors.ts";
import type { Command, CommandContext } from "../command.ts";
import { AGENTS } from "../config/agents.ts";
import { type AgentReport, examineAgents } from "../examine_agents.ts";
import { NEEDS_ALL } from "../needs.ts";
import type { Output } from "../output.ts";

/** See the module. */
export const agentsCommand: Command = {
  name: "agents",
  summary: "list agents: installed, version, how driven",
  usage: ["omk agents [--probe]"],
  description: [
    "Lists the agents that a prompt can name without more: which are installed, their\n" +
    "versions, how omk would drive them, and what can be known of what they use. Any\n" +
    'other agent is a few lines under "agents" in the plan, or in your configuration.',
  ],
  positionals: { min: 0, max: 0 },
  options: [
    { name: "probe", type: "boolean", description: "Start each that is installed, without a prompt" },
  ],
  examples: [
    { command: "omk agents", note: "what is here" },
    { command: "omk agents --probe --json", note: "try them out, for a program" },
  ],
  exitCodes: [
    { code: 0, meaning: "they were listed" },
    { code: 1, meaning: "an agent that was tried did not answer as it should" },
    { code: 2, meaning: "wrong usage" },
  ],
  needs: NEEDS_ALL,
  async run({ args, env, cwd, output, json, config }: CommandContext): Promise<number> {
    const configured = config.value(AGENTS) ?? {};
    const agents = await examineAgents({ env, cwd, probe: args.flag("probe"), agents: configured });
    if (json) output.json({ schema_version: 1, agents });
    else for (const agent of agents) print(agent, output);
    return agents.some(({ probe }) => probe?.ok === false) ? ExitCode.NOT_READY : ExitCode.OK;
  },
};

function print(agent: AgentReport, output: Output): void {
  const { name, title, path, version, driver, tokens, usd, install, probe } = agent;
  if (path === null) {
    output.write(`${name.padEnd(9)} ${title}: not installed (${install})\n`);
    return;
  }
  output.write(`${name.padEnd(9)} ${title} ${version ?? "of an unknown version"}, by ${driver}: ${path}\n`);
  output.write(`${" ".repeat(10)}tokens ${tokens}, money ${usd}\n`);
  if (probe !== null) output.write(`${" ".repeat(10)}${probe.ok ? "tried" : "failed"}: ${probe.detail}\n`);
}
