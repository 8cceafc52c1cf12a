/** What a run needs to know before anything of it exists: plan, repository, base, gates, selection. Only reads. */

import { UsageError } from "../errors.ts";
import { detectGates } from "../gates/detect.ts";
import { isProtectedFrom } from "../plan/protection.ts";
import { protectedPaths } from "../gates/protected_paths.ts";
import type { RepositoryInfo } from "../git/port.ts";
import {
  discoverRepository,
  requireObjects,
  requireRunnable,
  type RunnableRepository,
} from "../git/repository.ts";
import { readIfThere } from "../read_if_there.ts";
import { NoRepositoryError } from "../git/errors.ts";
import { exists } from "../git/files.ts";
import { listTrackedPaths, readTracked } from "../git/tracked_paths.ts";
import { redactText } from "../log/redact.ts";
import { buildGraph, selectTasks } from "../plan/graph.ts";
import { type DefaultAgent, loadPlan, PlanError } from "../plan/load.ts";
import type { AgentInputs } from "../plan/resolve_agent.ts";
import { mergeGates } from "../plan/merge_gates.ts";
import { PLAN_SCHEMA_PATH } from "../plan/names.ts";
import { type PlanSettings, withSettings } from "../plan/normalize.ts";
import { formatProblem } from "../plan/problem.ts";
import type { TrackedPath } from "../plan/tracked_tree.ts";
import type { Plan, TaskSpec } from "../plan/spec.ts";
import { CandidateIndex } from "../scheduler/candidate_index.ts";
import { ReviewIndex } from "../scheduler/review_index.ts";
import { findProgram } from "../process/find_program.ts";
import { homeOf } from "./home.ts";
import { configDirectory } from "./config_directory.ts";
import { readTemplate } from "./prompt_template.ts";
import { rubricReader } from "./rubric_file.ts";
import { approvalReader, findPlan, readPlanText } from "./plan_file.ts";
import { lockPathOf } from "./planning/plan_lock.ts";
import { projectFiles } from "./project_files.ts";

/** What the user asked for. */
export interface PrepareOptions {
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Path of the plan; undefined: `omk.jsonc` in the repository's root, or here. */
  readonly planPath?: string | undefined;
  /** What holds in place of what the plan says. */
  readonly overrides?: Partial<PlanSettings>;
  /** What holds where the plan says nothing, before omk's own defaults. */
  readonly defaults?: Partial<PlanSettings>;
  /** What models cost, as the user's configuration says. */
  readonly prices?: Plan["prices"] | undefined;
  /** Agents of the user's configuration. */
  readonly agents?: AgentInputs | undefined;
  /** Who does prompts that name no agent. */
  readonly agent?: DefaultAgent | undefined;
  /** Ids to run, with their dependencies; empty: all. */
  readonly only: readonly string[];
  /** Ids to run with all that comes after them, and the dependencies of these; empty: all. */
  readonly from: readonly string[];
  /** What tasks see of a dirty checkout; undefined: not decided yet. */
  readonly base?: "HEAD" | "dirty" | undefined;
}

/** A run that could be started now. */
export interface PreparedRun {
  readonly plan: Plan;
  /** Entries of a path set: what no attempt may change without leave. */
  readonly protected: readonly string[];
  /** Absolute path of the plan file. */
  readonly planPath: string;
  /** Null outside a repository. */
  readonly repository: RepositoryInfo | null;
  /** Whether some selected task works in a worktree: only then is anything pinned, merged and delivered. */
  readonly usesWorktrees: boolean;
  /** Where the plan's paths are relative to, absolute. */
  readonly directory: string;
  /** omk's home for this place. */
  readonly home: string;
  readonly selected: readonly string[] | null;
  readonly gatesDetected: boolean;
  /** What detection left out, and why. */
  readonly notes: readonly string[];
  /** Whether the dirty checkout becomes the base. */
  readonly snapshot: boolean;
}

/** The checkout has changes that tasks would not see, and nobody said what is to be done about that. */
export class DirtyCheckoutError extends UsageError {
  override readonly name = "DirtyCheckoutError";
  /** The paths, relative to the root. */
  readonly paths: readonly string[];

  /** Takes the changed and untracked paths of the checkout. */
  constructor(root: string, paths: readonly string[]) {
    const named = paths.slice(0, 10).join(", ") + (paths.length > 10 ? ` and ${paths.length - 10} more` : "");
    super({
      what: "The checkout has changes that tasks would not see",
      where: root,
      why: named,
      fix: "commit them, or choose: --base HEAD leaves them out, --base dirty takes them in",
    });
    this.paths = paths;
  }
}

/**
 * Checks everything that can be checked before a run exists.
 *
 * @throws {PlanError} with all problems of the plan at once
 * @throws {DirtyCheckoutError} {UsageError} and the errors of the repository
 */
export async function prepareRun(options: PrepareOptions): Promise<PreparedRun> {
  const repository = await repositoryAt(options.cwd);
  const directory = repository?.root ?? options.cwd;
  const planPath = await findPlan(options, directory);
  const text = await readPlanText(planPath);
  const tracked = await trackedPaths(repository, text);
  const loaded = await loadPlan({
    text,
    path: planPath,
    env: options.env,
    redact: redactText,
    caseSensitive: repository?.caseSensitive ?? true,
    tracked,
    defaults: options.defaults,
    prices: options.prices,
    agents: options.agents,
    agent: options.agent,
    readApproval: approvalReader(planPath),
    readTemplate: (name) => readTemplate(planPath, name, configDirectory(options.env)),
    readRubric: rubricReader(planPath),
  });
  if (!loaded.ok) throw new PlanError(loaded.problems);
  const selected = selectionOf(loaded.plan, options);
  const chosenIds = selected === null ? null : new Set(selected);
  const chosen = loaded.plan.tasks.filter(({ id }) => chosenIds === null || chosenIds.has(id));
  const usesWorktrees = chosen.some((task) => task.isolation === "worktree");
  if (usesWorktrees) {
    await checkRepository(repository, options, planPath, chosen);
    await requireCopies(loaded.plan, chosen, directory, planPath);
  }
  const detected = loaded.plan.gates === null
    ? await detectGates(
      projectFiles(directory),
      (name) => Promise.resolve(findProgram(name, options.env["PATH"] ?? "", directory)),
    )
    : null;
  const plan: Plan = {
    ...withSettings(loaded.plan, options.overrides ?? {}),
    gates: loaded.plan.gates ?? detected?.gates ?? [],
  };
  if (plan.gate_each !== undefined && mergeGates(plan).length === 0) {
    throw new UsageError({
      what: "Cannot judge merges",
      where: planPath,
      why: `"gate_each" is "${plan.gate_each}", and no gate is detected in the project`,
      fix: 'name the checks of the project as "gates", or remove "gate_each"',
    });
  }
  const head = options.base === "dirty" ? null : repository?.head ?? null;
  const committed = repository === null || head === null ? null : { repository, head };
  return {
    plan,
    protected: plan.tasks.some((task) => isProtectedFrom(plan, task))
      ? await protectedIn(plan, planPath, directory, tracked, committed)
      : [],
    planPath,
    repository,
    usesWorktrees,
    directory,
    home: homeOf(repository, directory, options.env),
    selected,
    gatesDetected: detected !== null,
    notes: [...loaded.warnings.map(formatProblem), ...(detected?.notes ?? [])],
    snapshot: usesWorktrees && options.base === "dirty" && (repository?.dirty.length ?? 0) > 0,
  };
}

/** The repository that a directory is in; null where it is in none. */
export async function repositoryAt(cwd: string): Promise<RepositoryInfo | null> {
  try {
    return await discoverRepository(cwd);
  } catch (error) {
    if (error instanceof NoRepositoryError) return null;
    throw error;
  }
}

async function checkRepository(
  repository: RepositoryInfo | null,
  options: PrepareOptions,
  planPath: string,
  chosen: readonly TaskSpec[],
): Promise<void> {
  if (repository === null) {
    const task = chosen.find((each) => each.isolation === "worktree");
    throw new NoRepositoryError({
      what: `Cannot run task "${task?.id}" in a worktree of its own`,
      where: options.cwd,
      why: "this directory is in no git repository",
      fix:
        'make one with "git init" and a first commit, or set "defaults": {"isolation": "none"} in the plan',
    });
  }
  requireRunnable(repository);
  await requireObjects(repository, repository.head);
  checkDirty(repository, options.base, planPath);
}

/** Makes sure that the checkout has what every worktree gets of it, unless a task that works there may make it first. */
async function requireCopies(
  { worktree }: Plan,
  chosen: readonly TaskSpec[],
  root: string,
  planPath: string,
): Promise<void> {
  if (chosen.some((task) => task.isolation === "none")) return;
  for (const entry of worktree.copy) {
    if (await exists(`${root}/${entry}`)) continue;
    throw new UsageError({
      what: `Cannot copy "${entry}" into worktrees`,
      where: planPath,
      why: `${root} has no such file`,
      fix: 'create it, or take it out of "worktree.copy"',
    });
  }
}

/**
 * Makes sure that somebody has said what tasks see of a dirty checkout.
 *
 * @throws {DirtyCheckoutError} where nobody has
 */
export function checkDirty(
  repository: Pick<RunnableRepository, "root" | "dirty">,
  base: PrepareOptions["base"],
  planPath: string | null,
): void {
  // The plan is pinned by the run itself, so a new or changed one is no surprise to anybody; its lock is compared with
  // what the run finds, and its schema is for editors.
  const own = planPath === null ? [] : [planPath, lockPathOf(planPath)];
  const dirty = repository.dirty.filter((path) =>
    !own.includes(`${repository.root}/${path}`) && path !== PLAN_SCHEMA_PATH
  );
  if (dirty.length > 0 && base === undefined) throw new DirtyCheckoutError(repository.root, dirty);
}

/** What git tracks, by which links in path sets are resolved; not asked for where the plan declares none. */
async function trackedPaths(
  repository: RepositoryInfo | null,
  text: string,
): Promise<readonly TrackedPath[]> {
  if (
    repository === null || repository.head === null ||
    !/"(?:read_set|write_set|protected|prompt|review)"/.test(text)
  ) {
    return [];
  }
  return await listTrackedPaths(repository, repository.head);
}

/** What work must not change; read as the run will start from it, which is what is committed or what is there. */
async function protectedIn(
  plan: Plan,
  planPath: string,
  directory: string,
  tracked: readonly TrackedPath[],
  committed: { readonly repository: RepositoryInfo; readonly head: string } | null,
): Promise<readonly string[]> {
  const names = new Set(tracked.map(({ path }) => path));
  return await protectedPaths({
    gates: [
      ...plan.gates ?? [],
      ...plan.tasks.flatMap(({ gates, loop }) => loop === undefined ? gates : [...gates, loop.until]),
    ],
    planPath: planPath.startsWith(`${directory}/`) ? planPath.slice(directory.length + 1) : null,
    base: {
      isTracked: (path) => names.has(path),
      read: async (path) =>
        committed === null
          ? await readIfThere(`${directory}/${path}`)
          : await readTracked(committed.repository, committed.head, path),
    },
  });
}

function selectionOf(plan: Plan, options: PrepareOptions): readonly string[] | null {
  if (options.only.length === 0 && options.from.length === 0) return null;
  const ordinals = new Map(plan.tasks.map((task, ordinal) => [task.id, ordinal]));
  const known = (id: string): number => {
    const ordinal = ordinals.get(id);
    if (ordinal !== undefined) return ordinal;
    throw new UsageError({
      what: `The plan has no task "${id}"`,
      fix: `choose from ${plan.tasks.slice(0, 20).map((task) => task.id).join(", ")}`,
    });
  };
  const reviews = new ReviewIndex(plan.tasks, ordinals);
  const candidates = new CandidateIndex(plan.tasks, ordinals);
  const chosen = selectTasks(buildGraph(plan.tasks), {
    only: options.only.map(known),
    from: options.from.map(known),
  }, (ordinal) => [...reviews.of(ordinal), ...candidates.choicesOf(ordinal)]);
  return plan.tasks.filter((_, ordinal) => chosen.has(ordinal)).map((task) => task.id);
}
