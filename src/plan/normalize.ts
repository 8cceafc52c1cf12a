/** From a plan as it is written, free of problems, to the plan as it is stored: defaults merged and filled in. */

import { normalizeApproval } from "./approval.ts";
import { bodiesOf, BODY_FIELDS } from "./checks/bodies.ts";
import { candidateIds, pickReviewId, pickReviewOf } from "./checks/candidates.ts";
import { NOT_OF_REVIEWS } from "./checks/reviews.ts";
import {
  DEFAULT_BACKOFF,
  DEFAULT_GATE_TIMEOUT_SECS,
  DEFAULT_LEASE_SECS,
  DEFAULT_LIMITS,
  DEFAULT_PROMPT_RETRIES,
  DEFAULT_PROPOSALS,
  DEFAULT_REVIEW_ROUNDS,
  DEFAULT_RUN_RETRIES,
  DEFAULT_TASK_TIMEOUT_SECS,
  DEFAULT_WATCHDOG,
  DEFAULT_WORKERS,
  LOCK_FILES,
  PLAN_VERSION,
} from "./defaults.ts";
import { durationSecs } from "./duration.ts";
import { normalizeEntry, normalizePath, type PathResult } from "./path_entry.ts";
import { DEFAULT_RUBRIC, RUBRICS } from "./rubrics.ts";
import type { GateInput } from "./gate_schema.ts";
import type { PlanInput } from "./schema.ts";
import type { TaskFields, TaskInput } from "./task_schema.ts";
import type {
  ContainmentChoice,
  GateSpec,
  Limits,
  LoopSpec,
  Plan,
  ProposalPolicy,
  ReviewSpec,
  SandboxSpec,
  TaskLimits,
  TaskSpec,
  WorktreeSpec,
} from "./spec.ts";
import { type AgentInputs, mergeAgents, resolveAgent } from "./resolve_agent.ts";
import type { TrackedTree } from "./tracked_tree.ts";

/** The settings of a plan that can be said elsewhere too. */
export type PlanSettings = Pick<Plan, "workers" | "on_failure" | "durability"> & {
  readonly approval: NonNullable<Plan["approval"]>;
  /** `limits.containment` of the plan. */
  readonly containment: ContainmentChoice;
};

/** A plan with settings in the place of its own. */
export function withSettings(plan: Plan, settings: Partial<PlanSettings>): Plan {
  const { containment, ...others } = settings;
  const limits = containment === undefined ? plan.limits : { ...plan.limits, containment };
  return { ...plan, ...others, limits };
}

/** What the text of a plan leaves open. */
export interface NormalizeContext {
  /** The plan's name where it gives none. */
  readonly name: string;
  /** What holds of its settings where it says nothing; absent ones are omk's own. */
  readonly defaults?: Partial<PlanSettings> | undefined;
  /** Agents of the user's configuration; those of the plan go first. */
  readonly agents?: AgentInputs | undefined;
  readonly tree: TrackedTree;
  /** The texts of the files that reviews name as their rubric; one that is not there is empty. */
  readonly rubrics?: ReadonlyMap<string, string> | undefined;
}

/** Fills in a plan that has passed every check. */
export function normalizePlan(input: PlanInput, context: NormalizeContext): Plan {
  const gates = input.gates?.map((gate) => normalizeGate(gate, "run")) ?? null;
  const gatesByName = new Map(gates?.map((gate) => [gate.name, gate]));
  const { time, unknown } = input.budget ?? {};
  const { defaults = {} } = context;
  return {
    version: PLAN_VERSION,
    name: input.name ?? context.name,
    workers: input.workers ?? defaults.workers ?? DEFAULT_WORKERS,
    pools: input.pools ?? {},
    budget: {
      time_secs: time === undefined ? null : durationSecs(time) ?? null,
      ...given(input.budget ?? {}, ["attempts", "tokens", "usd"]),
      ...(unknown === "allow" ? { unknown } : {}),
    },
    worktree: normalizeWorktree(input.worktree),
    gates,
    ...(input.gate_each === "task" || input.gate_each === "batch" ? { gate_each: input.gate_each } : {}),
    ...(input.protected === undefined ? {} : { protected: input.protected }),
    on_failure: input.on_failure ?? defaults.on_failure ?? "continue",
    durability: input.durability ?? defaults.durability ?? "batch",
    watchdog: merge(DEFAULT_WATCHDOG, input.watchdog),
    lease_secs: input.lease_secs ?? DEFAULT_LEASE_SECS,
    limits: merge<Limits>(
      { ...DEFAULT_LIMITS, ...given(defaults, ["containment"]) },
      input.limits,
    ),
    ...(input.approval === undefined
      ? given(defaults, ["approval"])
      : { approval: normalizeApproval(input.approval) }),
    ...(input.proposals === undefined ? {} : { proposals: normalizePolicy(input.proposals, context.tree) }),
    ...agentsOf(input, context.agents ?? {}),
    tasks: input.tasks.flatMap((task) =>
      withCandidates(withDefaults(task, input.defaults), gatesByName, context.tree, context.rubrics)
    ),
  };
}

/** The agents that the plan names or describes; nothing where there is none. */
function agentsOf(
  input: PlanInput,
  configured: AgentInputs,
): { readonly agents?: NonNullable<Plan["agents"]> } {
  const inputs = mergeAgents(configured, input.agents ?? {});
  const names = new Set([
    ...Object.keys(input.agents ?? {}),
    ...[...input.tasks, input.defaults ?? {}].flatMap((fields) =>
      [fields.agent, fields.review?.agent, pickReviewOf(fields)?.agent].filter((name) => name !== undefined)
    ),
  ]);
  const agents = [...names].flatMap((name) => {
    const resolved = resolveAgent(name, inputs);
    return resolved.ok ? [[name, resolved.spec] as const] : [];
  });
  return agents.length === 0 ? {} : { agents: Object.fromEntries(agents) };
}

/**
 * A task with the plan's defaults: objects are merged key by key, everything else is replaced. A task that has a
 * body of its own takes none from the defaults.
 */
function withDefaults(task: TaskInput, defaults: TaskFields | undefined): TaskInput {
  if (defaults === undefined) return task;
  const merged = {
    ...(task.review === undefined ? defaults : withoutFields(defaults, NOT_OF_REVIEWS)),
    ...task,
  };
  if (bodiesOf(task).length > 0) {
    for (const field of BODY_FIELDS) {
      if (task[field] === undefined) delete merged[field];
    }
  }
  for (const field of ["env", "metadata", "retry_policy", "limits", "sandbox", "budget"] as const) {
    const common = defaults[field];
    const own = task[field];
    if (common !== undefined && own !== undefined) Object.assign(merged, { [field]: { ...common, ...own } });
  }
  return merged;
}

/** A task, after the candidates for it where there are several: each of them does what the task was to do. */
function withCandidates(
  task: TaskInput,
  gates: ReadonlyMap<string, GateSpec>,
  tree: TrackedTree,
  rubrics?: ReadonlyMap<string, string>,
): TaskSpec[] {
  const spec = normalizeTask(task, gates, tree, rubrics);
  const { attempts } = task;
  if (attempts === undefined) return [spec];
  const { budget, ...rest } = spec;
  const share = (amount: number | undefined) => amount === undefined ? undefined : amount / attempts.parallel;
  const candidates = candidateIds(spec.id, attempts.parallel).map((id, at): TaskSpec => ({
    ...rest,
    id,
    name: `${spec.name} (candidate ${at + 1})`,
    ...(budget === undefined
      ? {}
      : { budget: given({ tokens: share(budget.tokens), usd: share(budget.usd) }, ["tokens", "usd"]) }),
    candidate_of: spec.id,
  }));
  const ids = candidates.map(({ id }) => id);
  const reviews = pickReviews(task, ids).map(({ review, ...input }): TaskSpec => ({
    ...normalizeTask({ ...input, review }, gates, tree, rubrics),
    // Whatever becomes of some candidates, the others are looked at.
    trigger_rule: "all_done",
    review: { ...normalizeReview(review, rubrics), picks_for: spec.id },
  }));
  const { pick = "first-passing" } = attempts;
  return [...candidates, ...reviews, {
    ...rest,
    dependencies: ids,
    trigger_rule: "one_success",
    attempts: {
      pick: typeof pick === "object" ? "review" : pick,
      candidates: ids,
      ...Object.fromEntries(reviews.map(({ id }) => ["review", id])),
    },
  }];
}

/** The review that names the best of the candidates for a task; empty where something else decides. */
function pickReviews(
  task: TaskInput,
  candidates: readonly string[],
): readonly (TaskInput & { readonly review: NonNullable<TaskInput["review"]> })[] {
  const how = pickReviewOf(task);
  if (how === undefined) return [];
  return [{
    ...given(task, [
      "agent",
      "priority",
      "pool",
      "env",
      "timeout_secs",
      "retry_policy",
      "on_stall",
      "limits",
      "sandbox",
    ]),
    id: pickReviewId(task.id),
    name: `${task.name ?? task.id} (pick)`,
    review: { ...how, of: [...candidates], max_rounds: 0 },
  }];
}

/**
 * Fills in a task that has passed every check; `gates` are those of the plan, by name, and `rubrics` the texts of the
 * files that reviews name.
 */
export function normalizeTask(
  task: TaskInput,
  gates: ReadonlyMap<string, GateSpec>,
  tree: TrackedTree,
  rubrics: ReadonlyMap<string, string> = new Map(),
): TaskSpec {
  const isAgents = task.prompt !== undefined || task.review !== undefined;
  const retries = isAgents ? DEFAULT_PROMPT_RETRIES : DEFAULT_RUN_RETRIES;
  const { review } = task;
  const agent = review?.agent ?? task.agent;
  return {
    id: task.id,
    name: task.name ?? task.id,
    ...given(task, ["description", "run", "prompt"]),
    ...(review === undefined ? {} : { review: normalizeReview(review, rubrics) }),
    ...(agent === undefined ? {} : { agent }),
    ...(task.budget === undefined ? {} : { budget: given(task.budget, ["tokens", "usd"]) }),
    ...(task.limits === undefined ? {} : { limits: merge<TaskLimits>({}, task.limits) }),
    ...(task.sandbox === undefined ? {} : { sandbox: normalizeSandbox(task.sandbox) }),
    ...(task.loop === undefined ? {} : { loop: normalizeLoop(task.loop, gates) }),
    dependencies: review === undefined
      ? task.dependencies ?? []
      : [...new Set([...review.of, ...task.dependencies ?? []])],
    trigger_rule: task.trigger_rule ?? "all_success",
    priority: task.priority ?? 0,
    pool: task.pool ?? null,
    read_set: normalizeSet(task.read_set ?? [], tree),
    write_set: writeSetOf(task, tree),
    outputs: normalizePaths(task.outputs ?? []),
    isolation: task.isolation ?? "worktree",
    env: task.env ?? {},
    cwd: accepted(normalizePath(task.cwd ?? ".", { allowRoot: true })),
    timeout_secs: task.timeout_secs ?? DEFAULT_TASK_TIMEOUT_SECS,
    retry_policy: merge({ max_attempts: retries, ...DEFAULT_BACKOFF }, task.retry_policy),
    retry_declared: task.retry_policy !== undefined,
    on_stall: task.on_stall ?? "retry",
    acceptance_criteria: task.acceptance_criteria ?? [],
    gates: (task.gates ?? []).map((gate) => resolveGate(gate, gates)),
    metadata: task.metadata ?? {},
  };
}

function normalizeReview(
  { of, rubric = DEFAULT_RUBRIC, max_rounds = DEFAULT_REVIEW_ROUNDS }: NonNullable<TaskInput["review"]>,
  rubrics: ReadonlyMap<string, string> = new Map(),
): ReviewSpec {
  const named = typeof rubric === "string"
    ? { name: rubric, text: RUBRICS[rubric] }
    : "text" in rubric
    ? { name: "own", text: rubric.text }
    : { name: rubric.file, text: rubrics.get(rubric.file) ?? "" };
  return { of, rubric: named, max_rounds };
}

function normalizeLoop(loop: NonNullable<TaskInput["loop"]>, gates: ReadonlyMap<string, GateSpec>): LoopSpec {
  const { max_iterations, until } = loop;
  return { ...given(loop, ["run", "prompt"]), max_iterations, until: resolveGate(until, gates) };
}

/**
 * What a task writes. In the directory itself, an absent set is everything, and outputs, which are no
 * part of the tree elsewhere, are files that another task could write too.
 */
function writeSetOf(task: TaskInput, tree: TrackedTree): string[] | null {
  // What a reviewer changes is a violation, and nothing of it is ever merged.
  if (task.review !== undefined) return [];
  const isInPlace = task.isolation === "none";
  if (task.write_set === undefined) return isInPlace ? ["**"] : null;
  return normalizeSet(isInPlace ? [...task.write_set, ...task.outputs ?? []] : task.write_set, tree);
}

function normalizeSandbox({ network, write = ["."] }: NonNullable<TaskInput["sandbox"]>): SandboxSpec {
  const paths = write.map((path) => accepted(normalizePath(path, { allowRoot: true })));
  return { network: network ?? "host", write: [...new Set(paths)] };
}

function normalizeWorktree(worktree: PlanInput["worktree"]): WorktreeSpec {
  return {
    setup: worktree?.setup ?? null,
    setup_inputs: worktree?.setup_inputs === undefined ? LOCK_FILES : normalizePaths(worktree.setup_inputs),
    keep: normalizePaths(worktree?.keep ?? []),
    copy: normalizePaths(worktree?.copy ?? []),
  };
}

function normalizePolicy(policy: NonNullable<PlanInput["proposals"]>, tree: TrackedTree): ProposalPolicy {
  const { max_tasks, max_depth, write_set } = policy;
  return {
    max_tasks: max_tasks ?? DEFAULT_PROPOSALS.max_tasks,
    max_depth: max_depth ?? DEFAULT_PROPOSALS.max_depth,
    write_set: write_set === undefined ? null : normalizeSet(write_set, tree),
    links: tree.links(),
  };
}

function resolveGate(gate: string | GateInput, gates: ReadonlyMap<string, GateSpec>): GateSpec {
  if (typeof gate !== "string") return normalizeGate(gate, "task");
  const found = gates.get(gate);
  if (found === undefined) {
    throw new RangeError(`Cannot normalize a plan that names an unknown gate "${gate}"`);
  }
  return found;
}

function normalizeGate(gate: GateInput, scope: GateSpec["scope"]): GateSpec {
  return {
    name: gate.name,
    command: gate.command,
    required: gate.required ?? true,
    timeout_secs: gate.timeout_secs ?? DEFAULT_GATE_TIMEOUT_SECS,
    scope: gate.scope ?? scope,
    retries: gate.retries ?? 0,
    allow_fail: gate.allow_fail ?? false,
    skip: gate.skip ?? false,
    output_fails: gate.output_fails ?? false,
    reports: [...new Set((gate.reports ?? []).map((entry) => accepted(normalizeEntry(entry))))],
    ...(gate.pool === undefined ? {} : { pool: gate.pool }),
  };
}

/** The normal form of a path set, each entry once, in the order given; links are resolved. */
function normalizeSet(entries: readonly string[], tree: TrackedTree): string[] {
  const resolved = entries.flatMap((text) => {
    const entry = accepted(normalizeEntry(text));
    const resolution = tree.resolve(entry);
    // A path that is only read may lead out of the repository: no task of the run writes there.
    return resolution.ok ? resolution.entries : [entry];
  });
  return [...new Set(resolved)];
}

function normalizePaths(paths: readonly string[]): string[] {
  return [...new Set(paths.map((path) => accepted(normalizePath(path))))];
}

function accepted(result: PathResult): string {
  if (!result.ok) throw new RangeError(`Cannot normalize a path that ${result.problem}`);
  return result.path;
}

function withoutFields<T extends object, K extends keyof T>(value: T, keys: readonly K[]): Omit<T, K> {
  const rest = { ...value };
  for (const key of keys) delete rest[key];
  return rest;
}

/** The named fields that a value has. */
function given<T extends object, K extends keyof T>(
  value: T,
  keys: readonly K[],
): { [P in K]?: NonNullable<T[P]> } {
  const found: { [P in K]?: NonNullable<T[P]> } = {};
  for (const key of keys) {
    const each = value[key];
    if (each !== undefined && each !== null) found[key] = each;
  }
  return found;
}

/** The defaults with what is given in their place. */
function merge<T extends object>(
  defaults: T,
  given: { readonly [K in keyof T]?: T[K] | undefined } | undefined,
): T {
  const merged = { ...defaults };
  for (const key in given) {
    const value = given[key];
    if (value !== undefined) merged[key] = value;
  }
  return merged;
}
