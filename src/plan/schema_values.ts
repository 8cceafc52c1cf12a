/** What the schemas of a plan's parts have in common: kinds of values, their ranges, how a default is told. */

import { z } from "zod";

/** Seconds of a day. */
export const DAY_SECS = 86_400;
/** The longest time that a plan may name: longer ones are mistakes, and timers must hold them. */
export const LONGEST_SECS = 30 * DAY_SECS;

/** What is said of a field with a default: to people in its description, to editors in a keyword too. */
export function withDefault(description: string, value: boolean | number | string) {
  return { description: `${description}. Default: ${value}`, default: value };
}

/** A time of more than nothing, in seconds. */
export const seconds = () => z.number().gt(0).max(LONGEST_SECS);
/** A text for `sh -c`, or a program with its arguments. */
export const command = () => z.union([z.string(), z.array(z.string()).min(1)]);
/** Paths or globs. */
export const paths = () => z.array(z.string());
