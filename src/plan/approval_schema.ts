/** What may be written of approvals, in a plan or in a file of its own. What one field means for another: `checks/approval.ts`. */

import { z } from "zod";
import { APPROVAL_POLICIES, DEFAULT_APPROVAL_TIMEOUT_SECS, RULE_DECISIONS, TOOL_KINDS } from "./approval.ts";

/** Longer waits for a person are mistakes, seconds. */
const LONGEST_WAIT_SECS = 86_400;

const tool = z.enum(TOOL_KINDS);

const rule = z.strictObject({
  decision: z.enum(RULE_DECISIONS).describe(
    "What becomes of the requests that everything in the rule fits. Of several rules the strictest decides: deny, then ask, then allow",
  ),
  tool: z.union([tool, z.array(tool).min(1)]).optional().describe(
    "What the agent wants to do: read, edit, delete, move, search, execute, think, fetch, other. Default: any",
  ),
  command: z.string().optional().meta({
    description:
      "The first words of a command. It allows only a text that is one plain command; it denies and asks wherever it " +
      "can be in a text",
    examples: ["npm test"],
  }),
  exact: z.string().optional().describe("A command as a whole, to the letter: what allows a compound one"),
  path: z.union([z.string(), z.array(z.string()).min(1)]).optional().describe(
    "Paths or globs, relative to the worktree or absolute, as they are after links and `..` are resolved",
  ),
  reason: z.string().min(1).optional().describe("What the agent and the log are told"),
}).meta({ id: "approval_rule" });

const policy = z.strictObject({
  policy: z.enum(APPROVAL_POLICIES).optional().describe(
    "Default: `pattern` where there are rules, else `safe`",
  ),
  rules: z.array(rule).optional().describe("Which requests are allowed, denied, or put to a person"),
  otherwise: z.enum(["deny", "ask", "safe"]).optional().meta({
    description: "What becomes of requests that no rule is about: `safe` decides them as that policy does",
    default: "deny",
  }),
  timeout_secs: z.number().gt(0).max(LONGEST_WAIT_SECS).optional().meta({
    description:
      `How long a person has to answer before the answer is no, seconds. Default: ${DEFAULT_APPROVAL_TIMEOUT_SECS}`,
    default: DEFAULT_APPROVAL_TIMEOUT_SECS,
  }),
  file: z.string().min(1).optional().describe(
    "A file that holds all of this in its place, relative to the plan's directory",
  ),
});

/** The field `approval` of a plan. */
export const approvalInput = z.union([z.enum(["never", "safe", "yolo"]), policy]);

/** Policy, as it is written. */
export type ApprovalInput = z.infer<typeof approvalInput>;
/** A policy with fields. */
export type ApprovalFields = z.infer<typeof policy>;
/** A rule, as it is written. */
export type ApprovalRuleInput = z.infer<typeof rule>;
