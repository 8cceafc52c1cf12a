/** What is known of a project before a lead agent is asked: its repository, its own plan, its checks. Only reads. */

import { detectGates } from "../../gates/detect.ts";
import { NoRepositoryError } from "../../git/errors.ts";
import { requireObjects, requireRunnable, type RunnableRepository } from "../../git/repository.ts";
import { listTrackedPaths } from "../../git/tracked_paths.ts";
import { redactText } from "../../log/redact.ts";
import { loadPlan, PlanError, type PlanSource } from "../../plan/load.ts";
import { PLAN_NAME } from "../../plan/names.ts";
import { parsePlanText } from "../../plan/parse.ts";
import type { PlanInput } from "../../plan/schema.ts";
import type { GateSpec, PlanningSpec } from "../../plan/spec.ts";
import type { TrackedPath } from "../../plan/tracked_tree.ts";
import { findProgram } from "../../process/find_program.ts";
import { homeOf } from "../home.ts";
import { approvalReader, findPlan, readPlanText } from "../plan_file.ts";
import { repositoryAt } from "../prepare.ts";
import { projectFiles } from "../project_files.ts";
import { detectSetup } from "../worktree_setup.ts";

/** What plans are loaded with, besides their text. */
export type LoadSettings = Pick<PlanSource, "env" | "defaults" | "prices" | "agents">;

/** See the module. */
export interface Project {
  readonly repository: RunnableRepository;
  /** omk's home for it. */
  readonly home: string;
  /** Absolute path of its plan; null where it has none. */
  readonly planPath: string | null;
  /** What holds in a plan that an agent makes for it; see `PlanningSpec`. */
  readonly settings: PlanningSpec["settings"];
  /** The agent of its tasks; undefined where its plan names none. */
  readonly agent: string | undefined;
  /** How its plan says that agents are started. */
  readonly agents: NonNullable<PlanInput["agents"]>;
  /** The checks that judge what is made. */
  readonly gates: readonly GateSpec[];
  /** What HEAD tracks. */
  readonly tracked: readonly TrackedPath[];
  /** What detection left out, and why. */
  readonly notes: readonly string[];
}

/**
 * Reads the project that a directory is in.
 *
 * @throws {NoRepositoryError} {UsageError} where there is no commit that a worktree could be made of
 * @throws {PlanError} where its plan is wrong: its settings would hold
 */
export async function readProject(cwd: string, load: LoadSettings): Promise<Project> {
  const repository = await repositoryAt(cwd);
  if (repository === null) {
    throw new NoRepositoryError({
      what: "Cannot plan what is asked for",
      where: cwd,
      why: "this directory is in no git repository, and agents work in worktrees",
      fix: 'make one with "git init" and a first commit',
    });
  }
  requireRunnable(repository);
  await requireObjects(repository, repository.head);
  const { root } = repository;
  const tracked = await listTrackedPaths(repository, repository.head);
  const own = await readOwnPlan(root, load, tracked, repository.caseSensitive);
  const files = projectFiles(root);
  const find = (name: string) => Promise.resolve(findProgram(name, load.env["PATH"] ?? "", root));
  const detected = own.gates === null ? await detectGates(files, find) : null;
  const setup = own.path === null
    ? await detectSetup(files.exists, async (name) => await find(name) !== undefined)
    : null;
  const gates = own.gates ?? detected?.gates ?? [];
  return {
    repository,
    home: homeOf(repository, root, load.env),
    planPath: own.path,
    settings: {
      ...own.settings,
      ...(setup === null ? {} : { worktree: { setup: setup.command, keep: setup.keep } }),
      ...(detected === null || gates.length === 0 ? {} : { gates: gates.map(writtenGate) }),
    },
    agent: own.agent,
    agents: own.agents,
    gates,
    tracked,
    notes: detected?.notes ?? [],
  };
}

/** The project's own plan, as far as it is more than tasks. */
interface OwnPlan {
  readonly path: string | null;
  readonly settings: PlanningSpec["settings"];
  readonly agent: string | undefined;
  readonly agents: Project["agents"];
  readonly gates: readonly GateSpec[] | null;
}

const NO_PLAN: OwnPlan = { path: null, settings: {}, agent: undefined, agents: {}, gates: null };

async function readOwnPlan(
  root: string,
  load: LoadSettings,
  tracked: readonly TrackedPath[],
  caseSensitive: boolean,
): Promise<OwnPlan> {
  if (!await projectFiles(root).exists(PLAN_NAME)) return NO_PLAN;
  const path = await findPlan({ cwd: root }, root);
  const text = await readPlanText(path);
  const loaded = await loadPlan({
    ...load,
    text,
    path,
    redact: redactText,
    caseSensitive,
    tracked,
    readApproval: approvalReader(path),
    mayLackTasks: true,
  });
  if (!loaded.ok) throw new PlanError(loaded.problems);
  const parsed = await parsePlanText(text.replace(/^\uFEFF/, ""));
  // What has loaded is a plan as it is written.
  const input = (parsed.ok ? parsed.raw : {}) as Partial<PlanInput>;
  const { $schema: _schema, version: _version, name: _name, tasks: _tasks, ...settings } = input;
  return {
    path,
    settings: { ...settings, ...absolutePaths(settings, path.slice(0, path.lastIndexOf("/"))) },
    agent: input.defaults?.agent,
    agents: input.agents ?? {},
    gates: loaded.plan.gates,
  };
}

/** The files that a plan names relative to itself: the plan that is made lies elsewhere. */
function absolutePaths(
  { approval, prompt_template }: Partial<PlanInput>,
  directory: string,
): Partial<PlanInput> {
  const absolute = (path: string) => path.startsWith("/") ? path : `${directory}/${path}`;
  const file = typeof approval === "object" ? approval.file : undefined;
  return {
    ...(typeof approval === "object" && file !== undefined
      ? { approval: { ...approval, file: absolute(file) } }
      : {}),
    ...(prompt_template === undefined ? {} : { prompt_template: absolute(prompt_template) }),
  };
}

/** A gate as a plan writes it. */
function writtenGate({ name, command, output_fails }: GateSpec): Record<string, unknown> {
  return { name, command, ...(output_fails ? { output_fails } : {}) };
}
