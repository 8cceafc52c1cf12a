import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { configPath, readConfigFile } from "../../../src/cli/config/config_file.ts";
import { describeUnknown, unknownVariables } from "../../../src/cli/config/environment.ts";
import { ConfigError } from "../../../src/cli/config/errors.ts";
import { SETTINGS } from "../../../src/cli/config/settings.ts";
import { configJsonSchema } from "../../../src/cli/schema/config.ts";
import { UsageError } from "../../../src/errors.ts";

async function withFile<T>(text: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile({ suffix: ".jsonc" });
  try {
    await Deno.writeTextFile(path, text);
    return await use(path);
  } finally {
    await Deno.remove(path);
  }
}

/** The problems of a text as `line:column: message; hint`. */
async function problemsOf(text: string): Promise<readonly string[]> {
  return await withFile(text, async (path) => {
    const error = await assertRejects(() => readConfigFile(path), ConfigError);
    assertEquals(error.exitCode, 2);
    assert(error.message.includes(path));
    return error.problems.map(({ line, column, message, hint }) =>
      `${line}:${column}: ${message}${hint === undefined ? "" : `; ${hint}`}`
    );
  });
}

Deno.test("configPath() follows XDG_CONFIG_HOME, then HOME, and is none without them", () => {
  assertEquals(configPath({ XDG_CONFIG_HOME: "/x", HOME: "/h" }), "/x/omk/config.jsonc");
  assertEquals(configPath({ XDG_CONFIG_HOME: "relative", HOME: "/h" }), "/h/.config/omk/config.jsonc");
  assertEquals(configPath({ HOME: "" }), undefined);
});

Deno.test("readConfigFile() reads comments, an empty file, and none at all", async () => {
  assertEquals(await readConfigFile("/nowhere/omk/config.jsonc"), null);
  for (const text of ["", " // nothing yet\n", "{}"]) {
    assertEquals((await withFile(text, readConfigFile))?.values.size, 0);
  }
  const text =
    '\uFEFF{\n  // mine\n  "$schema": "https://example.com/s.json",\n  "workers": 8, "keep": "2d",\n}';
  const file = await withFile(text, readConfigFile);
  assertEquals(file?.values.get("workers"), 8);
  assertEquals(file?.places.get("keep"), "4:17");
});

Deno.test("P10: readConfigFile() tells all problems at once, each with its place and the nearest name", async () => {
  const bad = `{
  "workrs": 3,
  "color": "alway",
  "workers": "8",
  "keep": 3,
  "worktree_dir": "trees",
  "workers": 2000
}`;
  assertEquals(await problemsOf(bad), [
    '2:3: unknown setting "workrs"; did you mean "workers"?',
    '3:12: "color" must be one of auto, always, never, not "alway"; did you mean "always"?',
    '5:11: "keep" must be an age such as 30d, 12h or 0, not 3',
    '6:19: "worktree_dir" must be an absolute path, or one that begins with ~/, not "trees"',
    '7:3: the field "workers" is given twice; keep one of the two',
    '7:14: "workers" must be a whole number from 1 to 1024, not 2000',
  ]);
  const agents = `{
  "agents": {
    "claude": { "modle": "opus", "silence_secs": -1 },
    "mine": { "driver": "stream" },
    "kimi": "fast"
  }
}`;
  assertEquals(await problemsOf(agents), [
    '2:13: "agents" must be agents by name, such as ' +
    '{"mine": {"command": ["my-agent", "--print"]}}, not {"claude":{"modle":"opus","silence_secs":-1},"mine":{"driver',
  ]);
  assertEquals(await problemsOf(agents.replace('"fast"', "{}")), [
    '3:17: unknown field "modle"; did you mean "model"?',
    '3:50: "agents.claude.silence_secs" must be greater than 0',
  ]);
  assertEquals(await problemsOf('{"agents": {"mine": {"driver": "stream"}, "kimi": {}}}'), [
    '1:21: agent "mine" has no command; give it "command", or a "preset" that it is a variant of',
  ]);
  assertEquals(await problemsOf('{"workers": 3'), ['1:14: a "}" is missing here']);
  assertEquals(await problemsOf("[1]"), ["1:1: the configuration must be an object: { … }"]);
  assertEquals(await problemsOf('{"__proto__": 1}'), [
    '1:2: a field cannot be named "__proto__"',
  ]);
});

Deno.test("P10: readConfigFile() fails closed where the file cannot be read", async () => {
  const directory = await Deno.makeTempDir();
  const error = await assertRejects(() => readConfigFile(directory), UsageError);
  assertStringIncludes(error.message, `Cannot read the configuration (${directory})`);
  await Deno.remove(directory);
});

Deno.test("unknownVariables() knows the settings and what omk gives its tasks, and nothing else", async () => {
  const settings = Object.fromEntries(SETTINGS.map(({ variable }) => [variable, "x"]));
  const env = { ...settings, OMK_RUN_ID: "r", OMK_MARK: "m", OMK_WORKER: "3", OMK_ZZZZ: "", HOME: "/" };
  assertEquals(unknownVariables(env), ["OMK_WORKER", "OMK_ZZZZ"]);
  assertEquals(
    await describeUnknown("OMK_WORKER"),
    "Unknown variable OMK_WORKER: it changes nothing; did you mean OMK_WORKERS?",
  );
  assertStringIncludes(await describeUnknown("OMK_ZZZZ"), "omk help environment lists them");
});

Deno.test("configJsonSchema() accepts what the settings accept, and refuses other keys", () => {
  const schema = configJsonSchema();
  assertEquals(schema.additionalProperties, false);
  const properties = schema.properties as Readonly<Record<string, { readonly description?: string }>>;
  assertEquals(Object.keys(properties).sort(), ["$schema", ...SETTINGS.map(({ name }) => name)].sort());
  for (const { name, meaning } of SETTINGS) assertEquals(properties[name]?.description, meaning);
});

Deno.test("P10: prices are strict: whole entries, amounts from 0 on, and nothing else", async () => {
  const good = '{ "prices": { "m": { "input": 2, "output": 10, "cached_input": 0 } } }';
  const file = await withFile(good, readConfigFile);
  assertEquals(file?.values.get("prices"), { m: { input: 2, output: 10, cached_input: 0 } });
  for (
    const bad of [
      "[]",
      '{ "m": 2 }',
      '{ "m": { "input": 2 } }',
      '{ "m": { "input": 2, "output": -1 } }',
      '{ "": {} }',
      '{ "m": { "input": 1, "output": 1, "cache": 1 } }',
    ]
  ) {
    const problems = await problemsOf(`{\n  "prices": ${bad}\n}`);
    assertEquals(problems.map((each) => each.slice(0, 47)), [
      '2:13: "prices" must be prices for a million tok',
    ], bad);
  }
});
