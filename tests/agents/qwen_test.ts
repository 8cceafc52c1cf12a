import { COMMON, runFailures } from "./failures.ts";
import { runFourTasks } from "./four_tasks.ts";
import { waysOf } from "./installed.ts";

for (const agent of waysOf("qwen")) {
  Deno.test(`P8: Qwen Code by ${agent.driver} comes to ready, over a conflict and a gate that failed`, async () => {
    await runFourTasks(agent);
  });

  Deno.test(`P8, P9: Qwen Code by ${agent.driver} that comes to nothing has a typed outcome, and ends`, async () => {
    await runFailures(agent, COMMON);
  });
}
