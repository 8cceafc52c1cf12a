/** Checks of the agents that omk knows how to start. */

import { type AgentQuestion, examineAgents } from "../examine_agents.ts";
import { type Finding, finding } from "./finding.ts";

/** The agents that are installed here; a machine without any runs commands only. */
export async function checkAgents(
  question: Pick<AgentQuestion, "env" | "cwd" | "agents">,
): Promise<readonly Finding[]> {
  const agents = await examineAgents({ ...question, probe: false });
  const here = agents.filter(({ path }) => path !== null);
  if (here.length === 0) {
    return [finding("agents", "ok", "no agent is installed: prompts need one, commands do not")];
  }
  return here.map(({ name, title, version, driver, tokens, usd }) => {
    const text = `${name}: ${title} ${
      version ?? "of an unknown version"
    }, by ${driver}; tokens ${tokens}, money ${usd}`;
    return version === null && !Object.hasOwn(question.agents, name)
      ? finding("agents", "warning", text, { why: "it does not tell its version, so it may not start" })
      : finding("agents", "ok", text);
  });
}
