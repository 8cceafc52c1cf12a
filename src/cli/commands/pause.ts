/** `omk pause` and `omk unpause`: start nothing new in a run for a while, from any process. */

import { ExitCode } from "../../errors.ts";
import { draft } from "../../log/event.ts";
import type { Command, CommandContext } from "../command.ts";
import { ask, refuseInsideTask, requireController, type Wish } from "../control.ts";
import { openRun } from "../open_run.ts";

/** `omk pause`. */
export const pauseCommand: Command = {
  name: "pause",
  summary: "start no new task of a run for now",
  usage: ["omk pause [RUN]"],
  description: [
    "Tasks at work go on to their end; nothing new starts until omk unpause. The time budget of the run stands still\n" +
    "meanwhile. Without RUN it takes the newest one.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    { name: "reason", type: "string", placeholder: "TEXT", description: "Why; it is recorded in the log" },
  ],
  examples: [
    { command: "omk pause", note: "pause the newest run" },
    { command: 'omk pause latest --reason "the test server is down"', note: "and say why" },
  ],
  run: (context) =>
    steer(context, "pause", (runId) => ({
      failure: `Cannot pause run ${runId}`,
      make: (requester, actor) =>
        draft("pause_requested", "run", actor, {
          ...requester,
          reason: context.args.text("reason") ?? "paused by omk pause",
        }),
    })),
};

/** `omk unpause`. */
export const unpauseCommand: Command = {
  name: "unpause",
  summary: "go on with a paused run",
  usage: ["omk unpause [RUN]"],
  description: ["Without RUN it takes the newest one."],
  positionals: { min: 0, max: 1 },
  options: [],
  examples: [
    { command: "omk unpause", note: "go on with the newest run" },
    { command: "omk unpause 20261120-2350", note: "any unique beginning of a run id will do" },
  ],
  run: (context) =>
    steer(context, "unpause", (runId) => ({
      failure: `Cannot unpause run ${runId}`,
      make: (requester, actor) => draft("unpause_requested", "run", actor, requester),
    })),
};

async function steer(
  context: CommandContext,
  verb: "pause" | "unpause",
  wishOf: (runId: string) => Wish,
): Promise<number> {
  refuseInsideTask(context, verb);
  const { directory, loaded } = await openRun(context, context.args.positionals[0]);
  const wish = wishOf(directory.runId);
  requireController(loaded, wish.failure);
  const answer = await ask(context, loaded, wish);
  const { output, json } = context;
  if (json) {
    output.json({
      schema_version: 1,
      run_id: directory.runId,
      request: verb,
      answered: answer !== undefined,
    });
  } else if (answer === undefined) {
    output.print(`asked run ${directory.runId} to ${verb}; it has not answered within 30 s`);
  } else if (verb === "unpause") {
    output.print(`run ${directory.runId} goes on`);
  } else {
    const atWork = loaded.state.index.active.size;
    const rest = atWork === 0
      ? ""
      : `; ${
        atWork === 1 ? "1 task at work goes on to its end" : `${atWork} tasks at work go on to their end`
      }`;
    output.print(`run ${directory.runId} is paused${rest}`);
    output.print(`  go on with: omk unpause ${directory.runId}`);
  }
  return ExitCode.OK;
}
