/** The words of which the names of commands are made. */

import { COMMANDS } from "../registry.ts";
import type { Candidate } from "./candidate.ts";

/** The words that may follow these first words of a command's name; each once. */
export function commandWords(before: readonly string[]): readonly Candidate[] {
  const found = new Map<string, string[]>();
  for (const { name, summary } of COMMANDS) {
    const parts = name.split(" ");
    const next = parts[before.length];
    if (next === undefined || before.some((word, at) => parts[at] !== word)) continue;
    const isWhole = parts.length === before.length + 1;
    const descriptions = found.get(next) ?? [];
    found.set(next, [...descriptions, isWhole ? summary : parts.slice(before.length + 1).join(" ")]);
  }
  return [...found].map(([value, descriptions]) => ({ value, description: descriptions.join(", ") }));
}
