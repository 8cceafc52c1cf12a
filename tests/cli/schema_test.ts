import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
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
  const write = () => callCommand(schemaCommand, ["--write"], place);
  assertStringIncludes((await write()).stdout, "write a plan with omk init");
  const plan = `${place.cwd}/omk.jsonc`;
  const text = '// mine\n{\n  /* first */ "tasks": [{ "id": "a", "run": "true" }], // kept\n}\n';
  await Deno.writeTextFile(plan, text);
  assertStringIncludes((await write()).stdout, "names it now");
  const written = await Deno.readTextFile(plan);
  const added = /\s*"\$schema": "\.\/\.omk\/plan\.schema\.json",/;
  assertMatch(written, added);
  assertEquals(written.replace(added, "").replaceAll(/\s+/g, ""), text.replaceAll(/\s+/g, ""));
  assertEquals((await write()).stdout.includes("names it now"), false);
  assertEquals(await Deno.readTextFile(plan), written);
  const loaded = await loadPlan({ text: written, path: plan, env: {}, redact: (each) => each });
  assert(loaded.ok, "a plan with the line can be loaded");
  await Deno.writeTextFile(plan, '{ "$schema": "./other.json", "tasks": [] }');
  assertStringIncludes((await write()).stdout, "names another schema");
  assertEquals(JSON.parse(await Deno.readTextFile(`${place.cwd}/.omk/plan.schema.json`)).title, "omk plan");
});
