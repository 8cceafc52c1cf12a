/** The artifacts of a run that hold output: which there are, and which of them a user means. */

import type { RunState } from "../scheduler/run_state.ts";
import { attemptDirectory, outputPath } from "../run/directory.ts";
import type { AttemptHistory, AttemptRecord, GateRun } from "../run/attempt_history.ts";

/** A file with the output of an attempt or of a gate. */
export interface ArtifactFile {
  readonly kind: "attempt" | "setup" | "gate";
  /** Null for a gate of the run. */
  readonly task_id: string | null;
  /** Null for a gate. */
  readonly attempt: number | null;
  /** Null for an attempt. */
  readonly gate: string | null;
  /** Relative to the run's directory. */
  readonly path: string;
  /** How it ended, for people. */
  readonly ended: string;
  readonly failed: boolean;
}

/** What a user asks for. */
export interface ArtifactQuery {
  /** Ids of tasks; empty: all. */
  readonly tasks: readonly string[];
  /** Names of gates; empty: none in particular. */
  readonly gates: readonly string[];
  /** Number of the attempt; undefined: the latest of each task. */
  readonly attempt: number | undefined;
  /** Only what failed. */
  readonly failed: boolean;
}

/**
 * The artifacts that a query means: tasks in the order of the plan, then gates in that of their runs. Which of them
 * exist as files is not known here.
 */
export function selectArtifacts(
  state: RunState,
  history: AttemptHistory,
  query: ArtifactQuery,
): readonly ArtifactFile[] {
  const { tasks, gates, attempt, failed } = query;
  const wanted = tasks.length === 0 ? null : new Set(tasks);
  const attempts = state.tasks
    .filter((task) => wanted === null || wanted.has(task.id))
    .flatMap((task) => {
      const all = history.of(task.id);
      const chosen = attempt === undefined ? all.at(-1) : all.find((each) => each.attempt === attempt);
      return chosen === undefined ? [] : [{ task, chosen }];
    });
  const ofTasks = gates.length > 0 ? [] : attempts.flatMap(({ task, chosen }) => {
    const setup = artifactOf("setup", chosen, `${attemptDirectory(task.id, chosen.attempt)}/setup.log`);
    return [setup, ...outputPaths(chosen).map((path) => artifactOf("attempt", chosen, path))];
  });
  const ofGates = [
    ...attempts.flatMap(({ task, chosen }) =>
      latestRuns(chosen.gates).flatMap((run) => gateArtifact(run, task.id))
    ),
    ...(wanted === null && attempt === undefined
      ? latestRuns(history.gates).flatMap((run) => gateArtifact(run, null))
      : []),
  ].filter(({ gate }) => gates.length === 0 || gates.includes(gate ?? ""));
  // A gate of the run whose latest run refused a merge stands with the task whose merge that was.
  const once = [...Map.groupBy(ofGates, ({ path }) => path).values()].flatMap(([first]) => first ?? []);
  return [...ofTasks, ...once].filter((each) => !failed || each.failed);
}

/** Where an attempt's output lies: one file, or one for each iteration of its loop. */
function outputPaths({ task_id, attempt, output, iterations }: AttemptRecord): readonly string[] {
  const plain = outputPath(task_id, attempt);
  if (output === null || output === plain) return [plain];
  const last = iterations.at(-1)?.iteration ?? 0;
  const later = iterations.map(({ iteration }) => outputPath(task_id, attempt, iteration));
  // The one after the last that is kept may be under way.
  return [...new Set([output, ...later, outputPath(task_id, attempt, last + 1)])];
}

/** The names of all gates that have run, or are running. */
export function gateNames(history: AttemptHistory): ReadonlySet<string> {
  const runs = [
    ...history.gates,
    ...history.attempts.flatMap((attempt) => attempt.gates),
    ...history.runningGates,
  ];
  return new Set(runs.map((run) => run.gate));
}

/** What an artifact is, for people: `task api, attempt 2`. */
export function artifactTitle({ kind, task_id, attempt, gate }: ArtifactFile): string {
  if (kind === "gate") return task_id === null ? `gate ${gate}` : `gate ${gate} of task ${task_id}`;
  return `${kind === "setup" ? "set-up for " : ""}task ${task_id}, attempt ${attempt}`;
}

function artifactOf(kind: "attempt" | "setup", record: AttemptRecord, path: string): ArtifactFile {
  const { task_id, attempt, end, outcome } = record;
  const failed = end?.result === "failed" || end?.result === "repeated";
  const ended = end?.reason ?? end?.result ?? (outcome === null ? "at work" : "to be merged");
  return { kind, task_id, attempt, gate: null, path, ended, failed };
}

/** `task_id`: of the attempt that it judged; null for a gate that judged the run. */
function gateArtifact(run: GateRun, task_id: string | null): readonly ArtifactFile[] {
  if (run.output === null) return [];
  return [{
    kind: "gate",
    task_id,
    attempt: null,
    gate: run.gate,
    path: run.output.path,
    ended: run.result === "passed" ? "passed" : run.reason,
    failed: run.result === "failed",
  }];
}

/** The latest run of each gate that judged what the run made: the base has no part in that. */
function latestRuns(runs: readonly GateRun[]): readonly GateRun[] {
  return [...new Map(runs.filter((run) => run.at_base === undefined).map((run) => [run.gate, run])).values()];
}
