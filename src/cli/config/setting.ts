/** What a setting is: its names in each place that can say it, and the values that it takes. */

import { DURATION_PATTERN, durationSecs } from "../../plan/duration.ts";

/** The values that a setting takes, and how each place writes them. */
export interface ValueKind<T> {
  /** What a value must be, for messages: `one of HEAD, dirty`, `a whole number from 1 to 1000`. */
  readonly expected: string;
  /** The only values, as texts; empty where there is no list of them. */
  readonly choices: readonly string[];
  /** The values as JSON Schema. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** The value that JSON holds; undefined where it is none of the kind. */
  ofJson(value: unknown): T | undefined;
  /** The value that a variable or an option holds; undefined where it is none of the kind. */
  ofText(text: string): T | undefined;
}

/** An option of the command line that says a setting. */
export interface SettingOption {
  /** Long name, without the dashes. */
  readonly name: string;
  /** What an option without a value stands for. */
  readonly standsFor?: string;
}

/** One setting. */
export interface Setting<T = unknown> {
  /** Its key in the configuration file, and its field in a plan where `inPlan` is true. */
  readonly name: string;
  readonly variable: `OMK_${string}`;
  readonly kind: ValueKind<T>;
  /** What holds where nobody says anything; undefined where that depends on the place. */
  readonly fallback: T | undefined;
  /** What holds where nobody says anything, for people. */
  readonly fallbackText: string;
  /** Whether a plan can say it too. */
  readonly inPlan: boolean;
  /** The options that say it; empty where none does. */
  readonly options: readonly SettingOption[];
  /** The commands that it matters to, for people. */
  readonly commands: string;
  /** What it decides, in one sentence without a full stop. */
  readonly meaning: string;
}

/** One of a few words. */
export function choice<const T extends string>(values: readonly T[]): ValueKind<T> {
  const find = (text: unknown) => values.find((value) => value === text);
  return {
    expected: `one of ${values.join(", ")}`,
    choices: values,
    schema: { type: "string", enum: values },
    ofJson: find,
    ofText: find,
  };
}

/** A whole number, from `least` to `most`. */
export function wholeNumber(least: number, most: number): ValueKind<number> {
  const check = (value: number) =>
    Number.isInteger(value) && value >= least && value <= most ? value : undefined;
  return {
    expected: `a whole number from ${least} to ${most}`,
    choices: [],
    schema: { type: "integer", minimum: least, maximum: most },
    ofJson: (value) => typeof value === "number" ? check(value) : undefined,
    ofText: (text) => /^\d+$/.test(text) ? check(Number(text)) : undefined,
  };
}

/** A word that can be typed. */
const NAME_PATTERN = /^[^\s\p{Cc}]{1,64}$/u;

/** A name: one word. */
export const NAME: ValueKind<string> = {
  expected: "a name without white space",
  choices: [],
  schema: { type: "string", pattern: NAME_PATTERN.source },
  ofJson: (value) => typeof value === "string" ? nameIn(value) : undefined,
  ofText: nameIn,
};

function nameIn(text: string): string | undefined {
  return NAME_PATTERN.test(text) ? text : undefined;
}

/** A directory. In the file a relative path would be relative to nothing; elsewhere it is to where omk was called. */
export const DIRECTORY: ValueKind<string> = {
  expected: "an absolute path, or one that begins with ~/",
  choices: [],
  schema: { type: "string", pattern: "^(/|~/)" },
  ofJson: (value) => typeof value === "string" && /^~?\//.test(value) ? pathOf(value) : undefined,
  ofText: pathOf,
};

function pathOf(text: string): string | undefined {
  return text === "" || text.includes("\0") ? undefined : text;
}

/** A length of time, as `30d`, `12h`, or `0`. */
export const AGE: ValueKind<string> = {
  expected: "an age such as 30d, 12h or 0",
  choices: [],
  schema: { type: "string", pattern: `^0$|${DURATION_PATTERN.source}` },
  ofJson: (value) => typeof value === "string" ? ageOf(value) : undefined,
  ofText: ageOf,
};

function ageOf(text: string): string | undefined {
  return text === "0" || durationSecs(text) !== undefined ? text : undefined;
}
