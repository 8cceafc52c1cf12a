/** Which permissions agents get: the policy as it is stored with a plan, and how it is made of what was written. */

import type { ApprovalInput, ApprovalRuleInput } from "./approval_schema.ts";
import { normalizeRulePath } from "./approval_path.ts";

/** What an agent wants to do, by the names of the Agent Client Protocol; `other`: it does not say. */
export const TOOL_KINDS = [
  "read",
  "edit",
  "delete",
  "move",
  "search",
  "execute",
  "think",
  "fetch",
  "other",
] as const;
/** See {@linkcode TOOL_KINDS}. */
export type ToolKind = typeof TOOL_KINDS[number];

/** How requests are decided as a whole; `pattern`: by rules. */
export const APPROVAL_POLICIES = ["never", "safe", "yolo", "pattern"] as const;
/** See {@linkcode APPROVAL_POLICIES}. */
export type ApprovalPolicy = typeof APPROVAL_POLICIES[number];

/** What a rule says of the requests that it is about. */
export const RULE_DECISIONS = ["allow", "deny", "ask"] as const;
/** See {@linkcode RULE_DECISIONS}. */
export type RuleDecision = typeof RULE_DECISIONS[number];

/** One rule: it is about the requests that everything in it fits. */
export interface ApprovalRule {
  readonly decision: RuleDecision;
  /** Absent: any. */
  readonly tools?: readonly ToolKind[];
  /** The first words of a command. */
  readonly command?: readonly string[];
  /** A command as a whole, to the letter. */
  readonly exact?: string;
  /** Paths or globs: relative to the worktree, or absolute. */
  readonly paths?: readonly string[];
  /** What the agent and the log are told; absent: which rule it is. */
  readonly reason?: string;
}

/** The policy of a run. */
export interface ApprovalSpec {
  readonly policy: ApprovalPolicy;
  /** Empty but under `pattern`. The strictest rule that is about a request decides: deny, then ask, then allow. */
  readonly rules: readonly ApprovalRule[];
  /** What becomes of a request that no rule is about: denied, asked, or decided as `safe` does. */
  readonly otherwise: "deny" | "ask" | "safe";
  /** How long a person has to answer before the answer is no, seconds. */
  readonly timeout_secs: number;
}

/** How long a person has to answer, seconds, where the plan does not say. */
export const DEFAULT_APPROVAL_TIMEOUT_SECS = 300;

/** What holds where a plan says nothing. */
export const DEFAULT_APPROVAL: ApprovalSpec = {
  policy: "safe",
  rules: [],
  otherwise: "deny",
  timeout_secs: DEFAULT_APPROVAL_TIMEOUT_SECS,
};

/** The stored form of a policy that has passed every check. */
export function normalizeApproval(input: ApprovalInput): ApprovalSpec {
  if (typeof input === "string") return { ...DEFAULT_APPROVAL, policy: input };
  const { policy, rules = [], otherwise, timeout_secs } = input;
  return {
    policy: policy ?? (rules.length > 0 ? "pattern" : "safe"),
    rules: rules.map(normalizeRule),
    otherwise: otherwise ?? DEFAULT_APPROVAL.otherwise,
    timeout_secs: timeout_secs ?? DEFAULT_APPROVAL_TIMEOUT_SECS,
  };
}

function normalizeRule({ decision, tool, command, exact, path, reason }: ApprovalRuleInput): ApprovalRule {
  return {
    decision,
    ...(tool === undefined ? {} : { tools: listOf(tool) }),
    ...(command === undefined ? {} : { command: command.trim().split(/\s+/) }),
    ...(exact === undefined ? {} : { exact: exact.trim() }),
    ...(path === undefined ? {} : { paths: listOf(path).map(normalizedPath) }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function normalizedPath(text: string): string {
  const result = normalizeRulePath(text);
  if (!result.ok) throw new RangeError(`Cannot normalize a path that ${result.problem}`);
  return result.path;
}

/** What may be written once or as a list. */
export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}
