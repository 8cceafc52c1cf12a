/** Pools: their names, and that tasks and gates name those that exist. */

import { fieldScopes, isRefused, type PlanDraft } from "../draft.ts";
import { type Finding, type PlanPath, quote } from "../problem.ts";
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
  for (const { path, pool } of poolUsers(draft)) {
    if (pool === undefined || known.has(pool)) continue;
    const suggestion = suggestPool(pool);
    findings.push({
      code: "unknown_name",
      path: [...path, "pool"],
      message: `${quote(pool)} is no pool of the plan`,
      ...(suggestion === undefined
        ? { hint: `add it to the plan: "pools": {${quote(pool)}: 1}` }
        : { suggestion }),
    });
  }
  return findings;
}

/** What may name a pool: gates of the plan, tasks, and the gates that these define. */
function* poolUsers(
  draft: PlanDraft,
): Generator<{ readonly path: PlanPath; readonly pool: string | undefined }> {
  for (const [at, { pool }] of (draft.gates ?? []).entries()) yield { path: ["gates", at], pool };
  for (const { path, fields: { pool, gates = [], loop } } of fieldScopes(draft)) {
    yield { path, pool };
    for (const [at, gate] of gates.entries()) {
      if (typeof gate !== "string") yield { path: [...path, "gates", at], pool: gate.pool };
    }
    const until = loop?.until;
    if (until !== undefined && typeof until !== "string") {
      yield { path: [...path, "loop", "until"], pool: until.pool };
    }
  }
}
