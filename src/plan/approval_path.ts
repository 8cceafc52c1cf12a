/** The paths of approval rules: those of path sets, and absolute ones besides. */

import { normalizeEntry, type PathResult } from "./path_entry.ts";

/** The normal form of a rule's path: as an entry of a path set; an absolute one keeps its first slash. */
export function normalizeRulePath(text: string): PathResult {
  if (!text.startsWith("/")) return normalizeEntry(text);
  const rest = text.replace(/^\/+/, "");
  if (rest === "") return { ok: true, path: "/**" };
  const result = normalizeEntry(rest);
  return result.ok ? { ok: true, path: `/${result.path}` } : result;
}
