/** Loading a plan: from the text of `omk.jsonc` to a plan that can be run, or to everything that is wrong with it. */

import { sha256 } from "../digest.ts";
import { measuresOf, NO_MEASURES } from "./agent_measures.ts";
import type { ApprovalFile } from "./approval_file.ts";
import { checkAgents } from "./checks/agents.ts";
import { checkApproval } from "./checks/approval.ts";
import { checkBodies } from "./checks/bodies.ts";
import { checkBudgets, type UsageKnowledge } from "./checks/budgets.ts";
import { checkCandidates, pickReviewOf } from "./checks/candidates.ts";
import { checkDependencies } from "./checks/dependencies.ts";
import { checkEnvironment } from "./checks/environment.ts";
import { checkGates, findUnusedGates } from "./checks/gates.ts";
import { checkIds } from "./checks/ids.ts";
import { checkPaths } from "./checks/paths.ts";
import { checkPools } from "./checks/pools.ts";
import { checkReviews } from "./checks/reviews.ts";
import { checkTexts } from "./checks/texts.ts";
import { checkTiming } from "./checks/timing.ts";
import { draftOf, type PlanDraft } from "./draft.ts";
import { normalizePlan, type PlanSettings } from "./normalize.ts";
import { type ParsedPlan, parsePlanText } from "./parse.ts";
import { formatPlanJson } from "./plan_json.ts";
import { type Finding, type PlanPath, type PlanProblem, quote, redactProblem } from "./problem.ts";
import { type PlanInput, planInput, settingsInput } from "./schema.ts";
import { schemaFindings } from "./schema_findings.ts";
import type { Plan } from "./spec.ts";
import { type AgentInputs, mergeAgents, resolveAgent } from "./resolve_agent.ts";
import { type TrackedPath, TrackedTree } from "./tracked_tree.ts";

export { PlanError, type PlanProblem } from "./problem.ts";

/** A plan's text and what it is checked against. */
export interface PlanSource {
  /** The text of the file; a byte order mark is ignored. */
  readonly text: string;
  /** The file as problems name it. */
  readonly path: string;
  /** omk's own environment, which `env: {"from": …}` takes values from. */
  readonly env: Readonly<Record<string, string>>;
  /** Hides secrets in a text. A plan that it would change is refused. */
  readonly redact: (text: string) => string;
  /** Whether the file system tells upper from lower case. Default: true. */
  readonly caseSensitive?: boolean | undefined;
  /** The tracked files of the repository, by which links and directories in path sets are known. Default: none. */
  readonly tracked?: Iterable<TrackedPath> | undefined;
  /** What holds of settings that the plan leaves open; absent ones are omk's own. */
  readonly defaults?: Partial<PlanSettings> | undefined;
  /** What models cost, as the user says; kept with the plan. Default: nobody knows. */
  readonly prices?: Plan["prices"] | undefined;
  /** Agents of the user's configuration. */
  readonly agents?: AgentInputs | undefined;
  /** Whether tasks may be missing, as only the settings are wanted. Default: false. */
  readonly mayLackTasks?: boolean | undefined;
  /** Who does prompts that name no agent; see `DefaultAgent`. */
  readonly agent?: DefaultAgent | undefined;
  /**
   * Reads the file that `approval.file` names; what it throws stops the loading. Absent: only the plan's own text is
   * looked at, and the policy of such a plan is that of omk.
   */
  readonly readApproval?: ((name: string) => Promise<ApprovalFile>) | undefined;
  /**
   * The text of the template that prompts are made of, by the name that the plan gives; what it throws stops the loading.
   * Absent: that of omk.
   */
  readonly readTemplate?: ((name: string | undefined) => Promise<string | undefined>) | undefined;
  /**
   * The text of a rubric, by the name of the file that a review gives; what it throws stops the loading. Absent: only the
   * plan's own text is looked at, and such a rubric is empty.
   */
  readonly readRubric?: ((name: string) => Promise<string>) | undefined;
}

/** Who does prompts that name no agent: `over` goes before the plan's own default, `under` comes behind it. */
export interface DefaultAgent {
  readonly over?: string | undefined;
  readonly under?: string | undefined;
}

/** What loading comes to. */
export type LoadedPlan =
  | {
    readonly ok: true;
    readonly plan: Plan;
    /** SHA-256 of the plan's stored form, which is made when somebody asks: it is many times the text. */
    readonly digest: string;
    readonly warnings: readonly PlanProblem[];
  }
  | {
    readonly ok: false;
    /** All problems, in the order of the text. */
    readonly problems: readonly PlanProblem[];
  };

/** Parses, checks and normalises a plan. Never throws for what the text holds. */
export async function loadPlan(source: PlanSource): Promise<LoadedPlan> {
  const text = source.text.replace(/^\uFEFF/, "");
  const place = async (findings: readonly Finding[]) => {
    if (findings.length === 0) return [];
    const [{ locate }, { fieldMeaning }] = await Promise.all([import("./locate.ts"), import("./meaning.ts")]);
    const problems = locate(text, source.path, findings);
    // A line is hidden as a whole: what is a secret in a value may not look like one in the text.
    const secretLines = new Set(problems.flatMap(({ code, line }) => (code === "secret" ? [line] : [])));
    return problems.map((problem): PlanProblem => {
      const field = fieldMeaning(fieldPointer(problem));
      const { excerpt: _, ...hidden } = problem;
      return redactProblem(
        { ...(secretLines.has(problem.line) ? hidden : problem), ...(field === undefined ? {} : { field }) },
        source.redact,
      );
    });
  };
  const written = await parsePlanText(text);
  if (!written.ok) return { ok: false, problems: await place(written.findings) };
  const parsed = { ...written, raw: withDefaultAgent(written.raw, source.agent ?? {}) };
  const tree = new TrackedTree(source.tracked ?? [], { caseSensitive: source.caseSensitive });
  const checked = check(parsed, source, tree);
  const tell = (finding: Finding): Finding => ({
    ...finding,
    message: subjectOf(checked.draft, finding.path) + finding.message,
  });
  if (checked.input === undefined) return { ok: false, problems: await place(checked.findings.map(tell)) };
  const approval = await approvalOf(checked.input, source);
  if (!approval.ok) return { ok: false, problems: approval.problems };
  const template = await source.readTemplate?.(checked.input.prompt_template);
  const rubrics = await rubricsOf(checked.input, source.readRubric);
  const priced = source.prices === undefined ? {} : { prices: source.prices };
  const normal = normalizePlan({ ...checked.input, approval: approval.input }, {
    name: nameOf(source.path),
    tree,
    defaults: source.defaults,
    agents: source.agents,
    rubrics,
  });
  const plan = {
    ...normal,
    ...priced,
    ...(template === undefined ? {} : { prompt_template: template }),
  };
  return {
    ok: true,
    plan,
    get digest() {
      return sha256(formatPlanJson(plan));
    },
    warnings: await place(findUnusedGates(checked.draft).map(tell)),
  };
}

/** The plan with the agent for prompts that name none; a plan without such prompts stays as it is. */
function withDefaultAgent<T extends object>(raw: T, { over, under }: DefaultAgent): T {
  const { tasks, defaults = {} } = raw as { readonly tasks?: unknown; readonly defaults?: unknown };
  if (!Array.isArray(tasks) || typeof defaults !== "object" || defaults === null) return raw;
  const own = "agent" in defaults ? defaults.agent : undefined;
  const agent = over ?? own ?? under;
  const isWanted = tasks.some((task) =>
    typeof task === "object" && task !== null && task.agent === undefined &&
    (task.prompt !== undefined || task.review !== undefined || task.loop?.prompt !== undefined ||
      isPickedByReview(task.attempts ?? (defaults as { readonly attempts?: unknown }).attempts))
  );
  return agent === own || !isWanted ? raw : { ...raw, defaults: { ...defaults, agent } };
}

/** Whether an agent picks one of several candidates, as far as that can be told of what nobody has checked. */
function isPickedByReview(attempts: unknown): boolean {
  const pick = typeof attempts === "object" && attempts !== null && "pick" in attempts
    ? attempts.pick
    : undefined;
  return pick === "review" || typeof pick === "object";
}

/** What the plan says of approvals, or the file that it names. */
async function approvalOf(
  { approval }: PlanInput,
  { readApproval, redact }: PlanSource,
): Promise<
  | { readonly ok: true; readonly input: PlanInput["approval"] }
  | { readonly ok: false; readonly problems: readonly PlanProblem[] }
> {
  const name = typeof approval === "object" ? approval.file : undefined;
  if (name === undefined) return { ok: true, input: approval };
  if (readApproval === undefined) return { ok: true, input: undefined };
  const { readApprovalFile } = await import("./approval_file.ts");
  return await readApprovalFile(await readApproval(name), redact);
}

/** The texts of the files that reviews name as their rubric. */
async function rubricsOf(
  { tasks, defaults = {} }: PlanInput,
  readRubric: PlanSource["readRubric"],
): Promise<ReadonlyMap<string, string>> {
  const reviews = [...tasks, defaults].flatMap((fields) => [fields.review, pickReviewOf(fields)]);
  const files = new Set(reviews.flatMap(({ rubric } = {}) => {
    return typeof rubric === "object" && "file" in rubric ? [rubric.file] : [];
  }));
  const texts = new Map<string, string>();
  for (const file of files) texts.set(file, await readRubric?.(file) ?? "");
  return texts;
}

/** The field whose meaning helps: of an unknown one, the one that was meant. */
function fieldPointer({ code, pointer, suggestion }: PlanProblem): string {
  return code === "unknown_field" && suggestion !== undefined
    ? `${pointer.slice(0, pointer.lastIndexOf("/"))}/${suggestion}`
    : pointer;
}

/** Everything that is wrong with what was parsed; `input` is there where nothing is. */
function check(
  { raw, findings: before }: Extract<ParsedPlan, { ok: true }>,
  source: PlanSource,
  tree: TrackedTree,
): {
  readonly findings: readonly Finding[];
  readonly draft: PlanDraft;
  readonly input?: PlanInput;
} {
  const result = (source.mayLackTasks === true ? settingsInput : planInput).safeParse(raw, {
    reportInput: true,
  });
  const issues = result.success ? [] : result.error.issues;
  const refused = issues.flatMap((issue): PlanPath[] => {
    const path = issue.path.map((each) => (typeof each === "symbol" ? String(each) : each));
    return issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...path, key]) : [path];
  });
  const draft = draftOf(raw, refused);
  const findings = [
    ...before,
    ...schemaFindings(issues),
    ...checkTexts(raw, source.redact),
    ...checkIds(draft),
    ...checkDependencies(draft),
    ...checkReviews(draft),
    ...checkCandidates(draft),
    ...checkBodies(draft),
    ...checkPaths(draft, tree),
    ...checkPools(draft),
    ...checkEnvironment(draft, source.env),
    ...checkGates(draft),
    ...checkTiming(draft),
    ...checkBudgets(draft, knowledgeOf(draft, source)),
    ...checkAgents(draft, source.agents ?? {}, source.env),
    ...(draft.approval === undefined ? [] : checkApproval(draft.approval, ["approval"])),
  ];
  return result.success && findings.length === 0
    ? { findings, draft, input: result.data }
    : { findings, draft };
}

/** What is known of the use of the agents that the plan names. */
function knowledgeOf(draft: PlanDraft, source: PlanSource): UsageKnowledge {
  const inputs = mergeAgents(source.agents ?? {}, draft.agents ?? {});
  return {
    hasPrices: Object.keys(source.prices ?? {}).length > 0,
    measuresOf(agent) {
      const resolved = agent === undefined ? undefined : resolveAgent(agent, inputs);
      return resolved?.ok === true ? measuresOf(resolved.spec) : NO_MEASURES;
    },
  };
}

/** Whose problem it is, for the start of a message. */
function subjectOf(draft: PlanDraft, path: PlanPath): string {
  const [list, place] = path;
  if (list === "defaults") return "defaults: ";
  if (typeof place !== "number") return "";
  if (list === "tasks") return `task ${quoteOrCount(draft.tasks[place]?.id, place)}: `;
  if (list === "gates") return `gate ${quoteOrCount(draft.gates?.[place]?.name, place)}: `;
  return "";
}

function quoteOrCount(name: string | undefined, place: number): string {
  return name === undefined ? `number ${place + 1}` : quote(name);
}

/** The name of a file without its folder and its suffix. */
function nameOf(path: string): string {
  const base = path.slice(path.lastIndexOf("/") + 1);
  const dot = base.indexOf(".", 1);
  return dot < 0 ? base : base.slice(0, dot);
}
