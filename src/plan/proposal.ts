/**
 * A task that a running task proposes, read by the rules of a task of the plan, and by one more: it may do nothing that
 * the task that proposes it may not do, but for what the plan's policy says.
 */

import { canonicalJson } from "../canonical_json.ts";
import { redactText } from "../log/redact.ts";
import { checkBodies } from "./checks/bodies.ts";
import { checkEnvironment } from "./checks/environment.ts";
import { checkGates } from "./checks/gates.ts";
import { checkIds } from "./checks/ids.ts";
import { checkPaths } from "./checks/paths.ts";
import { checkPools } from "./checks/pools.ts";
import { checkTexts } from "./checks/texts.ts";
import { draftOf } from "./draft.ts";
import { normalizeTask } from "./normalize.ts";
import { covers } from "./path_cover.ts";
import type { PathOptions } from "./path_set.ts";
import { type Finding, type PlanPath, quote } from "./problem.ts";
import { planInput } from "./schema.ts";
import type { TaskInput } from "./task_schema.ts";
import { schemaFindings } from "./schema_findings.ts";
import { type EnvValue, type Plan, promptOf, type ProposalPolicy, type TaskSpec } from "./spec.ts";
import { TrackedTree } from "./tracked_tree.ts";

/** How many things that are wrong with a proposal are told. */
const MOST_TOLD = 3;
/** What redaction leaves in place of a secret. */
const HIDDEN = /\[REDACTED:[a-z_]+\]/;

/** The task in the form of the plan's tasks, or why it is refused. Whether it fits the other tasks is not looked at. */
export type ReadProposal =
  | { readonly ok: true; readonly spec: TaskSpec }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads what `proposer` proposes. What the proposal leaves open is the proposer's own where that limits what a task may
 * do (its write set, isolation, sandbox, limits and gates), and omk's default otherwise.
 */
export function readProposal(
  proposal: Readonly<Record<string, unknown>>,
  proposer: TaskSpec,
  plan: Plan,
  policy: ProposalPolicy,
  options: PathOptions,
): ReadProposal {
  const reserved = ["review", "attempts"].find((field) => proposal[field] !== undefined);
  if (reserved !== undefined) {
    return {
      ok: false,
      reason: `${quote(reserved)} is for tasks of the plan, and no proposed task can have it`,
    };
  }
  const limit = policy.write_set ?? proposer.write_set;
  const task = {
    ...proposal,
    isolation: proposal["isolation"] ?? proposer.isolation,
    ...(limit === null || proposal["write_set"] !== undefined ? {} : { write_set: limit }),
  };
  const raw = { tasks: [task], pools: plan.pools, gates: plan.gates ?? [] };
  const result = planInput.safeParse(raw, { reportInput: true });
  const issues = result.success ? [] : result.error.issues;
  const refused = issues.flatMap((issue): PlanPath[] => {
    const path = issue.path.map((each) => (typeof each === "symbol" ? String(each) : each));
    return issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...path, key]) : [path];
  });
  const draft = draftOf(raw, refused);
  const tree = new TrackedTree(
    policy.links.map(({ path, target }) => ({ path, linkTarget: target })),
    options,
  );
  const [input] = result.success ? result.data.tasks : [];
  const findings = [
    ...schemaFindings(issues),
    ...checkTexts(raw.tasks, (text) => redactText(text.replace(HIDDEN, ""))),
    ...checkIds(draft),
    ...checkBodies(draft),
    ...checkPaths(draft, tree),
    ...checkPools(draft),
    ...checkEnvironment(draft, variablesOf(draft.tasks[0]?.env)),
    ...checkGates(draft),
  ];
  if (input === undefined || findings.length > 0) return { ok: false, reason: reasonOf(findings) };
  const gates = new Map((plan.gates ?? []).map((gate) => [gate.name, gate]));
  const own = normalizeTask(input, gates, tree);
  const { sandbox = proposer.sandbox, limits = proposer.limits, budget = proposer.budget } = own;
  const spec = {
    ...own,
    ...(sandbox === undefined ? {} : { sandbox }),
    ...(limits === undefined ? {} : { limits }),
    ...(budget === undefined ? {} : { budget }),
    gates: [...proposer.gates, ...without(own.gates, proposer.gates)],
  };
  if (promptOf(spec) !== undefined && !Object.hasOwn(plan.agents ?? {}, spec.agent ?? "")) {
    return { ok: false, reason: '"prompt" needs an "agent" of the plan' };
  }
  const excess = excessOf(input, spec, proposer, limit, options);
  return excess === undefined ? { ok: true, spec } : { ok: false, reason: excess };
}

/** What the task would do that its proposer may not. */
function excessOf(
  input: TaskInput,
  spec: TaskSpec,
  proposer: TaskSpec,
  limit: readonly string[] | null,
  options: PathOptions,
): string | undefined {
  const by = quote(proposer.id);
  if (spec.isolation !== proposer.isolation) {
    return `"isolation" must be ${quote(proposer.isolation)}, as that of ${by}`;
  }
  for (const field of ["sandbox", "limits", "budget"] as const) {
    if (canonicalJson(spec[field] ?? null) !== canonicalJson(proposer[field] ?? null)) {
      return `"${field}" must be that of ${by}, or absent`;
    }
  }
  const outside = limit === null ? undefined : spec.write_set?.find((each) => !covers(limit, each, options));
  if (outside !== undefined) {
    return `"write_set" names ${quote(outside)}, where a task of ${by} may not write`;
  }
  const defined = input.gates?.find((gate) => typeof gate !== "string");
  if (defined !== undefined) return '"gates" defines a gate; a proposed task can only name gates of the plan';
  const given = new Set(Object.keys(variablesOf(proposer.env)));
  const taken = Object.keys(variablesOf(spec.env)).find((name) => !given.has(name));
  return taken === undefined
    ? undefined
    : `"env" takes ${quote(taken)} from omk's environment, which ${by} does not get`;
}

/** The variables of omk's own environment that a task asks for. */
function variablesOf(env: { readonly [name: string]: EnvValue } | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.values(env ?? {}).flatMap((value) => (typeof value === "string" ? [] : [[value.from, ""]])),
  );
}

function without(gates: TaskSpec["gates"], others: TaskSpec["gates"]): TaskSpec["gates"] {
  return gates.filter(({ name }) => !others.some((other) => other.name === name));
}

function reasonOf(findings: readonly Finding[]): string {
  const told = findings.slice(0, MOST_TOLD).map(({ message }) => message);
  const more = findings.length - told.length;
  return [...told, ...(more > 0 ? [`${more} more`] : [])].join("; ");
}
