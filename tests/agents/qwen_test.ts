import { runFourTasks } from "./four_tasks.ts";
import { waysOf } from "./installed.ts";

for (const agent of waysOf("qwen")) {
  Deno.test(`P8: Qwen Code by ${agent.driver} comes to ready, over a conflict and a gate that failed`, async () => {
    await runFourTasks(agent);
  });
}
