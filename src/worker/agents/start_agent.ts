/** Starts the agent of an attempt, and says what became of it. */

import type { Clock } from "../../clock.ts";
import type { AgentSpec } from "../../plan/spec.ts";
import type { BodySpec, Supervisor } from "../../process/port.ts";
import type { ApprovalDesk, PermissionPlace } from "../approval/port.ts";
import { AgentRun } from "./agent_run.ts";
import { PROMPT_FILE_VARIABLE } from "./command_line.ts";
import { openConversation } from "./open.ts";
import { kimiSessionUsage } from "./session_usage.ts";

/** Only omk's user reads prompts. */
const FILE_MODE = 0o600;

/** What an agent is started with. */
export interface StartAgent {
  readonly clock: Clock;
  readonly supervisor: Pick<Supervisor, "run">;
  /** Name of the agent in the plan. */
  readonly name: string;
  readonly spec: AgentSpec;
  readonly prompt: string;
  /** Absolute path of the file that keeps the prompt. */
  readonly promptFile: string;
  readonly desk: ApprovalDesk;
  readonly place: PermissionPlace;
  readonly body: Omit<BodySpec, "command" | "converse">;
}

/** Starts it. Rejects where the prompt cannot be written. */
export async function startAgent(start: StartAgent): Promise<AgentRun> {
  const { clock, supervisor, name, spec, prompt, promptFile, desk, place, body } = start;
  await Deno.writeTextFile(promptFile, prompt, { mode: FILE_MODE });
  const job = { name, spec, prompt, cwd: place.cwd, promptFile };
  return new AgentRun({
    clock,
    supervisor,
    conversation: await openConversation(job, clock),
    limits: spec,
    desk,
    place,
    body: { ...body, env: { ...body.env, [PROMPT_FILE_VARIABLE]: promptFile } },
    ...(spec.preset === "kimi"
      ? { sessionUsage: (session: string) => kimiSessionUsage(body.env, session) }
      : {}),
  });
}
