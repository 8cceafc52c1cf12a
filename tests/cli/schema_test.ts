import { assert, assertEquals, assertRejects } from "@std/assert";
import { schemaCommand } from "../../src/cli/commands/schema.ts";
import { errorDocument } from "../../src/cli/render/error_document.ts";
import { SCHEMAS } from "../../src/cli/schema/catalog.ts";
import { errorSchema } from "../../src/cli/schema/error.ts";
import { OmkError, UsageError } from "../../src/errors.ts";
import { KINDS } from "../../src/log/kinds.ts";
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
  await callCommand(schemaCommand, ["plan", "--write", "plan.json"], place);
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
    () => callCommand(schemaCommand, ["plan", "--write", "no/p.json"], place),
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
