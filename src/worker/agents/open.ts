/** Opens the conversation with an agent by its driver; each driver is loaded when it is needed. */

import type { Clock } from "../../clock.ts";
import type { AgentConversation, AgentJob } from "./port.ts";

/** See the module. */
export async function openConversation(job: AgentJob, clock: Clock): Promise<AgentConversation> {
  switch (job.spec.driver) {
    case "acp": {
      const { openAcp } = await import("./acp.ts");
      return openAcp(job, clock);
    }
    case "stream": {
      const { openStream } = await import("./stream.ts");
      return openStream(job, clock);
    }
    case "command": {
      const { openCommand } = await import("./command.ts");
      return openCommand(job, clock);
    }
  }
}
