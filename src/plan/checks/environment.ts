/** Environment variables: names that a plan may set, and that what they are taken from exists (P10). */

import { fieldScopes, type PlanDraft } from "../draft.ts";
import { type Finding, type PlanPath, quote } from "../problem.ts";
import type { EnvValue } from "../spec.ts";

const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Checks `env` of `defaults` and all tasks against omk's own environment. */
export function checkEnvironment(draft: PlanDraft, own: Readonly<Record<string, string>>): Finding[] {
  return [...fieldScopes(draft)].flatMap(({ path, fields }) =>
    environmentFindings([...path, "env"], fields.env ?? {}, own)
  );
}

/** What is wrong with the variables at a place of the plan. */
export function environmentFindings(
  path: PlanPath,
  env: { readonly [name: string]: EnvValue },
  own: Readonly<Record<string, string>>,
): Finding[] {
  const findings: Finding[] = [];
  for (const [name, value] of Object.entries(env)) {
    const at = [...path, name];
    const problem = nameProblem(name);
    if (problem !== undefined) {
      findings.push({ ...problem, path: at, target: "key", message: `${quote(name)} ${problem.message}` });
    }
    if (typeof value === "string") {
      if (value.includes("\0")) {
        const message = `the value of ${quote(name)} holds a NUL character`;
        findings.push({ code: "broken_text", path: at, message });
      }
    } else {
      const finding = sourceFinding(value.from, own);
      if (finding !== undefined) findings.push({ path: [...at, "from"], ...finding });
    }
  }
  return findings;
}

const NO_NAME: Pick<Finding, "code" | "message" | "hint"> = {
  code: "wrong_form",
  message: "cannot be the name of an environment variable",
  hint: 'use letters, digits and "_", not beginning with a digit',
};

/** What is wrong with a name; the message is the end of a sentence. */
function nameProblem(name: string): Pick<Finding, "code" | "message" | "hint"> | undefined {
  if (!VARIABLE_NAME.test(name)) return NO_NAME;
  if (name.startsWith("OMK_")) {
    return {
      code: "reserved_variable",
      message: "is reserved: omk alone sets OMK_* variables",
      hint: "rename it",
    };
  }
  if (name.startsWith("GIT_") && !name.startsWith("GIT_CONFIG_")) {
    return {
      code: "reserved_variable",
      message: "would lead git out of the task's worktree",
      hint: "of GIT_* only GIT_CONFIG_* can be set",
    };
  }
  return undefined;
}

function sourceFinding(
  from: string,
  own: Readonly<Record<string, string>>,
): Pick<Finding, "code" | "message" | "hint"> | undefined {
  if (!VARIABLE_NAME.test(from)) return { ...NO_NAME, message: `${quote(from)} ${NO_NAME.message}` };
  if (from.startsWith("OMK_")) {
    const message = `${quote(from)} is omk's own, and is not given to tasks`;
    return { code: "reserved_variable", message, hint: "remove the entry" };
  }
  if (Object.hasOwn(own, from)) return undefined;
  return {
    code: "unset_variable",
    message: `the environment variable ${quote(from)} is not set`,
    hint: "set it before the run, or remove the entry",
  };
}
