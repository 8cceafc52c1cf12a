/** A file of approval rules: what a plan could say in its field `approval`, in a file of its own. */

import { type ApprovalFields, approvalInput } from "./approval_schema.ts";
import { checkApproval } from "./checks/approval.ts";
import { locate } from "./locate.ts";
import { fieldMeaning } from "./meaning.ts";
import { parsePlanText } from "./parse.ts";
import { type Finding, type PlanProblem, redactProblem } from "./problem.ts";
import { planInput } from "./schema.ts";
import { schemaFindings } from "./schema_findings.ts";

/** The text of a file, and how problems name it. */
export interface ApprovalFile {
  readonly path: string;
  readonly text: string;
}

/** What the file says, or everything that is wrong with it. */
export type ReadApproval =
  | { readonly ok: true; readonly input: ApprovalFields }
  | { readonly ok: false; readonly problems: readonly PlanProblem[] };

/** Stands for the rest of a plan, which the field is part of. */
const NO_TASK = { id: "t", run: "true" };

/** Reads the text; `redact` hides secrets in what is told of it. */
export async function readApprovalFile(
  { path, text }: ApprovalFile,
  redact: (text: string) => string,
): Promise<ReadApproval> {
  const parsed = await parsePlanText(text, {
    name: "the approval file",
    emptyHint: 'a first one: { "policy": "pattern", "rules": [] }',
  });
  const findings = [...parsed.findings, ...(parsed.ok ? findingsOf(parsed.raw) : [])];
  const input = parsed.ok ? approvalInput.safeParse(parsed.raw).data : undefined;
  if (findings.length === 0 && input !== undefined && typeof input === "object") return { ok: true, input };
  const problems = locate(text, path, findings).map((problem) => {
    const field = fieldMeaning(`/approval${problem.pointer}`);
    return redactProblem({ ...problem, ...(field === undefined ? {} : { field }) }, redact);
  });
  return { ok: false, problems };
}

function findingsOf(raw: object): readonly Finding[] {
  const result = planInput.safeParse({ approval: raw, tasks: [NO_TASK] }, { reportInput: true });
  if (!result.success) {
    return schemaFindings(result.error.issues).map((each) => ({ ...each, path: each.path.slice(1) }));
  }
  const { approval = {} } = result.data;
  if (typeof approval === "object" && approval.file !== undefined) {
    return [{
      code: "conflict",
      path: ["file"],
      target: "key",
      message: '"file" has no place in the file itself',
      hint: "remove it",
    }];
  }
  return checkApproval(approval, []);
}
