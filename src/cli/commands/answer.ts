/** `omk answer`: answer the question that a task waits with. */

import { ExitCode, OmkError, UsageError } from "../../errors.ts";
import { draft } from "../../log/event.ts";
import { findTask } from "../../scheduler/run_state.ts";
import type { Command, CommandContext } from "../command.ts";
import { ask, refuseInsideTask } from "../control.ts";
import { openRun, requireTasks, splitRunAndTasks } from "../open_run.ts";

/** Stands for the text on standard input. */
const STDIN = "-";

/** See the module. */
export const answerCommand: Command = {
  name: "answer",
  summary: "answer the question of a task that waits",
  usage: ["omk answer [RUN] TASK TEXT", "omk answer [RUN] TASK -"],
  description: [
    "A task that ended as blocked_on_human or blocked_on_external waits with its question; omk status shows it. The\n" +
    "answer sends it back to work: its next attempt sees the text in OMK_ANSWER. Where the run has ended meanwhile,\n" +
    "the answer is kept in its log, and omk resume goes on with it. TEXT - reads the answer from standard input.",
  ],
  positionals: { min: 2, max: 3 },
  options: [],
  examples: [
    { command: 'omk answer api "use the v2 endpoint"', note: "answer a task of the newest run" },
    { command: "omk answer latest api - < answer.txt", note: "a longer answer" },
  ],
  async run(context: CommandContext): Promise<number> {
    refuseInsideTask(context, "answer");
    const { output, args, json } = context;
    const words = args.positionals.slice(0, -1);
    const { run, tasks } = await splitRunAndTasks(context, words);
    const { directory, loaded } = await openRun(context, run);
    const [id, ...more] = tasks;
    if (id === undefined || more.length > 0) {
      throw new UsageError({
        what: "Cannot tell which task is answered",
        fix: "call omk answer [RUN] TASK TEXT, with the text in quotes",
      });
    }
    await requireTasks(loaded.plan, directory.runId, [id]);
    const answer = await answerText(args.positionals.at(-1) ?? "");
    const fact = await ask(context, loaded, {
      failure: `Cannot answer task "${id}" of run ${directory.runId}`,
      make: (requester, actor) => draft("answer_given", "run", actor, { ...requester, task_id: id, answer }),
    });
    const answered = fact !== undefined;
    if (json) {
      output.json({ schema_version: 1, run_id: directory.runId, task_id: id, answered });
    } else if (answered) {
      output.print(`answered; task ${id} of run ${directory.runId} goes on`);
    } else {
      const question = findTask(loaded.state, id)?.task.reason;
      if (question !== null && question !== undefined) output.print(`question: ${question}`);
      output.print(`the answer is recorded; go on with: omk resume ${directory.runId}`);
    }
    return ExitCode.OK;
  },
};

async function answerText(word: string): Promise<string> {
  const text = word === STDIN ? await new Response(Deno.stdin.readable).text() : word;
  if (text.trim() === "") throw new OmkError({ what: "Cannot give an empty answer" });
  return text.trimEnd();
}
