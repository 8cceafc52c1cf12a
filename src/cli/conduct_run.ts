/** A run in the hands of a person or a script: its progress, its signals, its end. */

import { dirname } from "@std/path";
import { systemClock } from "../clock.ts";
import { draft, type RunEvent } from "../log/event.ts";
import { existingIndex } from "../log/index/index_path.ts";
import { FanOut } from "../log/sinks/fan_out.ts";
import { DEFAULT_APPROVAL } from "../plan/approval.ts";
import type { RunWatcher, Session } from "../run/session.ts";
import type { RunState } from "../scheduler/run_state.ts";
import { chooseView } from "./choose_view.ts";
import type { CommandContext } from "./command.ts";
import { listenForEnd } from "./end_signals.ts";
import { ExtraOutputs } from "./extra_outputs.ts";
import type { Output } from "./output.ts";
import { requestedReports, writeReports } from "./reports.ts";
import type { RunView } from "./run_view.ts";

/** How a run is shown where that is not as the options of the command say. */
export interface Showing {
  readonly view?: RunView;
  /** Whether the end of the run is not worth telling: something follows that says more. */
  readonly hidesEnd?: (state: RunState) => boolean;
}

/**
 * Opens a session with `open`, runs it to its end, and shows what there is to know as the options of the command say.
 * The first interrupt asks the run to end, the second ends what still runs at once. Resolves with the exit code of
 * the run.
 */
export async function conductRun(
  context: CommandContext,
  open: (watcher: RunWatcher) => Promise<Session>,
  showing: Showing = {},
): Promise<number> {
  const reports = await requestedReports(context.args, context.cwd);
  const view = showing.view ?? await chooseView(context);
  using _closing = { [Symbol.dispose]: () => view.close() };
  using outputs = new ExtraOutputs(view);
  const sinks = sinksOf(view, outputs, context.output);
  await using session = await open(watcherOf(view, sinks, context));
  await using _index = await addIndex(sinks, session, view, context.output);
  if (context.interactive) await askOnTerminal(sinks, session, view);
  view.begin(session.state, session.directory, (taskId) => session.voiceOf(taskId), session.containment);
  if (!context.json) outputs.begin(session.state, session.directory);
  using _signals = listenToSignals(session, (line) => view.note(line));
  const end = await session.run();
  if (showing.hidesEnd?.(session.state) !== true) {
    await showEnd(context, view, session);
    await summariseJob(context, session);
  }
  await writeReports(reports, session.directory, context.output);
  return end.exit_code;
}

/** What the sinks of a run are given. */
interface Told {
  readonly event: RunEvent;
  readonly state: RunState;
}

/** Where the events go: a view that fails at one must not fail the run. */
function sinksOf(view: RunView, outputs: ExtraOutputs, output: Output): FanOut<Told> {
  const sinks = new FanOut<Told>((error) => warn(view, output, error.message));
  // What an attempt has printed comes before its end.
  sinks.add({ name: "output of extra workers", deliver: ({ event }) => outputs.event(event) });
  sinks.add({ name: "view", deliver: ({ event, state }) => view.event(event, state) });
  return sinks;
}

/** Where there is an index of all runs, it learns of this one as it goes on. */
async function addIndex(
  sinks: FanOut<Told>,
  { directory }: Session,
  view: RunView,
  output: Output,
): Promise<AsyncDisposable | undefined> {
  // The directories of runs lie in `runs` of a home.
  const path = await existingIndex(dirname(dirname(directory.path)));
  if (path === undefined) return undefined;
  const { IndexSink } = await import("./index_sink.ts");
  const sink = new IndexSink({
    path,
    run: { runId: directory.runId, log: directory.events },
    report: (error) => warn(view, output, error.message),
  });
  sinks.add(sink);
  return sink;
}

/** What agents ask leave for can be answered where the run is watched. */
async function askOnTerminal(sinks: FanOut<Told>, session: Session, view: RunView): Promise<void> {
  const { approval = DEFAULT_APPROVAL } = session.state.plan;
  const asks = approval.otherwise === "ask" || approval.rules.some(({ decision }) => decision === "ask");
  if (!asks) return;
  const { TerminalApprovals, typedLines } = await import("./terminal_approvals.ts");
  const approvals = new TerminalApprovals({
    say: (line) => view.note(line),
    lines: typedLines,
    async give(answer) {
      await session.log.append([draft("approval_given", "run", `cli/${Deno.pid}`, {
        ...answer,
        reason: "at the terminal of the run",
        process: session.identity,
        wall: systemClock.wall(),
      })]);
    },
  });
  sinks.add({ name: "approvals", deliver: ({ event, state }) => approvals.see(event, state) });
}

function warn(view: RunView, output: Output, text: string): void {
  view.note(`${output.errorStyle.yellow("warning:")} ${text}`);
}

function watcherOf(view: RunView, sinks: FanOut<Told>, { output, json }: CommandContext): RunWatcher {
  return {
    onWarning: (text) => warn(view, output, text),
    onEvent: (event, state) => sinks.deliver({ event, state }),
    ...(json ? {} : {
      onOutput: (taskId: string, attempt: number, text: string) => view.taskOutput(taskId, attempt, text),
    }),
  };
}

async function showEnd({ output, json }: CommandContext, view: RunView, session: Session): Promise<void> {
  if (json) return;
  const { runSummary } = await import("./render/run_summary.ts");
  view.end(await runSummary(session.state, session.directory, output.style));
}

/** Adds to the summary of the job, where omk runs in one of GitHub Actions; that it cannot is no fault of the run. */
async function summariseJob({ output, env }: CommandContext, session: Session): Promise<void> {
  const path = env.GITHUB_ACTIONS === "true" ? env.GITHUB_STEP_SUMMARY : undefined;
  if (path === undefined || path === "") return;
  const { writeStepSummary } = await import("./render/ci/step_summary.ts");
  const problem = await writeStepSummary(path, session.state);
  if (problem !== undefined) output.note(`${output.errorStyle.yellow("warning:")} ${problem}`);
}

/** The first signal asks for an orderly end of the run, the next for one at once. */
function listenToSignals(session: Session, say: (line: string) => void): Disposable {
  return listenForEnd({
    first(signal) {
      say("Ending the run: tasks get 10 s to end; once more ends them at once");
      askToCancel(session, signal).catch((error) =>
        say(`error: ${error instanceof Error ? error.message : error}`)
      );
    },
    again: () => session.controller.endNow(),
  });
}

async function askToCancel(session: Session, signal: string): Promise<void> {
  await session.log.append([draft("cancel_requested", "run", `cli/${Deno.pid}`, {
    task_id: null,
    reason: `interrupted by ${signal}`,
    process: session.identity,
    wall: systemClock.wall(),
  })]);
}
