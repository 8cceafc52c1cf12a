/** The plan reader of a run that plans, by what its log and its repository say. */

import { discoverRepository } from "../../git/repository.ts";
import { listTrackedPaths } from "../../git/tracked_paths.ts";
import { redactText } from "../../log/redact.ts";
import { loadPlan } from "../../plan/load.ts";
import type { PlanProblem } from "../../plan/problem.ts";
import { ControllerFault } from "../controller_handle.ts";
import { approvalReader } from "../plan_file.ts";
import { readTemplate } from "../prompt_template.ts";
import type { MakePlanReader } from "../session.ts";
import { createPlanReader } from "./plan_reader.ts";
import type { LoadSettings } from "./project.ts";

/** What answers are read with; `describe`: problems as people get to see them. */
export function makePlanReader(
  load: LoadSettings,
  describe: (problems: readonly PlanProblem[]) => string,
): MakePlanReader {
  return (directory, state) => ({
    async read(ref, reply) {
      const { run, plan } = state;
      const task = plan.tasks.find(({ id }) => id === ref.task_id);
      if (task?.planning === undefined || run.base === null) {
        throw new ControllerFault({
          what: `Cannot read a plan of task "${ref.task_id}"`,
          why: "it makes none",
        });
      }
      const repository = await discoverRepository(run.directory);
      const tracked = await listTrackedPaths(repository, run.base.commit);
      const reader = createPlanReader({
        directory,
        planning: task.planning,
        agent: task.agent ?? "",
        load: async (text, name) =>
          await loadPlan({
            ...load,
            text,
            path: name,
            redact: redactText,
            caseSensitive: repository.caseSensitive,
            tracked,
            readApproval: approvalReader(`${run.directory}/${name}`),
            readTemplate: async (template) =>
              template === undefined
                ? undefined
                : await readTemplate(`${run.directory}/${name}`, template, undefined),
          }),
        describe,
      });
      return await reader.read(ref, reply);
    },
  });
}
