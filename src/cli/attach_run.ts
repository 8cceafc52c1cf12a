/** Watching a run that another omk process conducts, from its log and the output of its tasks. */

import { ExitCode, OmkError } from "../errors.ts";
import type { RunEvent } from "../log/event.ts";
import { attemptDirectory, type RunDirectory } from "../run/directory.ts";
import type { LoadedRun } from "../run/load_run.ts";
import { apply } from "../run/state.ts";
import type { RunState } from "../scheduler/run_state.ts";
import { isActive } from "../scheduler/task_state.ts";
import { chooseView } from "./choose_view.ts";
import type { CommandContext } from "./command.ts";
import { listenForEnd } from "./end_signals.ts";
import { followRun } from "./follow_run.ts";
import { OutputTail } from "./output_tail.ts";
import type { RunView } from "./run_view.ts";

/** How often the output of tasks is looked at. */
const LOOK_MS = 200;
/** So much of what an attempt printed before is shown. */
const LINES_BEFORE = 1_000;

/**
 * Shows the run until it is finished, and resolves with its exit code; the first interrupt leaves it to itself. `begun`
 * are the events by which attempts and gates have begun, some of which are over.
 *
 * @throws {OmkError} where its omk process is gone before it is finished.
 */
export async function attachRun(
  context: CommandContext,
  loaded: LoadedRun,
  begun: readonly RunEvent[],
): Promise<number> {
  const { state, directory } = loaded;
  const { runId } = directory;
  const view = await chooseView(context);
  using _closing = { [Symbol.dispose]: () => view.close() };
  const leaving = new AbortController();
  using _signals = listenForEnd({ first: () => leaving.abort(), again: () => leaving.abort() });
  view.begin(state, directory);
  for (const event of begun) if (isUnderWay(event, state)) view.event(event, state);
  const isFinished = state.run.phase === "finished" ||
    await watch(context, { state, directory }, view, leaving.signal);
  if (leaving.signal.aborted) {
    view.close();
    view.note(`run ${runId} goes on; omk attach ${runId} shows it again, omk cancel ${runId} ends it`);
    return ExitCode.INTERRUPTED;
  }
  if (!isFinished) {
    throw new OmkError({
      what: `Cannot follow run ${runId} any further`,
      why: "its omk process is gone",
      fix: `go on with omk resume ${runId}, or end it with omk cancel ${runId}`,
    });
  }
  if (!context.json) {
    const { runSummary } = await import("./render/run_summary.ts");
    view.end(await runSummary(state, directory, context.output.style));
  }
  return state.run.exit_code ?? ExitCode.OK;
}

/** Whether what an event tells of is not over yet. */
function isUnderWay({ kind, payload }: RunEvent, { run, tasks }: RunState): boolean {
  if (kind === "gate_started") {
    const { gate, task_id, run_number } = payload;
    return run.gates.some((each) =>
      each.result === "running" && each.gate === gate && each.task_id === task_id &&
      each.run_number === run_number
    );
  }
  return kind === "task_started" &&
    tasks.some(({ token, state }) => token === payload.token && isActive(state));
}

/** Folds and shows what comes; resolves with whether the run is finished. */
async function watch(
  context: CommandContext,
  { state, directory }: { readonly state: RunState; readonly directory: RunDirectory },
  view: RunView,
  signal: AbortSignal,
): Promise<boolean> {
  const outputs = new AttemptOutputs(state, directory, view);
  const isShown = !context.json;
  let turn = Promise.resolve();
  const look = () => isShown ? turn = turn.then(() => outputs.look()) : turn;
  const timer = setInterval(() => look().catch(() => undefined), LOOK_MS);
  try {
    return await followRun(directory, async (event) => {
      // What an attempt has printed comes before its end.
      await look();
      apply(state, event);
      view.event(event, state);
      return !signal.aborted && !context.output.closed;
    }, { from: state.run.next_index, signal });
  } finally {
    clearInterval(timer);
    await turn;
  }
}

/** The output files of the attempts at work. */
class AttemptOutputs {
  readonly #state: RunState;
  readonly #directory: RunDirectory;
  readonly #view: RunView;
  readonly #tails = new Map<number, OutputTail>();
  /** Attempts that were at work before: only the end of what they printed is shown. */
  readonly #known: ReadonlySet<number>;

  constructor(state: RunState, directory: RunDirectory, view: RunView) {
    this.#state = state;
    this.#directory = directory;
    this.#view = view;
    this.#known = new Set(state.tasks.flatMap(({ token }) => token ?? []));
  }

  /** Shows what is new in all of them, and forgets those that are over. */
  async look(): Promise<void> {
    const current = new Set<number>();
    for (const { id, state, attempt, token } of this.#state.tasks) {
      if (token === null || !isActive(state)) continue;
      current.add(token);
      let tail = this.#tails.get(token);
      if (tail === undefined) {
        const path = `${this.#directory.path}/${attemptDirectory(id, attempt)}/output.log`;
        tail = new OutputTail(path, this.#known.has(token) ? LINES_BEFORE : null);
        this.#tails.set(token, tail);
      }
      await tail.read((text) => this.#view.taskOutput(id, attempt, text));
    }
    for (const token of this.#tails.keys()) if (!current.has(token)) this.#tails.delete(token);
  }
}
