/** A run in the hands of a person or a script: its progress, its signals, its end. */

import { systemClock } from "../clock.ts";
import { draft } from "../log/event.ts";
import type { RunWatcher, Session } from "../run/session.ts";
import { taskAt } from "../scheduler/run_state.ts";
import type { CommandContext, OptionSpec } from "./command.ts";
import { type OutputMode, ProgressView } from "./render/progress.ts";
import { formatDuration } from "./render/duration.ts";
import { runSummary } from "./render/run_summary.ts";

/** How often a run says what is still at work where nothing else is printed. */
const STILL_RUNNING_MS = 30_000;

/** The options of every command that runs tasks. */
export const OUTPUT_OPTIONS: readonly OptionSpec[] = [
  {
    name: "output",
    type: "string",
    placeholder: "MODE",
    choices: ["group", "stream"],
    description: "Show the output of tasks: group (each task's at its end, default) or stream (as it comes)",
  },
];

/** The mode that was asked for. */
export function outputMode(context: CommandContext): OutputMode {
  return context.args.text("output") === "stream" ? "stream" : "group";
}

/**
 * Opens a session with `open`, runs it to its end, and prints what there is to know. The first interrupt asks the
 * run to end, the second ends what still runs at once. Resolves with the exit code of the run.
 */
export async function conductRun(
  context: CommandContext,
  mode: OutputMode,
  open: (watcher: RunWatcher) => Promise<Session>,
): Promise<number> {
  const { output, json } = context;
  const view = new ProgressView(output, mode);
  await using session = await open({
    onEvent: (event, state) => json ? output.json(event) : view.event(event, state),
    ...(json ? {} : {
      onOutput: (taskId: string, attempt: number, text: string) => view.taskOutput(taskId, attempt, text),
    }),
  });
  if (!json) {
    const { run, tasks } = session.state;
    output.print(
      `run ${
        output.style.bold(run.run_id)
      } "${run.name}": ${tasks.length} tasks, ${run.settings?.workers} workers`,
    );
  }
  using _signals = listenToSignals(session, (line) => output.note(line));
  using _ticker = json ? null : startTicker(session, (line) => output.print(line));
  const end = await session.run();
  if (!json) {
    for (const line of await runSummary(session.state, session.directory, output.style)) output.print(line);
  }
  return end.exit_code;
}

/** Ctrl-C, SIGTERM and SIGHUP ask for an orderly end; a second one for an end at once. */
function listenToSignals(session: Session, say: (line: string) => void): Disposable {
  let count = 0;
  const listeners = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) => {
    const listener = () => {
      count += 1;
      if (count === 1) {
        say("Ending the run: tasks get 10 s to end; once more ends them at once");
        askToCancel(session, signal).catch((error) =>
          say(`error: ${error instanceof Error ? error.message : error}`)
        );
      } else {
        session.controller.endNow();
      }
    };
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  return {
    [Symbol.dispose]() {
      for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}

async function askToCancel(session: Session, signal: string): Promise<void> {
  await session.log.append([draft("cancel_requested", "run", `cli/${Deno.pid}`, {
    task_id: null,
    reason: `interrupted by ${signal}`,
    process: session.identity,
    wall: systemClock.wall(),
  })]);
}

/** Says every 30 s what is at work, so that a quiet run is not taken for a dead one. */
function startTicker(session: Session, print: (line: string) => void): Disposable {
  const timer = setInterval(() => {
    const { state } = session;
    const active = [...state.index.active].map((ordinal) => taskAt(state, ordinal).task);
    if (active.length === 0) return;
    const named = active.slice(0, 5).map((task) =>
      `${task.id} (${formatDuration(Math.max(0, systemClock.wall() - (task.started_at ?? 0)))})`
    );
    print(`  still running: ${named.join(", ")}${active.length > 5 ? ` and ${active.length - 5} more` : ""}`);
  }, STILL_RUNNING_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
