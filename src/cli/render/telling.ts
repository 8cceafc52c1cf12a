/** The shape of the lines that tell what happens in a run. Pure. */

import type { Style } from "../output.ts";
import { cut } from "./text.ts";

/** Width of the column with the word that says what happened. */
const WORD_COLUMNS = 8;
/** Reasons hold what tasks and systems print; a line shows this much of one. */
export const REASON_COLUMNS = 500;

/** What happened, in a word with its colour, and to whom. */
export interface Telling {
  readonly word: string;
  readonly colour: "red" | "green" | "yellow" | "blue" | "dim";
  readonly text: string;
}

/** The line that tells it. */
export function tellingLine({ word, colour, text }: Telling, style: Style): string {
  return `  ${style[colour](word)}${" ".repeat(Math.max(1, WORD_COLUMNS - word.length))}${text}`;
}

/** The reason that an event gives, on one line. */
export function reasonText({ reason }: { readonly reason: string }): string {
  return cut(reason, REASON_COLUMNS);
}
