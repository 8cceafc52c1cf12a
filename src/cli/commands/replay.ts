/** `omk replay`: a run told again from its log, up to any event. */

import { resolve } from "@std/path";
import { ExitCode, UsageError } from "../../errors.ts";
import { findRun } from "../../run/find_run.ts";
import { type LoadedRun, loadRun } from "../../run/load_run.ts";
import { MergeHistory } from "../../run/rebuild.ts";
import { Timeline } from "../../run/timeline.ts";
import { runStatus } from "../../proof/status.ts";
import { runStateJson } from "../../scheduler/run_state.ts";
import type { Command, CommandContext } from "../command.ts";
import { createStyle, UNLIMITED_COLUMNS } from "../output.ts";
import { locate } from "../place.ts";
import { printLines } from "../print_lines.ts";
import { alignColumns, counted } from "../render/text.ts";

const FORMATS = ["text", "mermaid", "svg", "json"] as const;

/** See the module. */
export const replayCommand: Command = {
  name: "replay",
  summary: "tell a run again from its log, or rebuild what it made",
  usage: ["omk replay [RUN]", "omk replay [RUN] --rebuild"],
  description: [
    "Folds the log of a run, as omk itself does, up to its end or to any event, and shows who did what and when: the\n" +
    "attempts of tasks, merges, runs of gates, and what people asked for. With --json also the whole state that the\n" +
    "log gives; the same log gives the same bytes on every machine.",
    "--rebuild merges the pinned attempts again, compares every tree with the one in the log, and runs the gates on\n" +
    "the result. Nothing is recorded: it is new evidence, shown beside the old.",
  ],
  positionals: { min: 0, max: 1 },
  options: [
    {
      name: "until",
      type: "number",
      placeholder: "INDEX",
      description: "Only up to this event (omk events shows the indexes)",
    },
    {
      name: "format",
      short: "f",
      type: "string",
      placeholder: "FORMAT",
      choices: FORMATS,
      description: "text (default), mermaid (a Gantt chart), svg (a picture), json",
    },
    { name: "file", short: "o", type: "string", placeholder: "FILE", description: "Write to a file" },
    {
      name: "rebuild",
      type: "boolean",
      description: "Make the delivered tree again, and run the gates on it",
    },
  ],
  examples: [
    { command: "omk replay", note: "the newest run" },
    { command: "omk replay latest --until 40 --json | jq .state.tasks", note: "how it stood then" },
    { command: "omk replay --format svg --file run.svg", note: "a picture" },
    { command: "omk replay --rebuild", note: "is it really what the log says?" },
  ],
  exitCodes: [
    { code: 0, meaning: "it was told; with --rebuild: trees and required gates are as the log says" },
    { code: 1, meaning: "a rebuilt tree or the verdict of a required gate differs" },
    { code: 2, meaning: "wrong usage, or no such run" },
    { code: 5, meaning: "the log or the machine failed" },
  ],
  needs: { run: true, write: true },
  async run(context: CommandContext): Promise<number> {
    const { args, output, json, env } = context;
    const until = args.number("until");
    const { home } = await locate(context);
    const directory = await findRun(home, args.positionals[0]);
    const timeline = new Timeline();
    const merges = new MergeHistory();
    const loaded = await loadRun(directory, {
      ...(until === undefined ? {} : { until }),
      onEvent(event) {
        timeline.take(event);
        merges.take(event);
      },
    });
    if (args.flag("rebuild")) {
      if (until !== undefined) {
        throw new UsageError({
          what: "Options --until and --rebuild exclude each other",
          fix: "give one of them",
        });
      }
      return await rebuild(context, loaded, merges, env);
    }
    const format = json ? "json" : FORMATS.find((each) => each === args.text("format")) ?? "text";
    const path = args.text("file");
    if (format === "json") {
      const { run } = loaded.state;
      const document = {
        schema_version: 1,
        run_id: directory.runId,
        events: run.next_index,
        status: run.status ?? runStatus(loaded.state),
        state: JSON.parse(runStateJson(loaded.state)),
        spans: timeline.spans,
        moments: timeline.moments,
      };
      if (path === undefined) output.json(document);
      else await write(context, path, [JSON.stringify(document)]);
      return ExitCode.OK;
    }
    if (format === "text" && path === undefined) {
      const { timelineText } = await import("../render/timeline/text.ts");
      await printLines(output, (style) => timelineText(timeline, style, UNLIMITED_COLUMNS));
      output.note(`${counted(loaded.state.run.next_index, "event")}; ${standing(loaded)}`);
      return ExitCode.OK;
    }
    const lines = await draw(loaded, timeline, format);
    if (path === undefined) output.write(`${lines.join("\n")}\n`);
    else await write(context, path, lines);
    return ExitCode.OK;
  },
};

async function draw(
  { state }: LoadedRun,
  timeline: Timeline,
  format: "text" | "mermaid" | "svg",
): Promise<readonly string[]> {
  if (format === "text") {
    const { timelineText } = await import("../render/timeline/text.ts");
    return timelineText(timeline, createStyle(false), UNLIMITED_COLUMNS);
  }
  const { timelinePicture } = await import("../render/timeline/timeline_picture.ts");
  const picture = timelinePicture(state.run.name, timeline);
  return format === "mermaid"
    ? (await import("../render/timeline/mermaid.ts")).mermaidTimeline(picture)
    : (await import("../render/timeline/svg.ts")).svgTimeline(picture);
}

async function write({ cwd, output }: CommandContext, path: string, lines: readonly string[]): Promise<void> {
  await Deno.writeTextFile(resolve(cwd, path), `${lines.join("\n")}\n`);
  output.note(`wrote ${path}`);
}

/** How the run stood after the last event that was folded. */
function standing({ state }: LoadedRun): string {
  const { phase, status } = state.run;
  if (phase === "finished") return `it is ${status}`;
  const completed = state.tasks.filter((task) => task.state === "completed").length;
  return `${completed} of ${counted(state.tasks.length, "task")} completed by then`;
}

async function rebuild(
  { output, json }: CommandContext,
  loaded: LoadedRun,
  merges: MergeHistory,
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const { rebuildRun } = await import("../../run/rebuild.ts");
  const { signal } = new AbortController();
  const rebuilt = await rebuildRun(loaded, merges, { env, signal });
  const differs = rebuilt.gates.filter(({ required, recorded, now }) =>
    required && recorded !== null && recorded !== now
  );
  const ok = rebuilt.same && differs.length === 0;
  const exitCode = ok ? ExitCode.OK : ExitCode.NOT_READY;
  const { runId } = loaded.directory;
  if (json) {
    output.json({ schema_version: 1, run_id: runId, ok, ...rebuilt, exit_code: exitCode });
    return exitCode;
  }
  const { style } = output;
  const rows = [
    ...rebuilt.merges.map(({ task_id, tree, rebuilt: found, problem }) => [
      tree === found ? style.green("same") : style.red("differs"),
      task_id ?? "merge with the branch",
      problem ?? (tree === found ? `tree ${tree}` : `tree ${found}, and the log says ${tree}`),
    ]),
    ...rebuilt.gates.map(({ gate, recorded, now, reason }) => [
      recorded === now ? style.green("same") : style.red("differs"),
      `gate ${gate}`,
      `${now} now, ${recorded ?? "did not run"} then${reason === null ? "" : `: ${reason}`}`,
    ]),
  ];
  await printLines(output, () => alignColumns(rows, UNLIMITED_COLUMNS));
  output.print(
    ok
      ? `run ${style.bold(runId)}: rebuilt, with tree ${rebuilt.tree}`
      : `run ${style.bold(runId)}: ${style.red("the rebuild differs")} from what the log says`,
  );
  return exitCode;
}
