/** The problems of a plan as a compiler tells them: the place, the line, what is wrong in it, what the field is for. */

import type { Excerpt, PlanProblem } from "../../plan/problem.ts";
import type { Style } from "../output.ts";
import { widthOf } from "./text.ts";
import { wrap } from "./wrap.ts";

/** So many problems are told; the rest is counted. */
const TOLD = 20;
/** A line of the plan is shown up to this width, around the fault. */
const LINE_COLUMNS = 100;
/** Meanings are wrapped to this width. */
const MEANING_COLUMNS = 96;
/** What moves the cursor, or turns the direction of writing. */
// deno-lint-ignore no-control-regex
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
/** What stands before the fault in a line that is cut. */
const LEAD_COLUMNS = 30;

/**
 * The lines that tell the problems, the first one first. Files below `cwd` are named from there. Widths are exact for
 * ASCII, and for all text once what measures it is loaded.
 */
export function planProblemLines(
  problems: readonly PlanProblem[],
  cwd: string,
  style: Style,
): readonly string[] {
  const told = problems.slice(0, TOLD);
  const gutter = Math.max(0, ...told.map(({ line }) => String(line).length));
  const explained = new Set<string>();
  return [
    ...told.flatMap((problem) => [
      ...problemLines(problem, cwd, gutter, style),
      ...meaningLines(problem, gutter, explained, style),
      "",
    ]),
    ...(problems.length > told.length ? [`and ${problems.length - told.length} more problems`] : []),
  ];
}

function problemLines(problem: PlanProblem, cwd: string, gutter: number, style: Style): readonly string[] {
  const { path, line, column, message, hint, excerpt } = problem;
  const file = path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
  const help = hint === undefined ? "" : `; ${hint}`;
  const blank = " ".repeat(gutter + 2);
  return [
    `${style.bold(`${file}:${line}:${column}:`)} ${message}${help}`,
    ...(excerpt === undefined || excerpt.line.trim() === ""
      ? []
      : excerptLines(excerpt, String(line).padStart(gutter + 1), blank, style)),
  ];
}

/** What the field is for, told at its first problem only. */
function meaningLines(
  { pointer, meaning }: PlanProblem,
  gutter: number,
  explained: Set<string>,
  style: Style,
): readonly string[] {
  const field = pointer.split("/").findLast((step) => !/^\d*$/.test(step));
  if (meaning === undefined || field === undefined || explained.has(meaning)) return [];
  explained.add(meaning);
  const indent = " ".repeat(gutter + 2);
  return wrap(`${field}: ${meaning}`, MEANING_COLUMNS).map((line, at) =>
    style.dim(`${indent}${at === 0 ? "=" : " "} ${line}`)
  );
}

function excerptLines(
  { line, start, length }: Excerpt,
  number: string,
  blank: string,
  style: Style,
): string[] {
  const window = windowOf(line, start, length);
  const before = " ".repeat(widthOf(window.text.slice(0, window.start)));
  const marks = "^".repeat(
    Math.max(1, widthOf(window.text.slice(window.start, window.start + window.length))),
  );
  return [
    `${style.dim(`${number} |`)} ${window.text}`,
    `${style.dim(`${blank}|`).replace(/^ /, "")} ${before}${style.red(marks)}`,
  ];
}

/** The line as far as it is shown: tabs as spaces, nothing that moves the cursor, and the fault in sight. */
function windowOf(line: string, start: number, length: number): Excerpt & { readonly text: string } {
  const from = start > LINE_COLUMNS - LEAD_COLUMNS ? start - LEAD_COLUMNS : 0;
  const to = Math.min(line.length, from + LINE_COLUMNS);
  const head = from > 0 ? "…" : "";
  const tail = to < line.length ? "…" : "";
  const text = `${head}${plain(line.slice(from, to))}${tail}`;
  return {
    line,
    text,
    start: start - from + head.length,
    length: Math.min(length, to - start),
  };
}

/** Each unit stays one unit, so that places stay where they are. */
function plain(text: string): string {
  return text.replaceAll("\t", " ").replaceAll(UNSAFE, "\ufffd");
}
