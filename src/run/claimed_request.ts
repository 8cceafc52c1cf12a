/** What a worker gets to know of the attempt that was claimed for it. */

import type { EventLog } from "../log/port.ts";
import { promptOf } from "../plan/spec.ts";
import { findTask, type RunState } from "../scheduler/run_state.ts";
import type { AttemptRequest } from "../worker/port.ts";
import { ControllerFault } from "./controller_handle.ts";
import type { RunDirectory } from "./directory.ts";
import { firstIteration } from "./loop_flow.ts";
import { reviewRequest } from "./review_request.ts";
import { taskPrompt } from "./task_prompt.ts";
import { outputsOfDependencies } from "./stored_outputs.ts";

/** What a claim calls for: the attempt as whoever carries it out needs to know it. */
export function claimedRequest(
  state: RunState,
  taskId: string,
  runDirectory: RunDirectory,
  log: Pick<EventLog, "read">,
): AttemptRequest {
  const view = findTask(state, taskId);
  if (view === undefined || view.task.token === null) {
    throw new ControllerFault({ what: `Cannot start task "${taskId}"`, why: "it has no claim" });
  }
  const { spec, task } = view;
  const ref = { task_id: taskId, attempt: task.attempt, token: view.task.token };
  const review = spec.review === undefined ? null : reviewRequest(state, view, ref, () => log.read());
  return {
    ref,
    spec,
    base: task.base,
    restore: outputsOfDependencies(state, spec, runDirectory),
    ...(task.answer === undefined ? {} : { answer: task.answer }),
    ...(review === null ? {} : { prompt: review.prompt, review }),
    ...(promptOf(spec) === undefined ? {} : {
      prompt: (_changes, iteration) =>
        taskPrompt(spec, {
          runId: state.run.run_id,
          directory: runDirectory.path,
          template: state.plan.prompt_template,
          attempt: ref.attempt,
          iteration,
          events: () => log.read(),
          ...(task.answer === undefined ? {} : { answer: task.answer }),
        }),
    }),
    ...(task.conflict === undefined ? {} : {
      conflict: { paths: task.conflict.paths, diffs: `${runDirectory.path}/${task.conflict.diffs}` },
    }),
    ...(task.gate_output === undefined ? {} : { gateLog: `${runDirectory.path}/${task.gate_output}` }),
    ...(spec.loop === undefined ? {} : {
      iteration: firstIteration(spec.loop, spec, ref, task.loop, runDirectory.path),
    }),
  };
}
