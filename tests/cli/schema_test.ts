import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { parse } from "@std/jsonc";
import { Ajv } from "ajv";
import { initCommand } from "../../src/cli/commands/init.ts";
import { schemaCommand } from "../../src/cli/commands/schema.ts";
import { errorDocument } from "../../src/cli/render/error_document.ts";
import { COMMANDS } from "../../src/cli/registry.ts";
import { SCHEMAS } from "../../src/cli/schema/catalog.ts";
import { errorSchema } from "../../src/cli/schema/error.ts";
import { OmkError, UsageError } from "../../src/errors.ts";
import { KINDS } from "../../src/log/kinds.ts";
import { loadPlan } from "../../src/plan/load.ts";
import { callCommand, PlainPlace } from "./fixture.ts";

Deno.test("omk schema prints each schema, and all of them as one object", async () => {
  const place = { cwd: "/" };
  const all = JSON.parse((await callCommand(schemaCommand, ["--all"], place)).stdout);
  assertEquals(Object.keys(all), SCHEMAS.map((entry) => entry.name));
  for (const { name } of SCHEMAS) {
    const one = JSON.parse((await callCommand(schemaCommand, [name], place)).stdout);
    assertEquals(one, all[name]);
    assert(typeof one.$schema === "string", name);
  }
});

Deno.test("omk schema events has a variant for each kind of the table", async () => {
  const { stdout } = await callCommand(schemaCommand, ["events", "--json"], { cwd: "/" });
  const variants: { properties: { kind: { const: string } } }[] = JSON.parse(stdout).oneOf;
  assertEquals(variants.map((each) => each.properties.kind.const), Object.keys(KINDS));
});

Deno.test("omk schema writes to a file, lists the schemas, and knows what was probably meant", async () => {
  await using place = await PlainPlace.make();
  await callCommand(schemaCommand, ["plan", "--file", "plan.json"], place);
  assertEquals(JSON.parse(await Deno.readTextFile(`${place.cwd}/plan.json`)).title, "omk plan");
  const { stdout } = await callCommand(schemaCommand, [], place);
  assertEquals(stdout.split("\n").length, SCHEMAS.length + 1);
  await assertRejects(() => callCommand(schemaCommand, ["plna"], place), UsageError, "did you mean plan?");
  await assertRejects(
    () => callCommand(schemaCommand, ["plan", "--all"], place),
    UsageError,
    "does not go with",
  );
  await assertRejects(
    () => callCommand(schemaCommand, ["plan", "--file", "no/p.json"], place),
    OmkError,
    "No such file",
  );
});

Deno.test("errorDocument() follows its published schema", () => {
  for (
    const error of [new UsageError({ what: "A", where: "b", why: "c", fix: "d" }), new Error("x"), "text"]
  ) {
    errorSchema.parse(JSON.parse(JSON.stringify(errorDocument(error, 2))));
  }
});

Deno.test("every command has a published schema for what it prints with --json", () => {
  const described = new Set(SCHEMAS.flatMap(({ commands = [] }) => commands));
  assertEquals(COMMANDS.map(({ name }) => name).filter((name) => !described.has(name)), []);
  assertEquals([...described].filter((name) => !COMMANDS.some((each) => each.name === name)), []);
});

Deno.test("omk schema --write sets up editors, twice with the same result, and changes nothing else in a plan", async () => {
  await using place = await PlainPlace.make();
  const write = async () => (await callCommand(schemaCommand, ["--write"], place)).stdout;
  assertStringIncludes(await write(), "write a plan with omk init");
  const plan = `${place.cwd}/omk.jsonc`;
  const line = '"$schema": "./.omk/plan.schema.json"';
  const texts = [
    '// mine {\n{\n  /* first */ "tasks": [{ "id": "a", "run": "true" }], // kept\n}\n',
    '\ufeff{\r\n  "tasks": [{ "id": "a", "run": "true" }]\r\n}\r\n',
    '{ "tasks": [{ "id": "a", "run": "true" }] }',
  ];
  for (const text of texts) {
    await Deno.writeTextFile(plan, text);
    assertStringIncludes(await write(), `names it now: ${line}`);
    // Read as bytes: a byte order mark must stay.
    const written = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await Deno.readFile(plan));
    assertEquals(written.replace(`${line},`, "").replaceAll(/[ \r\n]/g, ""), text.replaceAll(/[ \r\n]/g, ""));
    assertEquals(await write(), `${place.cwd}/.omk/plan.schema.json is up to date\n  ${plan} names it\n`);
    assertEquals(new TextDecoder("utf-8", { ignoreBOM: true }).decode(await Deno.readFile(plan)), written);
    const loaded = await loadPlan({ text: written, path: plan, env: {}, redact: (each) => each });
    assert(loaded.ok, "a plan with the line can be loaded");
  }
  assertEquals(JSON.parse(await Deno.readTextFile(`${place.cwd}/.omk/plan.schema.json`)).title, "omk plan");
});

Deno.test("omk schema --write leaves alone what is not its own", async () => {
  await using place = await PlainPlace.make();
  const write = async () => (await callCommand(schemaCommand, ["--write"], place)).stdout;
  const plan = `${place.cwd}/omk.jsonc`;
  const untouched: readonly [text: string, told: string][] = [
    ['{ "$schema": "./other.json", "tasks": [] }', "names another schema"],
    ['{ "tasks": [], "$schema": "./other.json" }', "names another schema"],
    ['{ "tasks": [], }, }', "is not JSON yet"],
    ["[]", "is not JSON yet"],
    ["", "is not JSON yet"],
  ];
  for (const [text, told] of untouched) {
    await Deno.writeTextFile(plan, text);
    assertStringIncludes(await write(), told);
    assertEquals(await Deno.readTextFile(plan), text);
  }
  const schema = `${place.cwd}/.omk/plan.schema.json`;
  await Deno.writeTextFile(schema, "mine");
  await assertRejects(write, UsageError, "there is a file that omk did not write");
  assertEquals(await Deno.readTextFile(schema), "mine");
  await Deno.writeTextFile(schema, '{ "title": "omk plan" }');
  assertStringIncludes(await write(), "Wrote");
});

Deno.test("the schema of a plan accepts what omk accepts, and offers nothing that it refuses", async () => {
  const { stdout } = await callCommand(schemaCommand, ["plan"], { cwd: "/" });
  const schema = JSON.parse(stdout);
  const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);
  const wrong = (fields: object) => ({ tasks: [{ id: "a", run: "true", ...fields }] });
  const task = { id: "a", run: "true" };
  const plans: readonly (readonly [plan: object, ok: boolean])[] = [
    [{ $schema: "x", version: 1, tasks: [task], gate_each: "off" }, true],
    [{ tasks: [{ ...task, env: { A: { from: "HOME" } }, gates: [{ name: "g", command: ["x"] }] }] }, true],
    [
      { tasks: [task], budget: { time: "1h30m" }, pools: { db: 1 }, watchdog: { heartbeat_stale_secs: 90 } },
      true,
    ],
    [{ defaults: { timeout_secs: 3, retry_policy: { max_attempts: 1 } }, tasks: [task] }, true],
    [{}, false],
    [{ tasks: [] }, false],
    [{ tasks: [{ run: "x" }] }, false],
    [{ tasks: [{ ...task, id: "a/b" }] }, false],
    [{ tasks: [task], gate_each: "merge" }, false],
    [{ tasks: [task], budget: { time: "soon" } }, false],
    [{ tasks: [task], gates: [{ name: "g" }] }, false],
    [wrong({ rnu: 1 }), false],
    [wrong({ timeout_secs: "60" }), false],
    [wrong({ isolation: "x" }), false],
    [wrong({ dependencies: ["b", "b"] }), false],
    [wrong({ attempts: { parallel: 2, pick: "smallest-diff" } }), true],
    [wrong({ attempts: { parallel: 1 } }), false],
    [wrong({ attempts: 3 }), false],
  ];
  for (const [plan, ok] of plans) {
    const text = JSON.stringify(plan);
    const loaded = await loadPlan({ text, path: "omk.jsonc", env: { HOME: "/" }, redact: (each) => each });
    assertEquals([validate(plan), loaded.ok], [ok, ok], text);
  }
});

Deno.test("omk init writes a plan that its own schema accepts", async () => {
  await using place = await PlainPlace.make();
  await callCommand(initCommand, [], place);
  const { stdout } = await callCommand(schemaCommand, ["plan"], place);
  const validate = new Ajv({ strict: false }).compile(JSON.parse(stdout));
  validate(parse(await Deno.readTextFile(`${place.cwd}/omk.jsonc`)));
  assertEquals(validate.errors, null);
});
