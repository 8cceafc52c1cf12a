/** `omk worker`: more hands for a run, from another process of this machine. */

import { ExitCode, OmkError, UsageError } from "../../errors.ts";
import type { RunEvent } from "../../log/event.ts";
import { MOST_WORKERS } from "../../plan/defaults.ts";
import { findRun } from "../../run/find_run.ts";
import type { Command, CommandContext } from "../command.ts";
import { refuseInsideTask } from "../control.ts";
import { listenForEnd } from "../end_signals.ts";
import { locate } from "../place.ts";
import { workerLine } from "../render/worker_line.ts";

/** How long a worker without work stays. */
const DEFAULT_IDLE_SECS = 300;

/** See the module. */
export const workerCommand: Command = {
  name: "worker",
  summary: "give a run that goes on more hands",
  usage: ["omk worker [RUN]"],
  description: [
    "Joins a run as an extra worker of this machine: the run's controller assigns tasks to it beside its own, and\n" +
    "pins, checks and merges what they make. It outlives the controller, works on, and goes on with it after\n" +
    "omk resume. It leaves when the run is finished, when it had nothing to do for --idle seconds, and on Ctrl-C or\n" +
    "SIGTERM: tasks at work then get 10 s to end, once more ends them at once, and others start them anew.",
    "It gets tasks with run alone. Prompts, reviews and loops wait for a place of the run's own process, which takes\n" +
    "them in their turn: it answers what agents ask leave for, and keeps and judges each iteration of a loop.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    { name: "slots", type: "number", placeholder: "N", description: "How many tasks it takes at once (1)" },
    {
      name: "idle",
      type: "number",
      placeholder: "SECS",
      description: `Leave when there was nothing to do for so long (${DEFAULT_IDLE_SECS})`,
    },
  ],
  examples: [
    { command: "omk worker", note: "one more task at once in the newest run" },
    { command: "omk worker latest --slots 4 --idle 30", note: "four more, as long as there is work" },
  ],
  exitCodes: [
    { code: 0, meaning: "it has left in order" },
    { code: 1, meaning: "the run did not take it in" },
    { code: 2, meaning: "there is no such run, or it is finished" },
    { code: 5, meaning: "the log or the machine failed" },
  ],
  async run(context: CommandContext): Promise<number> {
    refuseInsideTask(context, "worker");
    const { args, output, env, json } = context;
    const slots = args.number("slots") ?? 1;
    const idle = args.number("idle") ?? DEFAULT_IDLE_SECS;
    if (slots < 1 || slots > MOST_WORKERS) {
      throw new UsageError({ what: `Option --slots needs a whole number from 1 to ${MOST_WORKERS}` });
    }
    const { home } = await locate(context);
    const directory = await findRun(home, args.positionals[0]);
    const [{ startWorker }, { concernsWorker }, { ProcessLock }, { keepsAllWork }] = await Promise.all([
      import("../../run/worker_session.ts"),
      import("../../run/extra_worker.ts"),
      import("../../run/process_lock.ts"),
      import("../../scheduler/controller_bound.ts"),
    ]);
    let name = "";
    const tokens = new Set<number>();
    const show = (event: RunEvent) => {
      if (event.kind === "task_claimed" && event.payload.worker === name) tokens.add(event.index);
      const isRefused = event.kind === "result_refused" && tokens.has(event.payload.token);
      if (!isRefused && !concernsWorker(event, name)) return;
      if (json) return output.json(event);
      const line = workerLine(event, output.style);
      if (line !== undefined) output.print(line);
    };
    await using session = await startWorker(directory, { env, slots, idleMs: idle * 1000, onEvent: show });
    name = session.name;
    if (!json) {
      output.print(
        `worker ${name} offers ${slots} ${slots === 1 ? "slot" : "slots"} to run ${directory.runId}`,
      );
    }
    if (!ProcessLock.isHeld(directory.controllerLock)) {
      output.note(
        `Nothing comes to it before omk resume ${directory.runId}: no omk process conducts the run now`,
      );
    }
    if (keepsAllWork(session.worker.state)) {
      output.note(
        "Nothing is there for it: the prompts, reviews and loops that are left stay with the run's own process",
      );
    }
    using _signals = listenForEnd({
      first() {
        output.note("Leaving: tasks get 10 s to end; once more ends them at once");
        session.worker.leave();
      },
      again: () => session.worker.leave(true),
    });
    const leaving = await session.worker.run();
    if (leaving === "refused") {
      throw new OmkError({
        what: `Worker ${name} has left run ${directory.runId}`,
        why: leaving === "refused" ? "the run did not take it in" : "the run took it for dead",
        fix:
          `omk events ${directory.runId} --kind request_refused,worker_dead says why; omk worker joins anew`,
      });
    }
    if (!json) output.print(`worker ${name} has left: ${REASONS[leaving]}`);
    return ExitCode.OK;
  },
};

const REASONS = {
  run_finished: "the run is finished",
  idle: "there was nothing to do",
  told: "it was told to",
} as const;
