import { assertEquals, assertThrows } from "@std/assert";
import type { CommandArguments } from "../../../src/cli/command.ts";
import {
  Config,
  type ConfigFile,
  type ConfigSources,
  type PlanValue,
} from "../../../src/cli/config/config.ts";
import { planSettings } from "../../../src/cli/config/plan_settings.ts";
import type { Setting } from "../../../src/cli/config/setting.ts";
import { SETTINGS, VERBOSITY, WORKERS } from "../../../src/cli/config/settings.ts";
import { COMMANDS } from "../../../src/cli/registry.ts";
import { parseCommandLine } from "../../../src/cli/parse.ts";
import type { Command } from "../../../src/cli/command.ts";
import { UsageError } from "../../../src/errors.ts";

/** Five different values of a setting, as texts; those with fewer repeat themselves. */
function texts(setting: Setting): readonly string[] {
  const known: Readonly<Record<string, readonly string[]>> = {
    workers: ["1", "2", "3", "5"],
    worktree_dir: ["/a", "/b", "~/c", "/d"],
    agent: ["claude", "codex", "mine", "kimi"],
    keep: ["1d", "2h", "0", "1h30m"],
    agents: ["{}", ...["a", "b", "c"].map((command) => JSON.stringify({ m: { command } }))],
    prices: ["{}", ...[1, 2, 3].map((input) => JSON.stringify({ m: { input, output: 1 } }))],
  };
  const values = known[setting.name] ?? setting.kind.choices;
  return Array.from({ length: 4 }, (_, at) => values[at % values.length] ?? "");
}

/** The value that a text of a setting stands for. */
function valueOf(setting: Setting, text: string): unknown {
  return setting.kind.ofText(text);
}

/** Arguments that say a setting. */
function saying(setting: Setting, text: string): CommandArguments {
  const option = setting.options.find(({ standsFor }) => standsFor === undefined || standsFor === text);
  return argumentsOf(
    option === undefined
      ? []
      : option.standsFor === undefined
      ? [`--${option.name}`, text]
      : [`--${option.name}`],
  );
}

/** A command with the options of all settings. */
const EVERY_OPTION: Command = {
  name: "any",
  summary: "",
  usage: [],
  description: [],
  positionals: { min: 0, max: 0 },
  options: SETTINGS.flatMap(({ name, options }) =>
    name === "color" ? [] : options.map((option) => ({
      name: option.name,
      type: option.standsFor !== undefined
        ? "boolean" as const
        : option.name === "workers"
        ? "number" as const
        : "string" as const,
      description: "",
    }))
  ),
  examples: [],
  run: () => Promise.resolve(0),
};

function argumentsOf(words: readonly string[]): CommandArguments {
  return parseCommandLine(EVERY_OPTION, words);
}

function fileOf(setting: Setting, text: string): ConfigFile {
  return {
    path: "/c.jsonc",
    values: new Map([[setting.name, valueOf(setting, text)]]),
    places: new Map([[setting.name, "3:5"]]),
  };
}

for (const setting of SETTINGS) {
  Deno.test(`Config.resolve() ${setting.name}: option, environment, plan, file, default, in this order`, () => {
    const [first = "", second = "", third = "", fourth = ""] = texts(setting);
    const isOption = setting.options.some((each) => each.standsFor === undefined || each.standsFor === first);
    const all: ConfigSources = {
      args: saying(setting, first),
      env: { [setting.variable]: second },
      file: fileOf(setting, fourth),
    };
    const plan: PlanValue<unknown> | undefined = setting.inPlan
      ? { value: valueOf(setting, third), path: "/p/omk.jsonc" }
      : undefined;
    const without = (sources: Partial<ConfigSources>) => new Config({ ...all, ...sources });
    const none = argumentsOf([]);
    if (isOption) {
      const { value, source } = without({}).resolve(setting, plan);
      assertEquals([value, source], [valueOf(setting, first), "option"]);
    }
    assertEquals(without({ args: none }).resolve(setting, plan), {
      value: valueOf(setting, second),
      source: "environment",
      origin: setting.variable,
    });
    if (plan !== undefined) {
      assertEquals(without({ args: none, env: {} }).resolve(setting, plan), {
        value: valueOf(setting, third),
        source: "plan",
        origin: "/p/omk.jsonc",
      });
    }
    assertEquals(without({ args: none, env: {} }).resolve(setting), {
      value: valueOf(setting, fourth),
      source: "file",
      origin: "/c.jsonc:3:5",
    });
    assertEquals(without({ args: none, env: { [setting.variable]: "" }, file: null }).resolve(setting), {
      value: setting.fallback,
      source: "default",
      origin: null,
    });
    // A value that is none of the setting is never guessed at.
    const bad = { [setting.variable]: "\0" };
    assertThrows(() => new Config({ args: none, env: bad, file: null }), UsageError, setting.variable);
    assertEquals(setting.kind.ofJson([]), undefined);
  });
}

Deno.test("Config.resolve() refuses options that exclude each other, and values that are none", () => {
  const of = (words: readonly string[]) => new Config({ args: argumentsOf(words), env: {}, file: null });
  assertThrows(
    () => of(["--quiet", "--verbose"]).value(VERBOSITY),
    UsageError,
    "Options --quiet and --verbose exclude each other; give one of them",
  );
  assertThrows(
    () => of(["--workers", "0"]).value(WORKERS),
    UsageError,
    'Option --workers must be a whole number from 1 to 1024: "0" is none; it says how many tasks run at once',
  );
});

Deno.test("planSettings() puts options and variables over the plan, and the file under it", () => {
  const config = new Config({
    args: argumentsOf(["--workers", "7"]),
    env: { OMK_DURABILITY: "none" },
    file: {
      path: "/c",
      values: new Map<string, unknown>([["workers", 2], ["on_failure", "kill"]]),
      places: new Map(),
    },
  });
  assertEquals(planSettings(config), {
    overrides: { workers: 7, durability: "none" },
    defaults: { workers: 2, on_failure: "kill", durability: "batch" },
  });
});

Deno.test("SETTINGS name only options that commands have, with the values that those take", async () => {
  const { COMMON_OPTIONS } = await import("../../../src/cli/command.ts");
  const commands = await Promise.all(COMMANDS.map((entry) => entry.load()));
  for (const setting of SETTINGS) {
    const names = setting.commands === "all" ? [] : setting.commands.split(", ");
    for (const { name } of setting.options) {
      const specs = [
        ...commands.filter((command) => names.includes(command.name) && command.name !== "doctor"),
      ].map((command) => command.options.find((option) => option.name === name));
      const found = names.length === 0 ? [COMMON_OPTIONS.find((option) => option.name === name)] : specs;
      for (const spec of found) {
        assertEquals(spec?.name, name, `${setting.name}: --${name}`);
        if (spec?.choices !== undefined) assertEquals(spec.choices, setting.kind.choices);
      }
    }
  }
});
