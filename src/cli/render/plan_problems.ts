/** The problems of a plan as a compiler tells them: the place, the line, what is wrong in it, what the field is for. */

import type { Excerpt, PlanProblem } from "../../plan/problem.ts";
import type { Style } from "../output.ts";
import { excerptWindow } from "./excerpt_window.ts";
import { wrap } from "./wrap.ts";

/** So many problems are told; the rest is counted. */
const TOLD = 20;
/** Lines are not made longer than this, however wide the terminal is. */
const WIDEST = 104;
/** Nor shorter than this, however narrow. */
const NARROWEST = 40;

/** How problems are shown. */
export interface ProblemLinesOptions {
  /** Files below it are named from there. Absolute. */
  readonly cwd: string;
  readonly style: Style;
  /** Width of the terminal in columns. Default: 104. */
  readonly columns?: number;
}

/**
 * The lines that tell the problems, the first one first. Widths are exact for ASCII, and for all text once what
 * measures it is loaded.
 */
export function planProblemLines(
  problems: readonly PlanProblem[],
  { cwd, style, columns = WIDEST }: ProblemLinesOptions,
): readonly string[] {
  const told = problems.slice(0, TOLD);
  const digits = Math.max(1, ...told.map(({ line }) => String(line).length));
  const page: Page = {
    cwd,
    style,
    margin: " ".repeat(digits + 2),
    columns: Math.max(NARROWEST, Math.min(WIDEST, columns)),
  };
  const explained = new Set<string>();
  return [
    ...told.flatMap((problem) => [
      ...problemLines(problem, page),
      ...notes(problem, page.cwd, explained).flatMap((note) => noteLines(note, page)),
      "",
    ]),
    ...(problems.length > told.length
      ? [`and ${problems.length - told.length} more problems; --json tells all of them`]
      : []),
  ];
}

/** What all problems are shown with. */
interface Page {
  readonly cwd: string;
  readonly style: Style;
  /** As wide as a line number with the spaces around it. */
  readonly margin: string;
  readonly columns: number;
}

function problemLines(problem: PlanProblem, page: Page): readonly string[] {
  const { line, column, message, excerpt } = problem;
  const place = `${fileName(problem, page.cwd)}:${line}:${column}:`;
  const isBlank = excerpt === undefined || excerpt.line.trim() === "";
  return [
    `${page.style.bold(place)} ${message}`,
    ...(isBlank ? [] : excerptLines(excerpt, line, page)),
  ];
}

function excerptLines(excerpt: Excerpt, line: number, { style, margin, columns }: Page): readonly string[] {
  const number = String(line).padStart(margin.length - 1);
  const { text, before, marked } = excerptWindow(excerpt, columns - margin.length - 2);
  return [
    `${style.dim(`${number} |`)} ${text}`,
    `${style.dim(`${margin}|`)} ${" ".repeat(before)}${style.red("^".repeat(marked))}`,
  ];
}

/** What is said below the line: what to do, the other place, and what the field is for, at its first problem only. */
function notes(problem: PlanProblem, cwd: string, explained: Set<string>): readonly string[] {
  const { hint, related, field } = problem;
  const isNew = field !== undefined && !explained.has(field.meaning);
  if (isNew) explained.add(field.meaning);
  const file = fileName(problem, cwd);
  return [
    ...(hint === undefined ? [] : [`help: ${hint}`]),
    ...(related === undefined ? [] : [`note: ${related.what} at ${file}:${related.line}:${related.column}`]),
    ...(isNew ? [`${field.name}: ${field.meaning}`] : []),
  ];
}

function noteLines(note: string, { style, margin, columns }: Page): readonly string[] {
  return wrap(note, columns - margin.length - 2).map((line, at) =>
    style.dim(`${margin}${at === 0 ? "=" : " "} ${line}`)
  );
}

function fileName({ path }: PlanProblem, cwd: string): string {
  return path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}
