import { COMMON, runFailures } from "./failures.ts";
import { runFourTasks } from "./four_tasks.ts";
import { waysOf } from "./installed.ts";

for (const agent of waysOf("codex")) {
  Deno.test(`P8: Codex by ${agent.driver} comes to ready, over a conflict and a gate that failed`, async () => {
    await runFourTasks(agent);
  });

  Deno.test(`P8, P9: Codex by ${agent.driver} that comes to nothing has a typed outcome, and ends`, async () => {
    // Over the protocol it does not tell that it has no connection; its silence ends it.
    await runFailures(agent, agent.driver === "acp" ? { ...COMMON, nowhere: "timeout" } : COMMON);
  });
}
