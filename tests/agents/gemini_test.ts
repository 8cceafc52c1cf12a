import { runFourTasks } from "./four_tasks.ts";
import { waysOf } from "./installed.ts";

for (const agent of waysOf("gemini")) {
  Deno.test(`P8: Gemini CLI by ${agent.driver} comes to ready, over a conflict and a gate that failed`, async () => {
    await runFourTasks(agent);
  });
}
