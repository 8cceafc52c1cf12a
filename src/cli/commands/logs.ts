/** `omk logs`: the output of tasks and gates. */

import { ExitCode, OmkError, UsageError } from "../../errors.ts";
import {
  type ArtifactFile,
  type ArtifactQuery,
  artifactTitle,
  gateNames,
  selectArtifacts,
} from "../artifacts.ts";
import { AttemptHistory } from "../../run/attempt_history.ts";
import type { Command, CommandContext } from "../command.ts";
import { runningGateFiles } from "../gate_files.ts";
import { NEEDS_READ } from "../needs.ts";
import { type OpenedRun, openRun, requireTasks, splitRunAndTasks } from "../open_run.ts";
import { copyFile, copyLines } from "../render/copy_file.ts";
import { oneLine } from "../render/text.ts";

/** See the module. */
export const logsCommand: Command = {
  name: "logs",
  summary: "print the output of tasks and gates",
  usage: ["omk logs [RUN] [TASK…]", "omk logs [RUN] [TASK…] --follow"],
  description: [
    "Prints what tasks and gates of a run have printed, redacted and cut as it was recorded: of each task its latest\n" +
    "attempt, then the latest run of each gate, each under a heading where there are several. With TASK only those\n" +
    "tasks; with --gate only those gates. RUN is latest where it is left out. It works while the run goes on.",
    "With --json it prints one object for each line of output.",
  ],
  positionals: { min: 0, max: 1000 },
  options: [
    {
      name: "attempt",
      type: "number",
      placeholder: "N",
      description: "This attempt, instead of the latest one",
    },
    {
      name: "gate",
      type: "list",
      placeholder: "GATE",
      description: "The logs of this gate; may be repeated",
    },
    { name: "failed", type: "boolean", description: "Only what failed" },
    {
      name: "follow",
      short: "f",
      type: "boolean",
      description:
        "Print output as it comes, attempt after attempt, until the tasks (or the --attempt) or the run end",
    },
    {
      name: "tail",
      short: "n",
      type: "number",
      placeholder: "N",
      description: "Only the last N lines of each; with --follow, of what was printed before",
    },
  ],
  examples: [
    { command: "omk logs", note: "everything that the newest run printed" },
    { command: "omk logs --failed --tail 20", note: "the ends of what failed" },
    { command: "omk logs api web --follow --tail 5", note: "what two tasks print from now on" },
    { command: "omk logs api --attempt 1", note: "the first attempt of task api" },
    { command: "omk logs latest --gate test", note: "what the gate test printed" },
  ],
  needs: NEEDS_READ,
  async run(context: CommandContext): Promise<number> {
    const { args, output, json } = context;
    const attempt = args.number("attempt");
    if (attempt === 0) throw new UsageError({ what: "Option --attempt counts from 1" });
    const { run, tasks } = await splitRunAndTasks(context, args.positionals);
    const history = new AttemptHistory();
    const opened = await openRun(context, run, (event) => history.take(event));
    await requireTasks(opened.loaded.plan, opened.directory.runId, tasks);
    const gates = args.list("gate");
    requireGates(history, opened, gates, args.flag("follow"));
    if (args.flag("follow")) return await follow(context, opened, tasks, gates);
    const query = { tasks, gates, attempt, failed: args.flag("failed") };
    const artifacts = await artifactsOf(opened, history, query);
    if (artifacts.length === 0) {
      explainNothing(opened, tasks, attempt, context);
      return ExitCode.OK;
    }
    for (const [at, artifact] of artifacts.entries()) {
      if (output.closed) break;
      const path = `${opened.directory.path}/${artifact.path}`;
      const { kind, task_id, attempt, gate } = artifact;
      const named = { schema_version: 1, kind, task_id, attempt, gate };
      const tail = args.number("tail");
      if (json) {
        await copyLines(path, tail, output, (text) => output.json({ ...named, text }));
        continue;
      }
      if (artifacts.length > 1) {
        const title = `==> ${artifactTitle(artifact)}: ${oneLine(artifact.ended)} <==`;
        output.print(`${at === 0 ? "" : "\n"}${output.style.bold(title)}`);
      }
      const bytes = await copyFile(path, tail, output);
      if (bytes === 0 && artifacts.length === 1) {
        output.note(`${artifactTitle(artifact)} has printed nothing`);
      }
    }
    return ExitCode.OK;
  },
};

/** Prints lines as they come; each with where it comes from, where that can be several. */
async function follow(
  { output, json, args }: CommandContext,
  { directory, loaded }: OpenedRun,
  tasks: readonly string[],
  gates: readonly string[],
): Promise<number> {
  if (args.flag("failed")) {
    throw new UsageError({
      what: "--follow and --failed exclude each other",
      why: "what fails is known at its end only",
      fix: "give one of them",
    });
  }
  const { followOutput } = await import("../follow_output.ts");
  const query = {
    tasks: tasks.length === 0 ? null : new Set(tasks),
    gates: gates.length === 0 ? null : new Set(gates),
    attempt: args.number("attempt") ?? null,
    lastLines: args.number("tail") ?? null,
    liveFrom: loaded.state.run.next_index,
  };
  const isAlone = tasks.length === 1 && gates.length === 0;
  const isOver = await followOutput(directory, query, output, (source, text) => {
    if (json) return output.json({ schema_version: 1, ...source, text });
    const name = source.gate === null ? source.task_id : `gate ${source.gate}`;
    output.print(isAlone && source.gate === null ? text : `${output.style.dim(`${name} |`)} ${text}`);
  });
  if (isOver) return ExitCode.OK;
  output.note(`run ${directory.runId} is interrupted; go on with omk resume ${directory.runId}`);
  return ExitCode.NOT_READY;
}

/** What a query means; a gate that runs again stands for its latest run that has ended. */
async function artifactsOf(
  opened: OpenedRun,
  history: AttemptHistory,
  query: ArtifactQuery,
): Promise<readonly ArtifactFile[]> {
  const { directory, loaded } = opened;
  const standing = loaded.isControlled ? "running" : "was interrupted";
  const running = await runningGateFiles(directory.path, history, query, standing);
  const isAgain = (each: ArtifactFile) =>
    running.some(({ gate, task_id }) => gate === each.gate && task_id === each.task_id);
  const ended = selectArtifacts(loaded.state, history, query).filter((each) => !isAgain(each));
  return [...await existing(opened, ended), ...running];
}

/** Those of the artifacts that are there as files: a set-up runs now and then only, and an attempt may never start. */
async function existing(
  { directory }: OpenedRun,
  artifacts: readonly ArtifactFile[],
): Promise<readonly ArtifactFile[]> {
  const sizes = await Promise.all(artifacts.map(async ({ path, kind }) => {
    try {
      const { size } = await Deno.stat(`${directory.path}/${path}`);
      return kind === "setup" && size === 0 ? null : size;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }));
  return artifacts.filter((_, at) => sizes[at] !== null);
}

function requireGates(
  history: AttemptHistory,
  { directory, loaded }: OpenedRun,
  names: readonly string[],
  canWait: boolean,
): void {
  const known = gateNames(history);
  const { plan } = loaded;
  const planned = new Set(
    [...plan.gates ?? [], ...plan.tasks.flatMap((task) => task.gates)].map((gate) => gate.name),
  );
  const missing = names.find((name) => !known.has(name) && !(canWait && planned.has(name)));
  if (missing === undefined) return;
  const isPlanned = planned.has(missing);
  if (isPlanned) {
    throw new OmkError({
      what: `Gate "${missing}" has not run in run ${directory.runId}`,
      fix: "see omk status",
    });
  }
  throw new UsageError({
    what: `Run ${directory.runId} has no gate "${missing}"`,
    why: known.size === 0 ? "no gate has run" : `those that have run are ${[...known].join(", ")}`,
  });
}

/** Says why there is nothing to print. */
function explainNothing(
  { loaded }: OpenedRun,
  tasks: readonly string[],
  attempt: number | undefined,
  { output, args }: CommandContext,
): void {
  const named = loaded.state.tasks.filter((task) => tasks.includes(task.id));
  if (args.flag("failed")) output.note("Nothing has failed that printed anything");
  else if (named.length === 0) output.note("Nothing has printed anything yet");
  for (const task of named) {
    const why = task.reason === null ? "" : `: ${task.reason}`;
    if (task.attempt === 0) output.note(`task ${task.id} has not started; it is ${task.state}${why}`);
    else if (attempt !== undefined && attempt > task.attempt) {
      output.note(`task ${task.id} has no attempt ${attempt}; its latest is ${task.attempt}`);
    } else output.note(`attempt ${attempt ?? task.attempt} of task ${task.id} left no output`);
  }
}
