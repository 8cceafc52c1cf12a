/** A plan that an agent has made, for whoever is to say whether it is run. Pure. */

import { type Command, type GateSpec, type Plan, promptOf, type TaskSpec } from "../../plan/spec.ts";
import type { Style } from "../output.ts";
import { alignColumns, counted, oneLine } from "./text.ts";

/** Of a prompt so much is shown, characters; commands are shown as a whole, since they are run as they are. */
const PROMPT_SHOWN = 300;
/** Commands and paths are not cut, whatever the terminal. */
const UNCUT_COLUMNS = 1_000;

/** What is said of a plan besides. */
export interface PlannedView {
  /** The agent that made it. */
  readonly agent: string;
  /** Why it is one task with the whole request; undefined where it is the agent's own. */
  readonly fallback?: string | undefined;
  /** Paths that judge the work and that tasks may change, with their tasks. */
  readonly lifted: readonly LiftedProtection[];
}

/** A task that may change what judges it. */
export interface LiftedProtection {
  readonly task_id: string;
  readonly paths: readonly string[];
}

/** The lines. */
export function plannedLines(plan: Plan, view: PlannedView, style: Style): readonly string[] {
  const { agent, fallback, lifted } = view;
  const by = fallback === undefined ? ` by ${agent}` : "";
  // Candidates for the same task differ in nothing but their number.
  const tasks = plan.tasks.filter(isOwnTask);
  const gates = (plan.gates ?? []).filter(({ scope }) => scope === "run");
  return [
    ...(fallback === undefined ? [] : [`${style.yellow("warning:")} ${fallback}`, ""]),
    `plan "${oneLine(plan.name)}"${by}: ${counted(tasks.length, "task")}`,
    ...tasks.flatMap((task) => ["", ...taskLines(task, style)]),
    "",
    gates.length === 0
      ? `${style.yellow("no gates:")} the run can pass, but proves nothing`
      : `gates: ${gates.map(gateText).join(", ")}`,
    ...lifted.map(({ task_id, paths }) =>
      `${style.yellow("warning:")} ${task_id} may change what judges it: ${paths.join(", ")}`
    ),
  ];
}

/** Whether the plan's author wrote a task, not omk for one that has candidates. */
export function isOwnTask({ candidate_of, review }: TaskSpec): boolean {
  return candidate_of === undefined && review?.picks_for === undefined;
}

function taskLines(task: TaskSpec, style: Style): readonly string[] {
  const {
    id,
    agent,
    run,
    loop,
    review,
    attempts,
    dependencies,
    write_set,
    acceptance_criteria,
    gates,
    description,
  } = task;
  const prompt = promptOf(task);
  const command = run ?? loop?.run;
  const others = dependencies.filter((each) => attempts?.candidates.includes(each) !== true);
  const rows = [
    ...(command === undefined || textOf(command) === "" ? [] : [["    runs", textOf(command)]]),
    ...(prompt === undefined ? [] : [["    prompt", shortened(prompt)]]),
    ...(attempts === undefined ? [] : [[
      "    candidates",
      `${attempts.candidates.length} side by side, of which one is merged (${attempts.pick}${
        attempts.review === undefined ? "" : ` by task ${attempts.review}`
      })`,
    ]]),
    ...(review === undefined
      ? []
      : [["    reviews", `${review.of.join(", ")}, by the rubric ${review.rubric.name}`]]),
    ...(loop === undefined
      ? []
      : [["    repeated", `until ${gateText(loop.until)} passes, at most ${loop.max_iterations} times`]]),
    ...(others.length === 0 ? [] : [["    after", others.join(", ")]]),
    [
      "    changes",
      write_set === null ? "anything" : write_set.length === 0 ? "nothing" : write_set.join(", "),
    ],
    ...gates.map((gate) => ["    check", gateText(gate)]),
    ...acceptance_criteria.map((criterion) => ["    for reviewers", oneLine(criterion)]),
  ];
  const by = agent === undefined || command !== undefined ? "" : style.dim(` (${agent})`);
  const what = description === undefined ? "" : `: ${oneLine(description)}`;
  return [`  ${style.bold(id)}${by}${what}`, ...alignColumns(rows, UNCUT_COLUMNS)];
}

function gateText({ name, command }: Pick<GateSpec, "name" | "command">): string {
  return `${name} (${oneLine(textOf(command))})`;
}

function textOf(command: Command): string {
  return typeof command === "string" ? oneLine(command) : command.map(oneLine).join(" ");
}

function shortened(prompt: string): string {
  const line = oneLine(prompt.replaceAll(/\s+/g, " ").trim());
  return line.length <= PROMPT_SHOWN ? line : `${line.slice(0, PROMPT_SHOWN).trimEnd()}…`;
}
