/** Paths: each lies inside the repository and is written so that it can be compared. */

import { fieldScopes, type PlanDraft } from "../draft.ts";
import { normalizeEntry, normalizePath, type PathResult } from "../path_entry.ts";
import { type Finding, type PlanPath, quote } from "../problem.ts";
import type { TrackedTree } from "../tracked_tree.ts";

/** Checks all paths of the plan. */
export function checkPaths(draft: PlanDraft, tree: TrackedTree): Finding[] {
  const findings: Finding[] = [];
  const check = (
    path: PlanPath,
    texts: readonly string[] | undefined,
    normalize: (text: string) => PathResult,
  ) => {
    texts?.forEach((text, at) => {
      const result = normalize(text);
      if (!result.ok) {
        findings.push({
          code: "wrong_path",
          path: [...path, at],
          message: `${quote(text)} ${result.problem}`,
          hint: result.hint,
        });
      }
    });
  };
  for (const { path, fields } of fieldScopes(draft)) {
    check([...path, "read_set"], fields.read_set, normalizeEntry);
    check([...path, "write_set"], fields.write_set, (text) => writable(text, tree));
    check([...path, "outputs"], fields.outputs, normalizePath);
    check(
      [...path, "sandbox", "write"],
      fields.sandbox?.write,
      (text) => normalizePath(text, { allowRoot: true }),
    );
    if (fields.cwd !== undefined) {
      const result = normalizePath(fields.cwd, { allowRoot: true });
      if (!result.ok) {
        findings.push({
          code: "wrong_path",
          path: [...path, "cwd"],
          message: `${quote(fields.cwd)} ${result.problem}`,
          hint: result.hint,
        });
      }
    }
    for (const [at, gate] of (fields.gates ?? []).entries()) {
      if (typeof gate !== "string") check([...path, "gates", at, "reports"], gate.reports, normalizeEntry);
    }
  }
  for (const field of ["setup_inputs", "keep", "copy"] as const) {
    check(["worktree", field], draft.worktree?.[field], normalizePath);
  }
  check(["proposals", "write_set"], draft.proposals?.write_set, (text) => writable(text, tree));
  for (const [at, gate] of (draft.gates ?? []).entries()) {
    check(["gates", at, "reports"], gate.reports, normalizeEntry);
  }
  return findings;
}

/** An entry of a write set: what it is resolved to must lie inside the repository too. */
function writable(text: string, tree: TrackedTree): PathResult {
  const result = normalizeEntry(text);
  if (!result.ok) return result;
  const resolved = tree.resolve(result.path);
  if (resolved.ok) return result;
  return {
    ok: false,
    problem: `goes through the symbolic link ${quote(resolved.link)}, which leads out of the repository`,
  };
}
