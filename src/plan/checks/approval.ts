/** Approvals: what a rule says must be possible, and a policy must not say one thing twice (P10). */

import { listOf } from "../approval.ts";
import { normalizeRulePath } from "../approval_path.ts";
import type { ApprovalFields, ApprovalInput, ApprovalRuleInput } from "../approval_schema.ts";
import { type Finding, type PlanPath, quote } from "../problem.ts";
import { readShellText } from "../shell_command.ts";

/** Checks a policy; `path` is its place: `approval` of a plan, or the root of a file. */
export function checkApproval(input: Partial<ApprovalFields> | ApprovalInput, path: PlanPath): Finding[] {
  if (typeof input === "string") return [];
  const { policy, rules, otherwise, file } = input;
  if (file !== undefined) {
    const other = Object.keys(input).find((key) => key !== "file");
    if (other === undefined) return [];
    return [{
      code: "conflict",
      path: [...path, other],
      target: "key",
      message: `"file" and ${quote(other)} exclude each other`,
      hint: "write everything in the file, or everything here",
    }];
  }
  const isPattern = policy === "pattern" || (policy === undefined && rules !== undefined);
  const findings = (rules ?? []).flatMap((rule, place) => checkRule(rule, [...path, "rules", place]));
  if (isPattern) return findings;
  for (const field of ["rules", "otherwise"] as const) {
    if ((field === "rules" ? rules : otherwise) === undefined) continue;
    findings.push({
      code: "conflict",
      path: [...path, field],
      target: "key",
      message: `${quote(field)} means nothing under the policy ${quote(policy ?? "safe")}`,
      hint: 'set "policy": "pattern"',
    });
  }
  return findings;
}

function checkRule(rule: ApprovalRuleInput, path: PlanPath): Finding[] {
  const { command, exact, tool } = rule;
  const findings: Finding[] = [];
  if (command !== undefined && exact !== undefined) {
    findings.push({
      code: "conflict",
      path: [...path, "exact"],
      target: "key",
      message: '"command" and "exact" exclude each other',
      hint: "write two rules",
    });
  }
  for (const field of ["command", "exact"] as const) {
    if (rule[field] === undefined) continue;
    if (tool !== undefined && !listOf(tool).includes("execute")) {
      findings.push({
        code: "conflict",
        path: [...path, field],
        target: "key",
        message: `${quote(field)} can never fit: the rule is not about the tool "execute"`,
        hint: 'set "tool": "execute", or remove it',
      });
    }
    if (rule[field].trim() === "") {
      findings.push({ code: "wrong_form", path: [...path, field], message: `${quote(field)} is empty` });
    }
  }
  if (command !== undefined && command.trim() !== "" && !isPrefix(command)) {
    findings.push({
      code: "wrong_form",
      path: [...path, "command"],
      message:
        '"command" must be the plain first words of one command, without quotes and special characters',
      hint: '"exact" takes a whole command line as it is',
    });
  }
  for (const [place, text] of listOf(rule.path ?? []).entries()) {
    const result = normalizeRulePath(text);
    if (result.ok) continue;
    findings.push({
      code: "wrong_path",
      path: typeof rule.path === "string" ? [...path, "path"] : [...path, "path", place],
      message: `${quote(text)} ${result.problem}`,
      hint: result.hint,
    });
  }
  return findings;
}

/** Whether the words of a rule are those that a shell would see. */
function isPrefix(command: string): boolean {
  const { commands, isSimple } = readShellText(command);
  return isSimple && commands[0]?.join(" ") === command.trim().split(/\s+/).join(" ");
}
