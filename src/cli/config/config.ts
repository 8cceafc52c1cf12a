/**
 * What holds of each setting, and who said it. An option beats a variable of the environment, that beats the plan,
 * that the user's configuration file, and that what omk does by itself.
 */

import { UsageError } from "../../errors.ts";
import type { CommandArguments } from "../command.ts";
import type { Setting, SettingOption } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

/** A configuration file that was read and is free of problems. */
export interface ConfigFile {
  readonly path: string;
  /** The values of its settings, by name. */
  readonly values: ReadonlyMap<string, unknown>;
  /** Where each of them stands: `line:column`, both from 1. */
  readonly places: ReadonlyMap<string, string>;
}

/** Who said what holds of a setting. */
export type Source = "option" | "environment" | "plan" | "file" | "default";

/** What holds of a setting. */
export interface Resolved<T> {
  /** Undefined where nobody said anything, and what omk does depends on the place. */
  readonly value: T | undefined;
  readonly source: Source;
  /** The option, the variable, or the file with line and column; null for a default. */
  readonly origin: string | null;
}

/** What the plan says, for a setting that a plan can have. */
export interface PlanValue<T> {
  readonly value: T;
  /** The plan's file. */
  readonly path: string;
}

/** Where values come from, but for the plan. */
export interface ConfigSources {
  readonly args: CommandArguments;
  readonly env: Readonly<Record<string, string>>;
  /** Null where there is none. */
  readonly file: ConfigFile | null;
}

/** The configuration of one call of omk. */
export class Config {
  readonly #sources: ConfigSources;

  /**
   * Takes what was read.
   *
   * @throws {UsageError} for a variable whose value is none of its setting: nothing runs on a guess.
   */
  constructor(sources: ConfigSources) {
    this.#sources = sources;
    for (const setting of SETTINGS) this.#fromEnvironment(setting);
  }

  /** The file that was read; null where there is none. */
  get file(): ConfigFile | null {
    return this.#sources.file;
  }

  /**
   * What holds of a setting, after what the plan says of it.
   *
   * @throws {UsageError} for an option whose value is none of the setting.
   */
  resolve<T>(setting: Setting<T>, plan?: PlanValue<T>): Resolved<T> {
    const own = this.overPlan(setting);
    if (own !== undefined) return own;
    if (plan !== undefined) return { value: plan.value, source: "plan", origin: plan.path };
    return this.underPlan(setting);
  }

  /** What holds of a setting that no plan can say. */
  value<T>(setting: Setting<T>): T | undefined {
    return this.resolve(setting).value;
  }

  /** What beats the plan: an option or a variable; undefined where neither is given. */
  overPlan<T>(setting: Setting<T>): Resolved<T> | undefined {
    return this.#fromOptions(setting) ?? this.#fromEnvironment(setting);
  }

  /** What holds where neither option, variable nor plan says anything. */
  underPlan<T>(setting: Setting<T>): Resolved<T> {
    const { file } = this.#sources;
    const value = setting.kind.ofJson(file?.values.get(setting.name));
    if (file === null || value === undefined) {
      return { value: setting.fallback, source: "default", origin: null };
    }
    return { value, source: "file", origin: `${file.path}:${file.places.get(setting.name)}` };
  }

  #fromOptions<T>(setting: Setting<T>): Resolved<T> | undefined {
    const given = setting.options.flatMap((option) => {
      const text = this.#textOf(option);
      return text === undefined ? [] : [{ name: `--${option.name}`, text }];
    });
    const [first, second] = given;
    if (first === undefined) return undefined;
    if (second !== undefined) {
      throw new UsageError({
        what: `Options ${first.name} and ${second.name} exclude each other`,
        fix: "give one of them",
      });
    }
    const value = setting.kind.ofText(first.text);
    if (value === undefined) throw wrong(`Option ${first.name}`, setting, first.text);
    return { value, source: "option", origin: first.name };
  }

  #textOf({ name, standsFor }: SettingOption): string | undefined {
    const { args } = this.#sources;
    if (standsFor !== undefined) return args.flag(name) ? standsFor : undefined;
    return args.text(name) ?? args.number(name)?.toString();
  }

  #fromEnvironment<T>(setting: Setting<T>): Resolved<T> | undefined {
    const given = this.#sources.env[setting.variable];
    // As with NO_COLOR, an empty variable is one that is not set.
    if (given === undefined || given === "") return undefined;
    const value = setting.kind.ofText(given);
    if (value === undefined) throw wrong(`Variable ${setting.variable}`, setting, given);
    return { value, source: "environment", origin: setting.variable };
  }
}

function wrong(subject: string, { kind, meaning }: Setting, given: string): UsageError {
  return new UsageError({
    what: `${subject} must be ${kind.expected}`,
    why: `${JSON.stringify(given)} is none`,
    fix: `it says ${meaning}`,
  });
}
