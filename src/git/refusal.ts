/** Refusals of a delivery, and what git says when files are in its way. */

import type { DeliveryResult } from "./port.ts";

/** The paths that git lists, one per line after a tab, when files are in its way. */
export function listedPaths(stderr: string): string[] {
  return stderr.split("\n").filter((line) => line.startsWith("\t")).map((line) => line.slice(1)).sort();
}

/** A refusal; nothing was changed. */
export function refused(why: string, paths: readonly string[], fix: string): DeliveryResult {
  return { kind: "refused", why, paths, fix };
}

/** The first line of what git printed, without its prefix. */
export function firstLine(stderr: string): string {
  return (stderr.trim().split("\n")[0] ?? "").replace(/^(?:error|fatal): /, "").replace(/[:.]$/, "");
}
