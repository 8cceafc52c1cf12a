/** Environment variables: names that a plan may set, and that what they are taken from exists (P10). */

import { fieldScopes, type PlanDraft } from "../draft.ts";
import { type Finding, quote } from "../problem.ts";

const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Checks `env` of `defaults` and all tasks against omk's own environment. */
export function checkEnvironment(draft: PlanDraft, own: Readonly<Record<string, string>>): Finding[] {
  const findings: Finding[] = [];
  for (const { path, fields } of fieldScopes(draft)) {
    for (const [name, value] of Object.entries(fields.env ?? {})) {
      const at = [...path, "env", name];
      const problem = nameProblem(name);
      if (problem !== undefined) {
        findings.push({ path: at, target: "key", message: `${quote(name)} ${problem}` });
      }
      if (typeof value === "string") {
        if (value.includes("\0")) {
          findings.push({ path: at, message: `the value of ${quote(name)} holds a NUL character` });
        }
      } else {
        const finding = sourceFinding(value.from, own);
        if (finding !== undefined) findings.push({ path: [...at, "from"], ...finding });
      }
    }
  }
  return findings;
}

function nameProblem(name: string): string | undefined {
  if (!VARIABLE_NAME.test(name)) return "cannot be the name of an environment variable";
  if (name.startsWith("OMK_")) return "is reserved: omk alone sets OMK_* variables";
  if (name.startsWith("GIT_") && !name.startsWith("GIT_CONFIG_")) {
    return "would lead git out of the task's worktree: of GIT_* only GIT_CONFIG_* can be set";
  }
  return undefined;
}

function sourceFinding(
  from: string,
  own: Readonly<Record<string, string>>,
): Pick<Finding, "message" | "hint"> | undefined {
  if (!VARIABLE_NAME.test(from)) {
    return { message: `${quote(from)} cannot be the name of an environment variable` };
  }
  if (from.startsWith("OMK_")) return { message: `${quote(from)} is omk's own, and is not given to tasks` };
  if (Object.hasOwn(own, from)) return undefined;
  return {
    message: `the environment variable ${quote(from)} is not set`,
    hint: "set it before the run, or remove the entry",
  };
}
