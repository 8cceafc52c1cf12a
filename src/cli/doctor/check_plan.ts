/** Checks of the plan that `omk run` would find here: whether it can be used, and what its gates call is there. */

import type { RepositoryInfo } from "../../git/port.ts";
import { listTrackedPaths } from "../../git/tracked_paths.ts";
import { isFile } from "../../is_file.ts";
import { redactText } from "../../log/redact.ts";
import { type LoadedPlan, loadPlan } from "../../plan/load.ts";
import { PLAN_NAME } from "../../plan/names.ts";
import { parsePlanText } from "../../plan/parse.ts";
import { formatProblem } from "../../plan/problem.ts";
import type { GateSpec, Plan } from "../../plan/spec.ts";
import { configDirectory } from "../../run/config_directory.ts";
import { readTemplate } from "../../run/prompt_template.ts";
import { rubricReader } from "../../run/rubric_file.ts";
import { approvalReader, readPlanText } from "../../run/plan_file.ts";
import { AGENTS } from "../config/agents.ts";
import type { Config } from "../config/config.ts";
import { AGENT } from "../config/settings.ts";
import { counted } from "../render/text.ts";
import { type Finding, finding, findingOf } from "./finding.ts";
import { askProgram } from "./probe.ts";

/** A plan as far as the settings that it says matter. */
export interface SettingsOfPlan {
  readonly path: string;
  /** What it says of settings by their names: fields of its top level, and those of `limits`, as they are written. */
  readonly fields: ReadonlyMap<string, unknown>;
}

/** What was found of the plan. */
export interface PlanFindings {
  readonly findings: readonly Finding[];
  /** Null where there is no plan that can be used. */
  readonly settings: SettingsOfPlan | null;
}

/** Where the plan is looked for, and what it is checked against. */
export interface PlanQuestion {
  /** The root of the repository, or the directory that omk was called in. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Null where there is none, or where only the text of the plan matters. */
  readonly repository: RepositoryInfo | null;
  readonly config: Config;
}

/** Looks at `omk.jsonc`. */
export async function checkPlan({ directory, env, repository, config }: PlanQuestion): Promise<PlanFindings> {
  const path = `${directory === "/" ? "" : directory}/${PLAN_NAME}`;
  if (!await isFile(path)) {
    const fix = "omk init writes one for this project; omk run PLAN takes one from elsewhere";
    return { findings: [finding("plan", "note", `there is no ${path}`, { fix })], settings: null };
  }
  let text: string;
  let loaded: LoadedPlan;
  const tracked = repository?.head ? await listTrackedPaths(repository, repository.head) : [];
  try {
    text = await readPlanText(path);
    loaded = await loadPlan({
      text,
      path,
      env,
      redact: redactText,
      caseSensitive: repository?.caseSensitive,
      tracked,
      agents: config.value(AGENTS),
      agent: { over: undefined, under: config.underPlan(AGENT).value },
      readApproval: approvalReader(path),
      readTemplate: (name) => readTemplate(path, name, configDirectory(env)),
      readRubric: rubricReader(path),
      mayLackTasks: true,
    });
  } catch (error) {
    return { findings: [findingOf("plan", "error", error)], settings: null };
  }
  if (!loaded.ok) {
    const [first] = loaded.problems;
    const found = `${counted(loaded.problems.length, "problem")}, the first at ${
      first && formatProblem(first)
    }`;
    const advice = { why: "omk run refuses it", fix: "omk run --dry-run tells all of them" };
    return { findings: [finding("plan", "error", found, advice)], settings: null };
  }
  const { plan } = loaded;
  const what = plan.tasks.length === 0
    ? "no tasks, so its settings are for prompts"
    : counted(plan.tasks.length, "task");
  const well = finding("plan", "ok", `"${plan.name}": ${what}`);
  const parsed = await parsePlanText(text);
  return {
    findings: [well, ...await checkGates(plan, directory, env)],
    settings: { path, fields: new Map(parsed.ok ? settingsIn(parsed.raw) : []) },
  };
}

function settingsIn(raw: object): readonly (readonly [string, unknown])[] {
  const ofLimits = "limits" in raw && typeof raw.limits === "object" && raw.limits !== null ? raw.limits : {};
  return [...Object.entries(ofLimits), ...Object.entries(raw)];
}

async function checkGates(
  plan: Plan,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<readonly Finding[]> {
  if (plan.gates === null) {
    return [finding("gates", "note", "the plan names none: they are detected from the project", {
      why: "what is detected changes with the project",
      fix: 'write them down as "gates"; omk init shows what is found',
    })];
  }
  if (plan.gates.length === 0) {
    return [finding("gates", "note", "the plan has none", {
      why: "a run can then pass, but nothing is proved",
      fix: 'name the checks of the project as "gates"',
    })];
  }
  const findings = await Promise.all(plan.gates.map(async (gate) => {
    const program = programOf(gate);
    // What a task or the set-up makes is not there yet; the PATH is.
    if (program === null || program.includes("/") || gate.skip) return [];
    const answer = await askProgram("/bin/sh", ["-c", 'command -v -- "$1"', "sh", program], { cwd, env });
    if (answer === null || answer.code === 0) return [];
    return [finding("gates", "warning", `gate "${gate.name}" calls ${program}, which is not on the PATH`, {
      why: gate.required ? "a run cannot become ready" : "the gate will fail",
      fix: `install ${program}, or change the gate`,
    })];
  }));
  const missing = findings.flat();
  return missing.length > 0 ? missing : [finding("gates", "ok", counted(plan.gates.length, "gate"))];
}

/** The program that a gate calls first; null where that takes a shell to tell. */
function programOf({ command }: GateSpec): string | null {
  if (typeof command !== "string") return command[0] ?? null;
  // Assignments before the program are part of its environment.
  const word = command.trim().split(/\s+/).find((each) => !/^\w+=[\w./:-]*$/.test(each));
  return word !== undefined && /^[\w./+-]+$/.test(word) ? word : null;
}
