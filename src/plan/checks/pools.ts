/** Pools: their names, and that tasks name those that exist. */

import { fieldScopes, isRefused, type PlanDraft } from "../draft.ts";
import { type Finding, quote } from "../problem.ts";
import { createSuggester } from "../suggest.ts";

/** As task ids, and for the same reason: names appear in reports and on the command line. */
const POOL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Checks the pools and who uses them. */
export function checkPools(draft: PlanDraft): Finding[] {
  const findings: Finding[] = [];
  const names = Object.keys(draft.pools ?? {});
  for (const name of names) {
    if (POOL_NAME.test(name)) continue;
    const hint = 'use 1 to 64 letters, digits, ".", "_" and "-", beginning with a letter or digit';
    findings.push({
      code: "wrong_form",
      path: ["pools", name],
      target: "key",
      message: `${quote(name)} cannot be the name of a pool`,
      hint,
    });
  }
  // Where the object itself could not be understood, nothing is known about the names.
  if (isRefused(draft, "pools")) return findings;
  const known = new Set(names);
  const suggestPool = createSuggester(() => names);
  for (const { path, fields } of fieldScopes(draft)) {
    if (fields.pool === undefined || known.has(fields.pool)) continue;
    const suggestion = suggestPool(fields.pool);
    findings.push({
      code: "unknown_name",
      path: [...path, "pool"],
      message: `${quote(fields.pool)} is no pool of the plan`,
      ...(suggestion === undefined
        ? { hint: `add it to the plan: "pools": {${quote(fields.pool)}: 1}` }
        : { suggestion }),
    });
  }
  return findings;
}
