/** What the text of a configuration file says, or everything that is wrong with it. Loaded only where there is one. */

import { redactText } from "../../log/redact.ts";
import { locate } from "../../plan/locate.ts";
import { parsePlanText, type TextSubject } from "../../plan/parse.ts";
import { type Finding, jsonPointer, type PlanProblem, quote, redactProblem } from "../../plan/problem.ts";
import { nearest } from "../../plan/nearest.ts";
import { AGENTS } from "./agents.ts";
import type { ConfigFile } from "./config.ts";
import { ConfigError } from "./errors.ts";
import type { Setting } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

/** A key beside the settings: the schema that an editor checks the file against. */
const SCHEMA_KEY = "$schema";

/** Of a value that is no text, no more is shown. */
const LONGEST_SHOWN = 60;

const CONFIGURATION: TextSubject = { name: "the configuration" };

/**
 * Checks the text of the file `path`.
 *
 * @throws {ConfigError} with all problems, in the order of the text.
 */
export async function checkConfigText(path: string, text: string): Promise<ConfigFile> {
  const parsed = await parsePlanText(text, CONFIGURATION);
  const values = new Map(parsed.ok ? Object.entries(parsed.raw) : []);
  const findings = [...parsed.findings, ...checkValues(values), ...await checkFields(values)];
  if (findings.length > 0) {
    throw new ConfigError(
      locate(text, path, findings).map((problem) => withMeaning(redactProblem(problem, redactText))),
    );
  }
  return { path, values, places: placesOf(text, path, [...values.keys()]) };
}

/** What is wrong with the keys and the values. */
function checkValues(values: ReadonlyMap<string, unknown>): readonly Finding[] {
  return [...values].flatMap(([key, value]): Finding[] => {
    if (key === SCHEMA_KEY && typeof value === "string") return [];
    // The parser has reported the name that no object may have.
    if (key === "__proto__") return [];
    const setting = SETTINGS.find(({ name }) => name === key);
    if (setting === undefined) return [unknownKey(key)];
    return setting.kind.ofJson(value) === undefined ? [wrongValue(setting, value)] : [];
  });
}

/** What is wrong in the values that hold fields of their own. */
async function checkFields(values: ReadonlyMap<string, unknown>): Promise<readonly Finding[]> {
  const agents = AGENTS.kind.ofJson(values.get(AGENTS.name));
  if (agents === undefined) return [];
  const { agentTableFindings } = await import("./check_agents.ts");
  return agentTableFindings(agents);
}

function unknownKey(key: string): Finding {
  const suggestion = nearest(key, SETTINGS.map(({ name }) => name));
  return {
    code: "unknown_field",
    path: [key],
    target: "key",
    message: `unknown setting ${quote(key)}`,
    suggestion,
    hint: suggestion === undefined ? "omk help environment lists the settings" : undefined,
  };
}

function wrongValue({ name, kind }: Setting, value: unknown): Finding {
  const suggestion = typeof value === "string" ? nearest(value, kind.choices) : undefined;
  const given = typeof value === "string" ? quote(value) : JSON.stringify(value).slice(0, LONGEST_SHOWN);
  return {
    code: "wrong_choice",
    path: [name],
    message: `${quote(name)} must be ${kind.expected}, not ${given}`,
    suggestion,
  };
}

function withMeaning(problem: PlanProblem): PlanProblem {
  const wanted = problem.code === "unknown_field" ? problem.suggestion : undefined;
  const setting = SETTINGS.find(({ name }) => name === wanted || problem.pointer === jsonPointer([name]));
  return setting === undefined
    ? problem
    : { ...problem, field: { name: setting.name, meaning: setting.meaning } };
}

/** Where each key stands: `line:column`, both from 1. */
function placesOf(text: string, path: string, keys: readonly string[]): ReadonlyMap<string, string> {
  const findings = keys.map((key): Finding => ({ code: "unused", path: [key], target: "key", message: key }));
  return new Map(
    locate(text, path, findings).map(({ message, line, column }) => [message, `${line}:${column}`]),
  );
}
